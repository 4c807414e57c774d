"""What one block becomes, made without anything that another block leaves behind: here or in another process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from dropscore import actuals, table, workbook
from dropscore import bundle as bundles
from dropscore.domain.rules import Format
from dropscore.pipeline.explaining import Reasons

Timed = Callable[[str], AbstractContextManager[None]]
Poured = dict[Format, Any]
"""A block in each format that the route asks for, as that format's file takes it."""


@dataclass(frozen=True, slots=True)
class Portion:
    """The good rows of a block, scored and poured."""

    rows: int
    """Of the whole block."""
    poured: Poured
    profile: bundles.ProfileBuilder
    unanswered: int = 0
    """Rows for which the model gave no number."""
    scored: int = 0
    kept: pa.Table | None = None
    """What is kept of the predictions, where the route keeps any."""


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """The good rows of a block, as the model wants them."""

    block: table.Block
    checked: table.Checked
    rows: int
    mask: pa.Array | None
    """Which rows of the block; None: all."""
    typed: dict[str, pa.Array]


def choose(block: table.Block, checked: table.Checked) -> Chosen | None:
    """Return the good rows; None if there are none."""
    good = ~checked.bad_rows
    rows = int(good.sum())
    if not rows:
        return None
    mask = None if rows == len(block) else pa.array(good)
    typed = bundles.encoded({name: kept(column, mask) for name, column in checked.typed.items()})
    return Chosen(block, checked, rows, mask, typed)


def untimed(step: str) -> AbstractContextManager[None]:
    return nullcontext()


@dataclass(frozen=True, slots=True)
class Maker:
    """All that is needed to make a portion, but the model. It may be pickled."""

    columns: dict[str, workbook.Column]
    """By key: the file's own by name, the model's by `output:NAME`, what moved them by `reason:1` and so on."""
    pourers: dict[Format, Any]
    typed: dict[str, str]
    """Parquet's columns of checked values: the name in the file -> the schema's."""
    keeper: actuals.Keeper | None = None
    reasons: Reasons | None = None
    """None: the route asks for none."""

    def portion(
        self, loaded: bundles.Bundle, chosen: Chosen, outputs: Mapping[str, pa.Array], seen: int, timed: Timed = untimed
    ) -> Portion:
        """Pour rows with the model's answers. `seen`: good rows before this block."""
        profile = bundles.ProfileBuilder(loaded.schema, loaded.outputs, seen)
        with timed("profile"):
            profile.add(chosen.typed, outputs)
        shown = {self.columns[f"output:{name}"].name: values for name, values in outputs.items()}
        if self.reasons is not None:
            with timed("explain"):
                told = self.reasons.of(loaded, chosen.typed, outputs)
            shown |= {self.columns[f"reason:{number}"].name: values for number, values in enumerate(told, start=1)}
        with timed("pour"):
            poured = self._poured(chosen, shown)
        unanswered = max((values.null_count for values in outputs.values()), default=0)
        with timed("keep"):
            kept_ = self._kept(chosen, outputs)
        return Portion(len(chosen.block), poured, profile, unanswered, chosen.rows, kept_)

    def _kept(self, chosen: Chosen, outputs: Mapping[str, pa.Array]) -> pa.Table | None:
        if self.keeper is None:
            return None
        keys = kept(chosen.block.text[self.keeper.column], chosen.mask)
        return self.keeper.kept(keys, chosen.block.rows[~chosen.checked.bad_rows], chosen.typed, outputs)

    def _poured(self, chosen: Chosen, answers: Mapping[str, pa.Array]) -> Poured:
        block, checked, mask = chosen.block, chosen.checked, chosen.mask
        found: Poured = {}
        if set(self.pourers) - {Format.PARQUET}:
            cells = {name: (kept(both.numbers, mask), kept(both.texts, mask)) for name, both in checked.cells.items()}
            for name, values in answers.items():
                number = pa.types.is_floating(values.type)
                cells[name] = (values.cast(pa.string()), None) if number else (None, values)
            for form, pourer in self.pourers.items():
                if form is Format.XLSX:
                    found[form] = pourer.pour(cells, chosen.rows, block.rows[~checked.bad_rows])
                elif form is Format.CSV:
                    found[form] = pourer.pour(cells, chosen.rows)
        if Format.PARQUET in self.pourers:
            found[Format.PARQUET] = {**self._typed(chosen), **answers}
        return found

    def _typed(self, chosen: Chosen) -> dict[str, pa.Array]:
        found = {}
        for key, column in self.columns.items():
            if column.role is workbook.Role.INPUT:
                found[column.name] = kept(chosen.checked.typed[self.typed[key]], chosen.mask)
            elif column.role is workbook.Role.EXTRA:
                found[column.name] = kept(chosen.block.text[key], chosen.mask)
        return found


def kept(values: pa.Array | None, mask: pa.Array | None) -> pa.Array | None:
    return values if values is None or mask is None else values.filter(mask)
