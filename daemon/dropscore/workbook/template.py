"""The workbook that people fill in: a header with notes, cells that accept what the model accepts, and the list of it.

The rows are the first sheet, and empty: an example in it would be scored with the rest. What a spreadsheet cannot
hold a person to (a pattern, a column without repeats) is told when a cell is chosen, and checked at the drop.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from dropscore.domain.schema import Field, Type, UnknownCategory
from dropscore.workbook import labels
from dropscore.workbook.book import print_on_one_page, set_widths, write_notes
from dropscore.workbook.frame import AFTER_IGNORED, FIRST_PARTS, Frame, expect_notes, inserted, taken_apart
from dropscore.workbook.pour import header_width
from dropscore.workbook.records import SHEET_ROWS, Column, Kind, checked_columns
from dropscore.workbook.sheets import Grid
from dropscore.workbook.styles import Styles, add_styles
from dropscore.workbook.xmltext import allowed, escaped
from dropscore.workbook.zipped import ZipWriter, pack

ACCEPTED = "What is accepted"
_WIDTHS = (30, 40, 15, 11, 46, 17, 28, 24)
_KINDS = {
    Type.STRING: Kind.TEXT,
    Type.INTEGER: Kind.INTEGER,
    Type.NUMBER: Kind.NUMBER,
    Type.BOOLEAN: Kind.BOOLEAN,
    Type.DATE: Kind.DATE,
    Type.DATETIME: Kind.DATETIME,
}
_MOST_TITLE, _MOST_TEXT = 32, 250  # Excel calls a file broken where a message is longer
_WIDEST_LIST = 36.0
_EXACT = 10**15
"""From here on a spreadsheet loses digits: such numbers are kept as text."""
_DAY_0 = datetime.date(1899, 12, 30)
_FIRST_DAY = datetime.date(1900, 3, 1)
"""Before it, spreadsheets count a day that never was."""
_LAST_DAY = datetime.date(9999, 12, 31)


@dataclass(frozen=True, slots=True)
class Asked:
    """One column that the model asks for."""

    field: Field
    note: str
    """On its header."""
    hint: str
    """Shown beside a chosen cell, and where an entry is refused."""
    told: tuple[str, ...]
    """Its line in the list of what is accepted, under the headings of the page."""


@dataclass(frozen=True, slots=True)
class Page:
    """What is accepted, in the reader's language: a title, sentences, and a table with a line for each column."""

    title: str
    sentences: tuple[str, ...]
    headings: tuple[str, ...]
    asked: tuple[Asked, ...]
    closing: tuple[str, ...] = ()


def write_template(path: Path, page: Page) -> None:
    """Write the workbook. `path` must not exist.

    Raises:
        ValueError: there are no columns, or more than a sheet holds.
        OSError: the disk is full.
    """
    columns = checked_columns([Column(one.field.name, _kind(one.field)) for one in page.asked])
    lists = [one.field for one in page.asked if _choices(one.field)]
    frame = _drawn(columns, page, lists)
    archive = ZipWriter(path)
    try:
        for part in FIRST_PARTS:
            archive.add(part, frame.fixed[part])
        archive.add(frame.sheets[labels.ROWS].part, pack([_rows_sheet(frame, columns, page)]))
        for part, packed in frame.fixed.items():
            if part not in FIRST_PARTS:
                archive.add(part, packed)
        for part, xml in frame.varied.items():
            archive.add(part, pack([xml.encode()]))
        _add_grid(archive, frame, ACCEPTED, _accepted_grid(frame.styles, page))
        if lists:
            _add_grid(archive, frame, labels.LISTS, _lists_grid(frame.styles, lists))
        notes = {(1, at): one.note for at, one in enumerate(page.asked, start=1) if one.note}
        write_notes(archive, frame, labels.ROWS, [notes])
        archive.close()
    except BaseException:
        archive.abandon()
        path.unlink(missing_ok=True)
        raise


