"""Mending in the browser: the bad cells of a text file as a form, and the mended file as a new drop.

The original is read here with the standard library alone, in the way the receipt says it was read. Whatever that
does not explain (workbooks, records of the wrong width, too many cells) is mended in the fix workbook instead.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO

from dropscore.domain.catalogue import CATALOGUE, Scope
from dropscore.domain.errors import Refused
from dropscore.domain.jobs import Verdict
from dropscore.domain.problems import Severity
from dropscore.receipt import ProblemEntry, Receipt

MOST_CELLS = 500
MOST_BYTES = 50_000_000
ID_COLUMN = "_dropscore_row"
_LONGEST_CELL = 10_000_000
_CUT = "…"

csv.field_size_limit(_LONGEST_CELL)


@dataclass(frozen=True, slots=True)
class Cell:
    """One bad cell: where it is, what is in it, what is wrong with it. `key` is its field's name in the form."""

    key: str
    row: int
    column: str
    cell: str
    value: str
    expected: str
    hint: str


def why_not(receipt: Receipt) -> str:
    """Return why a file cannot be mended in the browser; empty where it can."""
    errors = _errors(receipt)
    if receipt.verdict not in (Verdict.REJECTED, Verdict.PARTIAL) or not errors:
        return "There is nothing to mend."
    if receipt.reading.format != "csv" or not receipt.reading.delimiter:
        return "Only text files can be mended here: mend it in the fix workbook."
    if receipt.problems_truncated or len(errors) > MOST_CELLS:
        return "There are too many bad cells to mend here: mend them in the fix workbook."
    if receipt.input.bytes > MOST_BYTES:
        return "The file is too large to be mended here: mend it in the fix workbook."
    cells_only = all(problem.row is not None and problem.column and _scope(problem) is Scope.CELL for problem in errors)
    return "" if cells_only else "Not only cells are wrong: mend it in the fix workbook."


def _scope(problem: ProblemEntry) -> Scope:
    entry = CATALOGUE.get(problem.code)
    return entry.scope if entry else Scope.FILE


def _errors(receipt: Receipt) -> list[ProblemEntry]:
    return [problem for problem in receipt.problems if problem.severity is Severity.ERROR]


def cells_of(receipt: Receipt, source: IO[bytes]) -> list[Cell]:
    """Return the bad cells as they stand in the original.

    Raises:
        Refused: the file does not read here as it did for the check.
    """
    table = _Table(receipt, source)
    wanted: dict[int, list[ProblemEntry]] = {}
    for problem in _errors(receipt):
        wanted.setdefault(problem.row or 0, []).append(problem)
    found: dict[str, Cell] = {}
    for number, record in table.records():
        for problem in wanted.get(number, ()):
            at = table.position(problem.column or "")
            value = record[at] if at < len(record) else ""
            _expect_same(problem, value)
            key = f"{number}-{at}"
            found.setdefault(key, _cell(key, problem, value))
    if len({cell.row for cell in found.values()}) != len(wanted):
        raise Refused(_ANOTHER)
    return sorted(found.values(), key=lambda cell: (cell.row, int(cell.key.split("-")[1])))


_ANOTHER = "The file does not read here as it did for the check: mend it in the fix workbook."


def _cell(key: str, problem: ProblemEntry, value: str) -> Cell:
    place = problem.cell or f"{problem.column} {problem.row}"
    return Cell(key, problem.row or 0, problem.column or "", place, value, problem.expected or "", problem.hint or "")


def _expect_same(problem: ProblemEntry, value: str) -> None:
    told = problem.found
    if told is None or told.endswith(_CUT):
        return
    if told.strip() != value.strip() and told.isprintable() and value.isprintable():
        raise Refused(_ANOTHER)


def mended(receipt: Receipt, source: IO[bytes], edits: Mapping[str, str]) -> bytes:
    """Return the mended file: UTF-8, in the original's dialect, each row with its `_dropscore_row`.

    Of a file whose good rows were scored it holds the rows that were not; of a refused one, all rows.
    `edits` are new cells by key.
    """
    table = _Table(receipt, source)
    only = {problem.row for problem in _errors(receipt)} if receipt.verdict is Verdict.PARTIAL else None
    changes: dict[int, dict[int, str]] = {}
    for key, value in edits.items():
        row, at = _place(key)
        changes.setdefault(row, {})[at] = value
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=table.delimiter, lineterminator="\n")
    # What was mended before and is at fault again has such a column already: its rows get their new names.
    kept = [at for at, name in enumerate(table.header) if name != ID_COLUMN]
    writer.writerow([*(table.header[at] for at in kept), ID_COLUMN])
    for number, record in table.records():
        if only is not None and number not in only:
            continue
        cells = [*record, *[""] * (len(table.header) - len(record))]
        for at, value in changes.get(number, {}).items():
            if at < len(cells):
                cells[at] = value
        writer.writerow([*(cells[at] for at in kept), f"{receipt.code}:{number}"])
    return out.getvalue().encode()


def _place(key: str) -> tuple[int, int]:
    row, _, at = key.partition("-")
    if not (row.isdigit() and at.isdigit()):
        raise Refused("This form cannot be read.")
    return int(row), int(at)


class _Table:
    """The original, record by record, numbered as a spreadsheet numbers its rows."""

    def __init__(self, receipt: Receipt, source: IO[bytes]) -> None:
        reading = receipt.reading
        self.delimiter = reading.delimiter or ","
        encoding = reading.encoding or "utf-8"
        if encoding.replace("_", "-").lower() in ("utf-8", "utf8"):
            encoding = "utf-8-sig"
        try:
            text = source.read().decode(encoding)
        except (UnicodeError, LookupError) as error:
            raise Refused(_ANOTHER) from error
        self._reader = csv.reader(io.StringIO(text, newline=""), delimiter=self.delimiter, strict=True)
        self._number = 0
        self.header: list[str] = []
        for record in self._numbered():
            if self._number == (reading.header_row or 1):
                self.header = record
                break

    def position(self, column: str) -> int:
        if column not in self.header:
            raise Refused(_ANOTHER)
        return self.header.index(column)

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the records below the header with their numbers; blank lines are counted and left out."""
        for record in self._numbered():
            if record:
                if len(record) > len(self.header):
                    raise Refused(_ANOTHER)
                yield self._number, record

    def _numbered(self) -> Iterator[list[str]]:
        try:
            for record in self._reader:
                self._number += 1
                yield record
        except csv.Error as error:
            raise Refused(_ANOTHER) from error
