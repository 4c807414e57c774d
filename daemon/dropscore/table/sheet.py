"""Workbooks (.xlsx): the first sheet, or the sheet of a fix workbook, read whole and kept as columns of text.

Numbers, dates and booleans are values there. They are written down in the column's own notation, so that one
check serves all formats; what the sheet holds as text is judged like text.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import python_calamine

from dropscore.domain.catalogue import problem
from dropscore.domain.errors import Rejected
from dropscore.domain.rules import Rules
from dropscore.domain.schema import Field, Schema, Type
from dropscore.receipt import Reading
from dropscore.table import archive
from dropscore.table.arrays import float_text
from dropscore.table.dates import formats_of
from dropscore.table.deciding import decide, undecided
from dropscore.table.header import best_row, column_letters, looks_like_data, match_columns, no_header
from dropscore.table.records import BLOCK_ROWS, Block, Cells, Positions, SourceColumn
from dropscore.table.source import Source

MENDED = "_dropscore_row"
"""The column by which the sheet of a fix workbook is known."""
HEADER_ROWS = 20
_SHEETS = 10
_LARGEST_WHOLE = 10**15
"""From here on a spreadsheet has lost digits: it keeps 15."""

Row = list[Any]


@dataclass(frozen=True, slots=True)
class KeptBlocks:
    """Blocks that are in memory already."""

    kept: Sequence[Block]

    @property
    def count(self) -> int:
        return len(self.kept)

    def read(self, index: int) -> Block:
        return self.kept[index]

    def bytes_before(self, index: int) -> int:
        return index


def open_sheet(path: Path, schema: Schema, rules: Rules, scratch: Path) -> Source:
    """Return the source of a workbook. Raises Rejected."""
    archive.look_through(path, rules)
    try:
        book = python_calamine.CalamineWorkbook.from_path(str(path))
        sheet, rows = _choose(book, schema, rules)
        spoiled = _spoiled(path, sheet, rules)
    except python_calamine.PasswordError:
        raise Rejected([problem("old-spreadsheet", rules.language)]) from None
    except (python_calamine.CalamineError, ElementTree.ParseError, KeyError, OSError):
        raise Rejected([problem("spreadsheet-broken", rules.language)]) from None
    at, header = _header(rows, schema, rules)
    columns, warnings = match_columns(header, schema, rules, at + 1, None)
    first_column = sheet.start[1] if sheet.start else 0
    _refuse_merged(sheet, at + 1, first_column, columns, rules)
    columns = decide(columns, _texts(sheet, at + 1, columns, rules), rules, first_column)
    blocks = list(_blocks(sheet, at + 1, columns, spoiled, first_column, rules))
    records = sum(len(block) for block in blocks)
    if not records:
        raise Rejected([problem("no-rows", rules.language, row=at + 1)])
    passed = tuple(column.name for column in columns if column.field is None)
    return Source(
        reading=Reading(format="xlsx", header_row=at + 1, sheet=sheet.name, passed_through=passed),
        columns=columns,
        schema=schema,
        warnings=warnings,
        rows=records,
        bytes_total=len(blocks),
        reader=KeptBlocks(blocks),
        scratch=scratch,
        odd=True,
        first_column=first_column,
    )


def _choose(book: Any, schema: Schema, rules: Rules) -> tuple[Any, list[tuple[str, ...]]]:
    """Return the first sheet, or a later one that comes from a fix workbook, with its first rows as text."""
    first = None
    sheets = [
        (at, meta)
        for at, meta in enumerate(book.sheets_metadata)
        if meta.typ == python_calamine.SheetTypeEnum.WorkSheet
    ]
    seen = [(at, meta) for at, meta in sheets if meta.visible == python_calamine.SheetVisibleEnum.Visible]
    for at, _ in (seen or sheets)[:_SHEETS]:  # what a person never saw is not what is meant
        sheet = book.get_sheet_by_index(at)
        rows = [tuple(_shown(value) for value in row) for row in islice(sheet.iter_rows(), HEADER_ROWS)]
        if first is None:
            first = sheet, rows
            if best_row(rows, schema).names:
                return first
        if any(MENDED in row for row in rows):
            return sheet, rows
    if first is None:
        raise Rejected([problem("spreadsheet-broken", rules.language)])
    return first


def _spoiled(path: Path, sheet: Any, rules: Rules) -> dict[tuple[int, int], str]:
    part = archive.sheet_paths(path).get(sheet.name)
    if part is None:
        raise Rejected([problem("spreadsheet-broken", rules.language)])
    found = archive.spoiled_cells(path, part, rules.limits.xlsx_rows)
    return {(cell.row, cell.column): cell.text for cell in found}


def _header(rows: list[tuple[str, ...]], schema: Schema, rules: Rules) -> tuple[int, tuple[str, ...]]:
    if not any(any(cell.strip() for cell in row) for row in rows):
        raise Rejected([problem("empty-file", rules.language)])
    best = best_row(rows, schema)
    if not best.names:
        at = next(at for at, row in enumerate(rows) if any(cell.strip() for cell in row))
        raise Rejected(no_header(rows[at], schema, rules, at + 1, None))
    header = rows[best.at]
    named = sum(bool(cell.strip()) for cell in header)
    for above in range(best.at):
        if looks_like_data(rows[above], named, sparse=True):
            shown = ", ".join(cell for cell in rows[above] if cell)
            raise Rejected([problem("rows-above-header", rules.language, row=above + 1, found=shown)])
    return best.at, header


def _refuse_merged(sheet: Any, skipped: int, first_column: int, columns: Sequence[SourceColumn], rules: Rules) -> None:
    """Refuse merged cells among the records: a person sees one value in all of them, and only the first has it."""
    for (top, left), (bottom, _) in sheet.merged_cell_ranges or ():
        at = left - first_column
        if bottom >= skipped and at < len(columns):
            row = max(top, skipped) + 1
            name, cell = columns[at].name, f"{column_letters(left)}{row}"
            raise Rejected([problem("spreadsheet-merged", rules.language, row=row, column=name, cell=cell)])


def _texts(
    sheet: Any, skipped: int, columns: Sequence[SourceColumn], rules: Rules
) -> Iterator[tuple[dict[str, pa.Array], Positions]]:
    """Yield what stands as text in the columns that decide their notation by themselves: values need none."""
    wanted = [(at, column.name) for at, column in enumerate(columns) if undecided(column, rules)]
    rows: Iterator[Row] = islice(sheet.iter_rows(), skipped, None) if wanted else iter(())
    first = skipped + 1
    while piece := list(islice(rows, BLOCK_ROWS)):
        yield (
            {
                name: pa.array([row[at] if isinstance(row[at], str) else None for row in piece], pa.string())
                for at, name in wanted
            },
            np.arange(first, first + len(piece), dtype=np.int64),
        )
        first += len(piece)


def _blocks(
    sheet: Any,
    skipped: int,
    columns: Sequence[SourceColumn],
    spoiled: dict[tuple[int, int], str],
    first_column: int,
    rules: Rules,
) -> Iterator[Block]:
    width = len(columns)
    blank: list[Row] = []  # rows without content count only if others follow
    taken: list[Row] = []
    start = 0
    for at, row in enumerate(islice(sheet.iter_rows(), skipped, None), skipped):
        for column in range(len(row)):
            if spoiled and row[column] in ("", None) and (at, column + first_column) in spoiled:
                row[column] = spoiled[at, column + first_column]
        if not any(value not in ("", None) for value in row):
            blank.append(row)
            continue
        taken += blank
        blank.clear()
        taken.append(row)
        if start + len(taken) > rules.limits.xlsx_rows:
            limit = f"{rules.limits.xlsx_rows:,}"
            raise Rejected([problem("spreadsheet-rows", rules.language, row=at + 1, limit=limit)])
        while len(taken) >= BLOCK_ROWS:
            yield _block(taken[:BLOCK_ROWS], start, skipped, columns, width)
            del taken[:BLOCK_ROWS]
            start += BLOCK_ROWS
    if taken:
        yield _block(taken, start, skipped, columns, width)


def _block(rows: list[Row], start: int, skipped: int, columns: Sequence[SourceColumn], width: int) -> Block:
    stray = {
        at: tuple(_shown(value) for value in row)
        for at, row in enumerate(rows)
        if any(value not in ("", None) for value in row[width:])
    }
    ragged = np.zeros(len(rows), dtype=bool)
    ragged[list(stray)] = True
    text, values = {}, {}
    for at, column in enumerate(columns):
        cells = [None if row[at] == "" or (stray and place in stray) else row[at] for place, row in enumerate(rows)]
        text[column.name] = _column(cells, column.field)
        if column.field is None:
            values[column.name] = _values(cells)
    numbers = np.arange(len(rows), dtype=np.int64) + skipped + 1 + start
    return Block(start, numbers, np.zeros(len(rows), np.int64), text, ragged, stray, values)


def _column(cells: Sequence[Any], field: Field | None) -> pa.Array:
    """Return a column in its notation. Most columns hold one kind of value, and need no look at each cell."""
    kinds = set(map(type, cells)) - {type(None)}
    if kinds <= {str}:
        return pa.array(cells, pa.string())
    if kinds <= {int, float}:
        numbers = pa.array(cells, pa.float64())
        if max(pc.max(numbers).as_py(), -pc.min(numbers).as_py()) < _LARGEST_WHOLE:
            text = float_text(numbers)
            sign = _point(field)
            return text if sign == "." else pc.replace_substring(text, ".", sign)
    return pa.array([_written(cell, field) for cell in cells], pa.string())


def _shown(value: Any) -> str:
    """Return a value as a person would read it."""
    return _written(value, None) or ""


def _written(value: Any, field: Field | None) -> str | None:
    """Return a value in the column's notation; None if there is none."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        if field is not None and field.type is Type.BOOLEAN:
            return (field.true_values if value else field.false_values)[0]
        return "TRUE" if value else "FALSE"
    if isinstance(value, (int, float)):
        return _number(float(value), field)
    if isinstance(value, datetime.date):
        return _date(value, field)
    return str(value)


