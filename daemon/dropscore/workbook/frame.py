"""The frame of a workbook: what openpyxl drew, taken apart into what stays and what changes.

A frame is drawn once per process for a set of columns; a small file then costs no openpyxl at all.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.worksheet.worksheet import Worksheet

from dropscore.workbook.styles import Styles
from dropscore.workbook.zipped import Packed, pack

FIRST_PARTS = ("_rels/.rels", "docProps/app.xml", "docProps/core.xml")
"""Written before all rows: by its first entry a file is recognised as what it is."""
_VARIES = re.compile(r"xl/(workbook\.xml|worksheets/sheet\d+\.xml|charts/|drawings/|comments/)")
_CREATED = re.compile(r"<dcterms:(created|modified).*?</dcterms:\1>", re.DOTALL)
_ROWS = re.compile(r"<sheetData\s*/>|<sheetData>.*?</sheetData>", re.DOTALL)
_DIMENSION = re.compile(r"<dimension [^>]*>")
_TARGET = re.compile(r'Target="/?(xl/(?:comments|drawings)/[^"]*comment[^"]*)"')


@dataclass(frozen=True, slots=True)
class SheetFrame:
    """A sheet around its rows: `head` ends before `<sheetData>`, `tail` begins after it."""

    part: str
    head: str
    tail: str
    notes: str | None = None
    """The part that holds the notes on its cells, and the one that holds their boxes."""
    boxes: str | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    sheets: Mapping[str, SheetFrame]
    styles: Styles
    fixed: Mapping[str, Packed]
    """Parts that are the same in every workbook of these columns, deflated already."""
    varied: Mapping[str, str]
    """Parts with something to be filled in: the workbook, charts and their drawing."""


def expect_notes(sheet: Worksheet) -> None:
    """Let openpyxl make room for notes: it links the parts, which are then written by `notes`."""
    sheet["A1"].comment = Comment("-", "Dropscore")


def taken_apart(book: Workbook, styles: Styles) -> Frame:
    """Return the frame of a book that openpyxl drew."""
    buffer = io.BytesIO()
    book.properties.creator = "Dropscore"
    book.save(buffer)
    with zipfile.ZipFile(buffer) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["docProps/core.xml"] = _CREATED.sub("", parts["docProps/core.xml"].decode()).encode()
    sheets = {
        name: _sheet(parts, f"xl/worksheets/sheet{number}.xml") for number, name in enumerate(book.sheetnames, start=1)
    }
    notes = {part for sheet in sheets.values() for part in (sheet.part, sheet.notes, sheet.boxes)}
    return Frame(
        sheets=sheets,
        styles=styles,
        fixed={name: pack([data]) for name, data in parts.items() if not _VARIES.match(name) or "_rels" in name},
        varied={
            name: data.decode()
            for name, data in parts.items()
            if _VARIES.match(name) and "_rels" not in name and name not in notes
        },
    )


def _sheet(parts: Mapping[str, bytes], part: str) -> SheetFrame:
    head, tail = _ROWS.split(parts[part].decode(), maxsplit=1)
    links = parts.get(part.replace("worksheets/", "worksheets/_rels/") + ".rels", b"").decode()
    found = {"boxes" if target.endswith(".vml") else "notes": target for target in _TARGET.findall(links)}
    return SheetFrame(part, _DIMENSION.sub("", head), tail, found.get("notes"), found.get("boxes"))


def inserted(tail: str, element: str, before: tuple[str, ...]) -> str:
    """Put an element into a sheet's tail before the first of those that must follow it (the order is fixed)."""
    places = [tail.find(f"<{name}") for name in before]
    place = min((at for at in places if at >= 0), default=tail.index("</worksheet>"))
    return tail[:place] + element + tail[place:]


AFTER_LINKS = ("printOptions", "pageMargins", "pageSetup", "headerFooter", "ignoredErrors", "drawing", "legacyDrawing")
AFTER_IGNORED = ("drawing", "legacyDrawing", "tableParts", "extLst")
AFTER_MERGES = ("phoneticPr", "conditionalFormatting", "dataValidations", "hyperlinks", *AFTER_LINKS)
