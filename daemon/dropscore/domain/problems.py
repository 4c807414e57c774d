"""One thing wrong with the data, at a place."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """An error keeps a row, or the whole file, from being scored. A warning is only said."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """Where, found, expected, do this.

    `row` is counted as a spreadsheet counts (the first record of the file is row 1); `line` is the line of
    the text, which differs once a cell holds a line break. `cell` is the spreadsheet's address, `C17`.
    """

    code: str
    row: int | None = None
    line: int | None = None
    column: str | None = None
    cell: str | None = None
    found: str | None = None
    expected: str | None = None
    hint: str | None = None
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True)
class ProblemGroup:
    """Problems with one cause, counted: "4,812 cells of *income* use a decimal comma: …"."""

    code: str
    column: str | None
    count: int
    sentence: str
    hint: str
    severity: Severity = Severity.ERROR
    rows: tuple[int, ...] = ()
    """The first few rows, for a reader who wants to look."""