def _number(value: float, field: Field | None) -> str:
    whole = value.is_integer()
    if whole and abs(value) < _LARGEST_WHOLE:
        return str(int(value))
    if field is not None and field.type is Type.STRING:
        return f"{value:.15G}" if whole else repr(value)
    if whole and field is not None and field.type is Type.INTEGER:
        return str(int(value))
    return repr(value).replace(".", _point(field))


def _point(field: Field | None) -> str:
    """Return the decimal sign in which a column is written: a point could part thousands there (`1.234`)."""
    numeric = field is not None and field.type in (Type.NUMBER, Type.INTEGER)
    return field.decimal_char if field is not None and numeric else "."


def _date(value: datetime.date, field: Field | None) -> str:
    moment = value if isinstance(value, datetime.datetime) else None
    if moment is not None and not (moment.hour or moment.minute or moment.second or moment.microsecond):
        value, moment = moment.date(), None
    if field is not None and field.type in (Type.DATE, Type.DATETIME):
        iso = field.format in ("default", "any", "iso")
        if moment is None:
            day = replace(field, type=Type.DATE)
            return value.isoformat() if iso else value.strftime(formats_of(day)[0])
        if field.type is Type.DATETIME and not iso:
            return moment.strftime(formats_of(field)[0])
    return str(value)


def _values(cells: Sequence[Any]) -> Cells:
    """Return a column that passes through as it is shown: numbers as numbers, all else as text."""
    numeric = [
        isinstance(cell, (int, float)) and not isinstance(cell, bool) and abs(cell) < _LARGEST_WHOLE for cell in cells
    ]
    numbers = [repr(cell).removesuffix(".0") if is_ else None for cell, is_ in zip(cells, numeric, strict=True)]
    texts = [None if is_ else _written(cell, None) for cell, is_ in zip(cells, numeric, strict=True)]
    return Cells(
        pa.array(numbers, pa.string()) if any(numeric) else None,
        pa.array(texts, pa.string()) if any(text is not None for text in texts) else None,
    )
