"""What a workbook is told: its columns and what its first sheet says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from dropscore.domain.jobs import Verdict
from dropscore.receipt import Counts

SHEET_ROWS = 1_048_576
"""Rows of a sheet, the header among them."""
SHEET_COLUMNS = 16_384
CELL_LIMIT = 32_767
"""Characters of a cell, as Excel counts them: UTF-16 code units."""


class Kind(StrEnum):
    """What a column's cells are, so that an edit keeps them so: a text stays `00123`."""

    TEXT = "text"
    NUMBER = "number"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"


class Role(StrEnum):
    """Where a column comes from: the model's input, a column it does not know, its prediction, or what moved that."""

    INPUT = "input"
    EXTRA = "extra"
    OUTPUT = "output"
    REASON = "reason"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the big sheet. `name` is the header as it came, and the key of the cells poured."""

    name: str
    kind: Kind = Kind.TEXT
    role: Role = Role.INPUT
    title: str = ""
    description: str = ""
    enum: tuple[str, ...] = ()
    required: bool = False
    probability: bool = False
    """A number from 0 to 1: shown per cent, with a data bar, and in ten bins on the chart."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", Kind(self.kind))
        object.__setattr__(self, "role", Role(self.role))
        object.__setattr__(self, "enum", tuple(self.enum))


@dataclass(frozen=True, slots=True)
class Summary:
    """What the first sheet says, in the reader's language. Times are strings in the reader's zone."""

    verdict: Verdict
    sentence: str
    todo: str
    name: str
    """The drop's name, for people."""
    code: str
    route: str
    model: str
    counts: Counts
    times: tuple[tuple[str, str], ...] = ()
    """Label and moment, in the order of what happened."""
    notices: tuple[str, ...] = ()
    drift: tuple[str, ...] = ()
    """How the rows differ from those that the model was trained on."""


@dataclass(frozen=True, slots=True)
class Written:
    """What became of the cells: a workbook that could not hold something says so, and so must the receipt."""

    rows: int = 0
    cut_cells: int = 0
    """Cells longer than Excel allows."""
    replaced_characters: int = 0
    """Characters that XML forbids, shown as U+FFFD."""


def checked_columns(columns: Sequence[Column]) -> tuple[Column, ...]:
    """Return the columns as a tuple. ValueError if a sheet cannot hold them, or two have the same name."""
    found = tuple(columns)
    if not 0 < len(found) <= SHEET_COLUMNS:
        raise ValueError(f"a sheet holds 1 to {SHEET_COLUMNS} columns, not {len(found)}")
    names = [column.name for column in found]
    if len(set(names)) != len(names):
        raise ValueError(f"columns named twice: {sorted({name for name in names if names.count(name) > 1})}")
    return found
