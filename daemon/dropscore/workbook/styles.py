"""How cells look. openpyxl keeps the styles; here they get their numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

from dropscore.workbook.pour import Style
from dropscore.workbook.records import Column, Kind, Role

_INK, _PALE, _LINE = "1F3864", "5B6776", "B8C4D6"
_YELLOW = "FFEB3B"
_HEADERS = {
    Role.INPUT: ("D9E1F2", _INK),
    Role.EXTRA: ("EDEDED", "595959"),
    Role.OUTPUT: ("F4B942", "3A2A00"),
    Role.REASON: ("FBE3B0", "3A2A00"),
}
_TINT = "FFF5DD"
_FORMATS = {
    Kind.TEXT: "@",
    Kind.NUMBER: "General",
    Kind.INTEGER: "0",  # General would show twelve digits as 1.23457E+11
    Kind.BOOLEAN: "@",
    Kind.DATE: "yyyy-mm-dd",  # the same in every locale, and the same once saved as CSV
    Kind.DATETIME: "yyyy-mm-dd hh:mm:ss",
}
_TOP = Alignment(vertical="top")
_WRAP = Alignment(vertical="top", wrap_text=True)
_MIDDLE = Alignment(vertical="center")


def _font(**look: Any) -> Font:
    return Font(**{"name": "Calibri", "family": 2, "size": 11, **look})


def _fill(colour: str) -> PatternFill:
    return PatternFill("solid", fgColor=colour)


_UNDER = Border(bottom=Side("thin", color=_LINE))
_LOOKS: Mapping[str, Mapping[str, Any]] = {
    "good": {"font": _font(bold=True, size=16, color="FFFFFF"), "fill": _fill("2E7D32"), "alignment": _MIDDLE},
    "warn": {"font": _font(bold=True, size=16, color="FFFFFF"), "fill": _fill("A65E00"), "alignment": _MIDDLE},
    "bad": {"font": _font(bold=True, size=16, color="FFFFFF"), "fill": _fill("B71C1C"), "alignment": _MIDDLE},
    "section": {"font": _font(bold=True, size=12, color=_INK), "border": _UNDER},
    "label": {"font": _font(color=_PALE), "alignment": _TOP},
    "text": {"alignment": _WRAP, "number_format": "@"},
    "strong": {"font": _font(bold=True), "alignment": _WRAP, "number_format": "@"},
    "count": {"alignment": Alignment(vertical="top", horizontal="left"), "number_format": "#,##0"},
    "number": {"alignment": _TOP, "number_format": "#,##0"},
    "share": {"alignment": _TOP, "number_format": "0.0%"},
    "head_right": {
        "font": _font(bold=True, color=_INK),
        "fill": _fill("D9E1F2"),
        "border": _UNDER,
        "alignment": Alignment(vertical="top", horizontal="right"),
    },
    "head": {"font": _font(bold=True, color=_INK), "fill": _fill("D9E1F2"), "alignment": _WRAP, "border": _UNDER},
    "link": {"font": _font(color="0563C1", underline="single"), "alignment": _TOP, "number_format": "@"},
}


@dataclass(frozen=True, slots=True)
class Styles:
    """Style numbers: by name for the small sheets, by column for the big one."""

    named: Mapping[str, int]
    headers: tuple[int, ...]
    cells: tuple[Style, ...]


def add_styles(book: Workbook, columns: tuple[Column, ...]) -> Styles:
    """Add all styles to the book, always in the same order, so that their numbers are the same in every layout."""
    sheet = book.create_sheet("styles")

    def number(**look: Any) -> int:
        cell = sheet.cell(1, sheet.max_column + 1, "-")  # a new one each time: the book keeps the cell's own style
        for part, value in look.items():
            setattr(cell, part, value)
        return int(cell.style_id)

    try:
        return Styles(
            named={name: number(**look) for name, look in _LOOKS.items()},
            headers=tuple(number(**_header_look(column)) for column in columns),
            cells=tuple(
                Style(number(**_cell_look(column)), number(**_cell_look(column) | {"fill": _fill(_YELLOW)}))
                for column in columns
            ),
        )
    finally:
        book.remove(sheet)


def _header_look(column: Column) -> dict[str, Any]:
    paper, ink = _HEADERS[column.role]
    return {
        "font": _font(bold=True, color=ink, italic=column.role is Role.EXTRA),
        "fill": _fill(paper),
        "border": _UNDER,
        "alignment": _WRAP,
        "number_format": "@",
    }


def _cell_look(column: Column) -> dict[str, Any]:
    look: dict[str, Any] = {
        "number_format": "0.0%" if column.probability else _FORMATS[column.kind],
        "alignment": _TOP,  # a text with line breaks begins at its beginning
    }
    if column.role is Role.OUTPUT:
        look["fill"] = _fill(_TINT)
    return look
