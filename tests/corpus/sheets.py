"""Workbooks: values as they are, and everything that a sheet may hide."""

from __future__ import annotations

import datetime
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import openpyxl
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from corpus.case import AUTO, DAY, FIRST, SECOND, Case, column, parts, right, wrong
from dropscore.domain.rules import Limits, Rules
from dropscore.domain.schema import Type

HEAD = ["part", "amount", "count", "day"]
ROWS = [HEAD, list(FIRST), list(SECOND)]
PART = "xl/worksheets/sheet1.xml"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def book(rows: list[list[Any]], change: Callable[[openpyxl.Workbook], None] | None = None) -> bytes:
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)
    if change is not None:
        change(made)
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


def changed(data: bytes, part: str, pattern: str, by: str) -> bytes:
    """Return the workbook with one of its parts rewritten."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name == part:
                content, times = re.subn(pattern.encode(), by.encode(), content)
                assert times, "nothing was changed"
            new.writestr(name, content)
    return out.getvalue()


def with_member(name: str, content: bytes = b"x") -> bytes:
    buffer = io.BytesIO(book(ROWS))
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


def _prefixed(rows: int) -> bytes:
    """Return a workbook as some libraries write it, `<x:c>` for each cell, with an error in each row."""
    text = '<x:c r="{0}1" t="inlineStr"><x:is><x:t>{1}</x:t></x:is></x:c>'
    line = (
        '<x:row r="{0}"><x:c r="A{0}" t="inlineStr"><x:is><x:t>P</x:t></x:is></x:c>'
        '<x:c r="B{0}" t="e"><x:v>#N/A</x:v></x:c></x:row>'
    )
    body = "".join(line.format(at + 2) for at in range(rows))
    head = f'<x:row r="1">{text.format("A", "part")}{text.format("B", "x")}</x:row>'
    sheet = f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData>{head}{body}</x:sheetData></x:worksheet>'
    return changed(book([HEAD]), PART, "(?s).*\\S.*", sheet)


def _second(made: openpyxl.Workbook, name: str = "more") -> None:
    more = made.create_sheet(name)
    for row in (HEAD, ["Z-9", 1, 1, None]):
        more.append(row)


def _hidden_first(made: openpyxl.Workbook) -> None:
    made.active.sheet_state = "hidden"
    shown = made.create_sheet("shown")
    for row in (HEAD, ["Z-9", 1, 1, None]):
        shown.append(row)
    made.active = 1


def _chart_first(made: openpyxl.Workbook) -> None:
    made.create_chartsheet("chart", 0)


def _merged(made: openpyxl.Workbook) -> None:
    made.active.merge_cells("B2:B3")


def _merged_title(made: openpyxl.Workbook) -> None:
    made.active.insert_rows(1)
    made.active["A1"] = "Parts of February"
    made.active.merge_cells("A1:D1")


def _lower(made: openpyxl.Workbook) -> None:
    made.active.insert_rows(1, 3)
    made.active.insert_cols(1, 2)


def _error(made: openpyxl.Workbook) -> None:
    made.active["B2"] = "#N/A"
    made.active["B2"].data_type = "e"


def _lower_error(made: openpyxl.Workbook) -> None:
    _error(made)
    _lower(made)


def _since_1904(made: openpyxl.Workbook) -> None:
    made.epoch = CALENDAR_MAC_1904
    made.active["D2"] = DAY


def _formats(made: openpyxl.Workbook) -> None:
    made.active["B2"].number_format = '#,##0.00 "€"'
    made.active["C2"].number_format = "0000"


def _percent(made: openpyxl.Workbook) -> None:
    made.active["B2"] = 0.95
    made.active["B2"].number_format = "0%"


def sheets() -> Iterator[Case]:
    yield right("xlsx", book(ROWS))
    yield right("xlsx-german-route", book(ROWS), rules=Rules(decimal=",", group=".", dates="%d.%m.%Y"))
    yield right("xlsx-auto", book(ROWS), rules=AUTO)
    yield right("xlsx-formats", book(ROWS, _formats))
    yield right("xlsx-percent-format", book(ROWS, _percent), ("A-1", 0.95, 7, DAY), SECOND)
    yield right("xlsx-1904", book(ROWS, _since_1904))
    yield right("xlsx-lower-right", book(ROWS, _lower))
    yield right("xlsx-second-sheet", book(ROWS, _second))
    yield right("xlsx-chart-first", book(ROWS, _chart_first))
    yield right("xlsx-hidden-first", book([HEAD, ["OLD", 0, 0, None]], _hidden_first), ("Z-9", 1.0, 1, None))
    yield right("xlsx-title-merged", book(ROWS, _merged_title))
    yield wrong("xlsx-merged", book([HEAD, ["A", 1, 2, None], ["B", None, 3, None]], _merged), "spreadsheet-merged")
    yield wrong("xlsx-error", book(ROWS, _error), "spreadsheet-error")
    yield wrong("xlsx-error-lower-right", book(ROWS, _lower_error), "spreadsheet-error")
    yield wrong("xlsx-errors-prefixed", _prefixed(17_000), "spreadsheet-error", schema=column(Type.NUMBER))
    yield wrong("xlsx-formula-unsaved", book([HEAD, ["A-1", "=1+1", 7, None]]), "formula-without-value")
    saved = changed(book([HEAD, ["A-1", "=1+1", 7, None]]), PART, "<v ?/>|<v></v>", "<v>2</v>")
    yield right("xlsx-formula-saved", saved, ("A-1", 2.0, 7, None))
    thousandths = [["part", "x"], ["P0", 1.234]]
    german = Rules(decimal=",", group=".")
    yield wrong("xlsx-thousandths", book(thousandths), "not-an-integer", schema=column(Type.INTEGER), rules=german)
    mixed = [*thousandths, ["P1", "5"]]
    yield wrong("xlsx-thousandths-mixed", book(mixed), "not-an-integer", schema=column(Type.INTEGER), rules=german)
    yield right("xlsx-thousandths-number", book(thousandths), *parts(1.234), schema=column(Type.NUMBER), rules=german)
    yield wrong(
        "xlsx-date-for-number", book([["part", "x"], ["P0", DAY]]), "turned-into-date", schema=column(Type.NUMBER)
    )
    yield wrong("xlsx-number-for-date", book([["part", "x"], ["P0", 46081]]), "not-a-date", schema=column(Type.DATE))
    yield wrong("xlsx-true-for-number", book([["part", "x"], ["P0", True]]), "not-a-number", schema=column(Type.NUMBER))
    yield wrong(
        "xlsx-time-for-date",
        book([["part", "x"], ["P0", datetime.datetime(2026, 2, 28, 9)]]),
        "other-date",
        schema=column(Type.DATE),
    )
    zeros = column(Type.STRING, pattern="[0-9]{5}")
    yield wrong("xlsx-lost-zeros", book([["part", "x"], ["P0", 1067]]), "lost-zeros", schema=zeros)
    yield right("xlsx-text-zeros", book([["part", "x"], ["P0", "01067"]]), *parts("01067"), schema=zeros)
    yield wrong(
        "xlsx-lost-digits",
        book([["part", "x"], ["P0", 1234567890123456789]]),
        "scientific-notation",
        schema=column(Type.STRING),
    )
    yield wrong("xlsx-text-comma", book([["part", "x"], ["P0", "1,5"]]), "decimal-comma", schema=column(Type.NUMBER))
    yield right("xlsx-text-number", book([["part", "x"], ["P0", "1.5"]]), *parts(1.5), schema=column(Type.NUMBER))
    yield wrong("xlsx-total", book([*ROWS, ["Total", 1234.5, None, None]]), "total-row")
    yield wrong("xlsx-blank-row", book([HEAD, list(FIRST), [], list(SECOND)]), "blank-line")
    yield wrong("xlsx-wide", book([*ROWS, ["C", 1, 2, None, "note"]]), "too-many-cells")
    yield wrong("xlsx-header-missing", book([HEAD[:3], ["A", 1, 2]]), "missing-column")
    yield wrong("xlsx-header-doubled", book([[*HEAD, "part"], ["A", 1, 2, None, "B"]]), "duplicate-header")
    yield wrong("xlsx-no-rows", book([HEAD]), "no-rows")
    yield wrong("xlsx-empty", book([]), "empty-file")
    yield wrong("xlsx-rows-limit", book(ROWS), "spreadsheet-rows", rules=Rules(limits=Limits(xlsx_rows=1)))
    yield wrong("xlsx-macros", with_member("xl/vbaProject.bin"), "spreadsheet-macros")
    yield wrong("xlsx-embedded", with_member("xl/embeddings/oleObject1.bin"), "spreadsheet-macros")
    yield wrong("xlsx-links", with_member("xl/externalLinks/externalLink1.xml"), "spreadsheet-links")
    yield wrong("xlsx-bomb", with_member("xl/media/a.xml", b"\0" * 40_000_000), "packed-ratio")
    yield wrong(
        "xlsx-entities",
        changed(book(ROWS), PART, "<worksheet", '<!DOCTYPE x [<!ENTITY a "b">]><worksheet'),
        "spreadsheet-broken",
    )
    yield wrong("xlsx-cut", book(ROWS)[:-300], "spreadsheet-broken")
    yield wrong("xlsx-no-sheet", changed(book(ROWS), PART, "(?s).*\\S.*", "<"), "spreadsheet-broken")