def _kind(field: Field) -> Kind:
    """Return what the column's cells are formatted as."""
    bounds = [abs(bound) for bound in (field.minimum, field.maximum) if isinstance(bound, int | float)]
    if field.type is Type.INTEGER and any(bound >= _EXACT for bound in bounds):
        return Kind.TEXT
    return _KINDS[field.type]


def _drawn(columns: tuple[Column, ...], page: Page, lists: Sequence[Field]) -> Frame:
    book = Workbook()
    styles = add_styles(book, columns)
    book.remove(book.active)
    rows = book.create_sheet(labels.ROWS)
    rows.freeze_panes = "A2"
    rows.print_title_rows = "1:1"
    print_on_one_page(rows)
    expect_notes(rows)
    for at, one in enumerate(page.asked, start=1):
        rule = _rule(one, lists)
        rule.add(f"{get_column_letter(at)}2:{get_column_letter(at)}{SHEET_ROWS}")
        rows.add_data_validation(rule)
    accepted = book.create_sheet(ACCEPTED)
    set_widths(accepted, _WIDTHS)
    accepted.sheet_view.showGridLines = False
    print_on_one_page(accepted)
    if lists:
        book.create_sheet(labels.LISTS).sheet_state = "hidden"
    return taken_apart(book, styles)


def _choices(field: Field) -> tuple[str, ...]:
    """Return what a cell's drop-down list offers."""
    if field.type is Type.BOOLEAN and field.true_values and field.false_values:
        return field.true_values[0], field.false_values[0]
    return field.enum


def _rule(asked: Asked, lists: Sequence[Field]) -> DataValidation:
    """Return what a cell of the column accepts. Where other entries are right, too, a person is only asked."""
    field = asked.field
    rule = _kind_of_rule(field, lists)
    rule.allow_blank = True
    rule.showInputMessage = rule.showErrorMessage = True
    rule.errorStyle = "stop" if _strict(field) else "warning"
    rule.promptTitle = rule.errorTitle = _fitted(field.title or field.name, _MOST_TITLE)
    rule.prompt = rule.error = _fitted(asked.hint, _MOST_TEXT)
    return rule


def _strict(field: Field) -> bool:
    if not field.required and any(field.missing_values):
        return False  # a missing value has words of its own
    if field.type in (Type.NUMBER, Type.INTEGER) and not field.bare_number:
        return False  # `12 €` may be written
    if field.type in (Type.DATE, Type.DATETIME):
        return _serial(field.minimum) is not None  # days before 1900 can only be written as text
    if field.type is Type.BOOLEAN:
        return len(field.true_values) == len(field.false_values) == 1
    return field.unknown_category is UnknownCategory.REFUSE


def _kind_of_rule(field: Field, lists: Sequence[Field]) -> DataValidation:
    if field in lists:
        letter = get_column_letter(lists.index(field) + 1)
        return DataValidation(type="list", formula1=f"{labels.LISTS}!${letter}$1:${letter}${len(_choices(field))}")
    if _kind(field) in (Kind.NUMBER, Kind.INTEGER):
        kind = "whole" if field.type is Type.INTEGER else "decimal"
        low, high = (_number(bound) for bound in (field.minimum, field.maximum))
        return _between(kind, low, high, "-1E+300" if kind == "decimal" else str(-_EXACT))
    if field.type in (Type.DATE, Type.DATETIME):
        low = _serial(field.minimum) or _serial(_FIRST_DAY.isoformat())
        high = _serial(field.maximum) or f"{_serial(_LAST_DAY.isoformat())}.99999"
        return DataValidation(type="date", operator="between", formula1=low, formula2=high)
    if field.min_length is not None or field.max_length is not None:
        low, high = (None if bound is None else str(bound) for bound in (field.min_length, field.max_length))
        return _between("textLength", low, high, "0")
    return DataValidation()


