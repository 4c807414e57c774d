"""The archive that an .xlsx is, looked through before anything opens it as a workbook."""

from __future__ import annotations

import re
import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from dropscore.domain.catalogue import problem
from dropscore.domain.errors import Rejected
from dropscore.domain.rules import Rules
from dropscore.table.faults import FORMULA

_CHUNK = 1 << 20
_SLACK = 16 << 20
_LARGEST_PART = 64 << 20
"""Of the parts that are read whole: the list of sheets and such."""
_MACROS = ("vbaproject.bin", "xl/macrosheets/", "xl/activex/", "xl/embeddings/", "xl/dialogsheets/")
_LINKS = "xl/externallinks/"
_CELL = re.compile(rb"<(?:\w+:)?c\b([^>]*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.DOTALL)
_PLACE = re.compile(rb"""\br=["']([A-Z]{1,3})(\d{1,7})["']""")
_ERROR = re.compile(rb"""\bt=["']e["']""")
_EMPTY_TEXT = re.compile(rb"""\bt=["']str["']""")
_END = re.compile(rb"</(?:\w+:)?c>")
_FORMULA = re.compile(rb"<(?:\w+:)?f\b")
_VALUE = re.compile(rb"<(?:\w+:)?v[^>]*>([^<]*)<")
_TEXT = re.compile(rb"<(?:\w+:)?is\b")
_DECLARATION = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_OVERLAP = 1 << 17
"""A cell's XML may lie across two chunks: Excel's longest text in it takes less than this."""


class Spoiled(NamedTuple):
    """A cell that holds an error, or a formula whose value was not saved. Counted from 0."""

    row: int
    column: int
    text: str


def look_through(path: Path, rules: Rules) -> None:
    """Refuse bombs, macros, embedded objects and links to other files. Raises Rejected."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            names = [member.filename.lower().replace("\\", "/").lstrip("/") for member in members]
            if any(mark in name for name in names for mark in _MACROS):
                raise Rejected([problem("spreadsheet-macros", rules.language)])
            if any(name.startswith(_LINKS) for name in names):
                raise Rejected([problem("spreadsheet-links", rules.language)])
            if any(member.flag_bits & 1 for member in members) or len(set(names)) != len(names):
                raise Rejected([problem("spreadsheet-broken", rules.language)])
            _measure(archive, path.stat().st_size, rules)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError):
        raise Rejected([problem("spreadsheet-broken", rules.language)]) from None


def _measure(archive: zipfile.ZipFile, packed: int, rules: Rules) -> None:
    """Unpack every part once, keeping nothing: what the archive says of its own sizes may be a lie."""
    limits, unpacked = rules.limits, 0
    for member in archive.infolist():
        start = b""
        with archive.open(member) as part:
            while chunk := part.read(_CHUNK):
                unpacked += len(chunk)
                start = start or chunk[:4096]
                if unpacked > limits.bytes:
                    raise Rejected([problem("too-many-bytes", rules.language, limit=f"{limits.bytes:,}")])
                if unpacked > packed * limits.ratio + _SLACK:
                    raise Rejected([problem("packed-ratio", rules.language, limit=f"{limits.ratio:,}")])
        if _DECLARATION.search(start):
            raise Rejected([problem("spreadsheet-broken", rules.language)])


def sheet_paths(path: Path) -> dict[str, str]:
    """Return the part of each sheet, by the sheet's name. Empty where the list cannot be read."""
    with zipfile.ZipFile(path) as archive:
        relations = _parsed(archive, "xl/_rels/workbook.xml.rels")
        workbook = _parsed(archive, "xl/workbook.xml")
        known = set(archive.namelist())
    targets = {relation.get("Id"): relation.get("Target", "") for relation in relations}
    found = {}
    for sheet in workbook.iter(f"{_MAIN}sheet"):
        target = targets.get(sheet.get(_RELATION), "")
        part = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
        if part in known:
            found[sheet.get("name", "")] = part
    return found


def _parsed(archive: zipfile.ZipFile, name: str) -> ElementTree.Element:
    with archive.open(name) as part:
        data = part.read(_LARGEST_PART)
    if _DECLARATION.search(data):  # entities may be a bomb
        raise ElementTree.ParseError("a document type is declared")
    return ElementTree.fromstring(data)


def spoiled_cells(path: Path, part: str, most: int) -> list[Spoiled]:
    """Return the cells whose value is an error or is not there: a reader of workbooks gives them as empty."""
    found: list[Spoiled] = []
    with zipfile.ZipFile(path) as archive, archive.open(part) as sheet:
        kept = b""
        while chunk := sheet.read(_CHUNK):
            kept += chunk
            tail = max(0, len(kept) - _OVERLAP)
            cut = max((end.end() for end in _END.finditer(kept, tail)), default=tail)
            _collect(kept[:cut], found)
            kept = kept[cut:]
            if len(found) > most:
                break
        _collect(kept, found)
    return found


def _collect(xml: bytes, found: list[Spoiled]) -> None:
    if not _ERROR.search(xml) and not _FORMULA.search(xml):
        return
    for cell in _CELL.finditer(xml):
        attributes, content = cell.group(1), cell.group(2) or b""
        value = _VALUE.search(content)
        text = value.group(1).decode("utf-8", "replace") if value else ""
        error = _ERROR.search(attributes) is not None
        if not error and not (_FORMULA.search(content) and not text and not _TEXT.search(content)):
            continue
        if _EMPTY_TEXT.search(attributes) and value is not None:
            continue  # a formula whose value is empty text
        place = _PLACE.search(attributes)
        if place is None:  # allowed, but no spreadsheet does it: the cell could not be told from others
            raise ElementTree.ParseError("a cell does not say where it stands")
        column = 0
        for letter in place.group(1):
            column = column * 26 + letter - 64
        found.append(Spoiled(int(place.group(2)) - 1, column - 1, text if error else FORMULA))
