"""Checks blocks against the schema, in order: every cell by itself, and everything counted."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from dropscore.domain.catalogue import problem
from dropscore.domain.errors import Rejected
from dropscore.domain.problems import Severity
from dropscore.domain.rules import Rules
from dropscore.domain.schema import Field, Type
from dropscore.table.arrays import among, begins_as, lengths, matches, nulled
from dropscore.table.doubt import Doubt
from dropscore.table.faults import Fault
from dropscore.table.findings import Collector
from dropscore.table.footers import is_footer, totals_between
from dropscore.table.judge import Judged, judge
from dropscore.table.records import Block, Cells, Checked, Findings, Mask
from dropscore.table.source import Source
from dropscore.table.unique import Seen

_CONTROLS = "(?s:.*[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f\\x{80}-\\x{9f}].*)"
_MARK = "(?s:.*\\x{FEFF}.*)"
_UNNAMED = re.compile(r"\(column [A-Z]+\)")
Repeated = Callable[[Block, str, Judged, Mask], list[Fault]]
_FOOTERS = 5
"""How many records at the end of the file may be totals and footers."""


class Checker:
    """Checks the blocks of one source, one pass. A second pass needs a second checker."""

    def __init__(self, source: Source, rules: Rules) -> None:
        self._source, self._rules = source, rules
        self._fields: dict[str, Field] = {
            column.name: column.field for column in source.columns if column.field is not None
        }
        self._names = [column.name for column in source.columns]
        self._collector = Collector(self._names, rules.language, source.first_column)
        self._seen = {name: Seen(source.scratch) for name, field in self._fields.items() if field.unique}
        self._doubt = Doubt(source, rules)
        self._next = 0

    def check(self, block: Block) -> Checked:
        """Return the typed rows of a block, what is bad in it, and what a workbook shows of it."""
        if block.start != self._next:
            raise ValueError(f"block at {block.start} checked where {self._next} was due")
        self._next += len(block)
        checked, faults = self._examined(block, self._repeated)
        self._doubt.look(block, faults)
        self._collector.add(block, faults)
        bad_cells = sum(int(np.count_nonzero(mask)) for mask in checked.bad.values())
        self._collector.count(len(block), int(np.count_nonzero(checked.bad_rows)), bad_cells)
        return checked

    @property
    def each_alone(self) -> bool:
        """Return whether no block's judgement needs another's: then they may be checked in several processes."""
        return not self._seen

    def clean(self, block: Block) -> Checked | None:
        """Return what `check` would, of a block in which there is nothing to say, whenever its turn is; else None.

        Only where `each_alone`. When its turn comes, `pass_by` stands for its check.
        """
        checked, faults = self._examined(block, lambda *_: [])
        return None if faults else checked

    def pass_by(self, rows: int) -> None:
        """Count a block that was found clean."""
        self._next += rows
        self._collector.count(rows, 0, 0)

    def _examined(self, block: Block, repeated: Repeated) -> tuple[Checked, list[tuple[str | None, Fault]]]:
        of_rows = self._row_faults(block)
        aside = block.ragged.copy()
        for fault in of_rows:
            aside[fault.where] = True
        faults: list[tuple[str | None, Fault]] = [(None, fault) for fault in of_rows]
        judged = {name: judge(block.text[name], field, aside) for name, field in self._fields.items()}
        bad: dict[str, Mask] = {}
        bad_rows = aside
        for name in self._names:
            found = self._odd_cells(block, name, aside)
            if name in judged:
                found += judged[name].faults + repeated(block, name, judged[name], aside)
            if found:
                settled, mask = _settled(found, len(block))
                faults += [(name, fault) for fault in settled]
                if mask.any():
                    bad[name] = mask
                    bad_rows = bad_rows | mask
        none = np.zeros(len(block), dtype=bool)
        typed = {self._fields[name].name: one.typed(bad.get(name, none)) for name, one in judged.items()}
        return Checked(typed, bad_rows, bad, lambda: self._cells(block, judged, bad)), faults

    def findings(self) -> Findings:
        """Return what was found in all blocks so far."""
        return self._collector.findings(self._source.warnings)

    def _cells(self, block: Block, judged: dict[str, Judged], bad: dict[str, Mask]) -> dict[str, Cells]:
        none = np.zeros(len(block), dtype=bool)
        shown = {}
        for name in self._names:
            if name in judged:
                shown[name] = judged[name].cells(bad.get(name, none))
            elif name in block.values:
                shown[name] = block.values[name]
            else:
                text = block.text[name]
                shown[name] = Cells(None, nulled(text, lengths(text) == 0))
        return shown

    def _repeated(self, block: Block, name: str, judged: Judged, aside: Mask) -> list[Fault]:
        if name not in self._seen:
            return []
        keys = nulled(judged.keys(), aside)
        firsts = self._seen[name].repeated(keys, block.rows)
        where = np.array(sorted(firsts), np.int64)
        return [Fault("duplicate-value", where, firsts=firsts)] if len(where) else []

    def _odd_cells(self, block: Block, name: str, aside: Mask) -> list[Fault]:
        if not self._source.odd:
            return []
        faults = []
        for code, pattern in (("stray-mark", _MARK), ("control-character", _CONTROLS)):
            where = np.flatnonzero(matches(block.text[name], pattern) & ~aside)
            if len(where):
                faults.append(Fault(code, where))
        return faults

    def _row_faults(self, block: Block) -> list[Fault]:
        """Return the rows that are no records, each with one cause."""
        width = len(self._names)
        more = {"expected_cells": str(width)}
        footers = self._totals(block)
        causes: dict[str, list[int]] = {"total-row": footers}
        for place, cells in block.stray.items():
            if place not in footers:
                blank = not any(cell.strip() for cell in cells)
                code = "blank-line" if blank else "too-few-cells" if len(cells) < width else "too-many-cells"
                causes.setdefault(code, []).append(place)
        known = np.zeros(len(block), dtype=bool)
        known[footers] = True
        for code, mask in (("repeated-header", self._headers(block)), ("blank-line", self._blank(block))):
            if mask is not None and (mask & ~known).any():
                causes.setdefault(code, []).extend(np.flatnonzero(mask & ~known).tolist())
        return [Fault(code, np.array(sorted(places), np.int64), more) for code, places in causes.items() if places]

    def _footers(self, block: Block) -> list[int]:
        """Return the last records of the file that are totals, footers or blank lines between these."""
        first = max(0, self._source.rows - _FOOTERS - block.start)  # they may begin at the end of the block before
        found: list[int] = []
        for place in range(len(block) - 1, first - 1, -1):
            cells = block.stray.get(place) or [block.text[name][place].as_py() or "" for name in self._names]
            if not is_footer(cells) or self._is_value(cells):
                break
            found.append(place)
        return found

    def _totals(self, block: Block) -> list[int]:
        """Return the rows that are totals: the last ones of the file, and sparse ones between the others."""
        found = self._footers(block)
        for place in totals_between(block.text, block.ragged).tolist():
            cells = [block.text[name][place].as_py() or "" for name in self._names]
            if place not in found and not self._is_value(cells):
                found.append(place)
        return found

    def _is_value(self, cells: Sequence[str]) -> bool:
        """Return whether the word for a total is one of the column's own."""
        first = next((at for at, cell in enumerate(cells) if cell.strip()), 0)
        field = self._fields.get(self._names[first]) if first < len(self._names) else None
        return field is not None and cells[first] in field.enum

    def _headers(self, block: Block) -> Mask | None:
        """Return the rows that hold names of columns only. Raises Rejected where these stand in another order."""
        mask = np.ones(len(block), dtype=bool)
        for name in self._names:
            if not _UNNAMED.fullmatch(name):
                mask &= begins_as(block.text[name], self._names)
            if not mask.any():
                return None
            mask &= among(block.text[name], ["", *self._names] if _UNNAMED.fullmatch(name) else self._names)
            if not mask.any():
                return None
        named = [name for name in self._names if not _UNNAMED.fullmatch(name)]
        for place in np.flatnonzero(mask).tolist():
            cells = [block.text[name][place].as_py() for name in named]
            if cells != named and set(cells) == set(named):
                row, line = int(block.rows[place]), int(block.lines[place]) or None
                found = ", ".join(cells)
                raise Rejected([problem("repeated-header", self._rules.language, row=row, line=line, found=found)])
            mask[place] = cells == named
        return mask

    def _blank(self, block: Block) -> Mask | None:
        """Return the records of delimiters alone, where they cannot be records: some column must be filled."""
        if all(field.type is Type.STRING and not field.enum for field in self._fields.values()):
            ruled = self._ruled(block)
            if ruled is not None:
                return ruled
        required = [name for name, field in self._fields.items() if field.required]
        if not required:
            return None
        mask = ~block.ragged
        for name in [*required, *self._names]:
            mask = mask & (lengths(block.text[name]) == 0)
            if not mask.any():
                return None
        return mask

    def _ruled(self, block: Block) -> Mask | None:
        """Return the rows of dashes alone, as some programs rule a table. Where numbers are due, these tell."""
        mask = ~block.ragged
        for name in self._names:
            mask = mask & matches(block.text[name], "[-=_]{2,}")
            if not mask.any():
                return None
        return mask


def _settled(faults: Sequence[Fault], rows: int) -> tuple[list[Fault], Mask]:
    """Return the faults with each cell in one of them, the first, and the bad cells. Warnings make no cell bad."""
    bad = np.zeros(rows, dtype=bool)
    settled = []
    for fault in faults:
        where = fault.where[~bad[fault.where]]
        if len(where):
            settled.append(replace(fault, where=where))
            if fault.severity is Severity.ERROR:
                bad[where] = True
    return settled, bad