def _between(kind: str, low: str | None, high: str | None, lowest: str) -> DataValidation:
    if high is None:
        return DataValidation(type=kind, operator="greaterThanOrEqual", formula1=low or lowest)
    if low is None:
        return DataValidation(type=kind, operator="lessThanOrEqual", formula1=high)
    return DataValidation(type=kind, operator="between", formula1=low, formula2=high)


def _number(bound: float | str | None) -> str | None:
    return None if bound is None else repr(float(bound)).removesuffix(".0").replace("e", "E")


def _serial(bound: float | str | None) -> str | None:
    """Return a day or moment as a spreadsheet counts it; None where it cannot."""
    try:
        moment = datetime.datetime.fromisoformat(str(bound)).replace(tzinfo=None)
    except ValueError:
        return None
    if moment.date() < _FIRST_DAY:
        return None
    days = (moment.date() - _DAY_0).days
    seconds = (moment - datetime.datetime.combine(moment.date(), datetime.time())).total_seconds()
    return str(days + seconds / 86_400) if seconds else str(days)


def _fitted(text: str, most: int) -> str:
    clean = allowed(text)
    return clean if len(clean) <= most else f"{clean[: most - 1].rstrip()}…"


def _rows_sheet(frame: Frame, columns: Sequence[Column], page: Page) -> bytes:
    """Return the sheet to fill in. The formats are the columns' own, so that every new cell has them."""
    cols, cells = [], []
    for at, (column, one) in enumerate(zip(columns, page.asked, strict=True), start=1):
        longest = min(max((len(word) for word in _choices(one.field)), default=0) + 4.0, _WIDEST_LIST)
        width = max(header_width(column.name), longest, 12.0)
        style = frame.styles.cells[at - 1].plain
        cols.append(f'<col min="{at}" max="{at}" width="{width:.1f}" style="{style}" customWidth="1"/>')
        header = f'<c r="{get_column_letter(at)}1" s="{frame.styles.headers[at - 1]}" t="inlineStr">'
        cells.append(f'{header}<is><t xml:space="preserve">{escaped(column.name)}</t></is></c>')
    sheet = frame.sheets[labels.ROWS]
    everywhere = f"A1:{get_column_letter(len(columns))}{SHEET_ROWS}"
    ignored = f'<ignoredErrors><ignoredError sqref="{everywhere}" numberStoredAsText="1"/></ignoredErrors>'
    rows = f'<cols>{"".join(cols)}</cols><sheetData><row r="1">{"".join(cells)}</row></sheetData>'
    return f"{sheet.head}{rows}{inserted(sheet.tail, ignored, AFTER_IGNORED)}".encode()


def _accepted_grid(styles: Styles, page: Page) -> Grid:
    grid = Grid(styles.named)
    last = len(page.headings)
    grid.put_wide(1, 1, last, page.title, "good")
    grid.heights[1] = 30.0
    row = 1
    for sentence in page.sentences:
        row += 1
        grid.put_wide(row, 1, last, sentence, "text")
    row += 2
    for at, heading in enumerate(page.headings, start=1):
        grid.put(row, at, heading, "head")
    for one in page.asked:
        row += 1
        for at, text in enumerate(one.told, start=1):
            grid.put_wrapped(row, at, text, "strong" if at == 1 else "text", _WIDTHS[at - 1] - 2)
    row += 1
    for sentence in page.closing:
        row += 1
        grid.put_wide(row, 1, last, sentence, "text")
    return grid


def _lists_grid(styles: Styles, lists: Sequence[Field]) -> Grid:
    grid = Grid(styles.named)
    for at, field in enumerate(lists, start=1):
        for row, word in enumerate(_choices(field), start=1):
            numeric = _kind(field) in (Kind.NUMBER, Kind.INTEGER)
            grid.put(row, at, float(word) if numeric else word, "number" if numeric else "text")
    return grid


def _add_grid(archive: ZipWriter, frame: Frame, name: str, grid: Grid) -> None:
    archive.add(frame.sheets[name].part, pack([grid.xml(frame.sheets[name])]))
