"""The first rows of a result, for a look without downloading it.

The workbook lies where others may write, so it is read as a stranger's: a bounded piece, and no entities.
"""

from __future__ import annotations

import re
import zipfile
from typing import IO
from xml.parsers import expat

from dropscore.domain.errors import Refused

MOST_ROWS = 20
MOST_BYTES = 4_000_000
MOST_TYPED_BYTES = 200_000_000
MOST_CELLS = 1_500_000
"""Of all rows together, blank ones between others included: a few bytes can name a cell far to the right."""
_SHEET = "Predictions"
_INTEGER = re.compile(r"-?\d{1,15}")
_REFERENCE = re.compile(r"([A-Z]{1,3})\d+")
_STRINGS = "xl/sharedStrings.xml"


class _Enough(Exception):
    """All rows that are wanted have been read, or as many as may be."""


def first_rows(source: IO[bytes], rows: int = MOST_ROWS) -> list[list[str]]:
    """Return the header and the first rows of the predictions; empty where the workbook cannot be read so."""
    try:
        return _read(source, rows, MOST_BYTES).rows
    except (zipfile.BadZipFile, expat.ExpatError, OSError, KeyError, ValueError):
        return []


def typed_rows(source: IO[bytes], rows: int) -> list[list[str | int | float | None]]:
    """Return the header and the first rows with numbers as numbers and empty cells as None.

    Raises:
        Refused: the workbook cannot be read; somebody may have changed it.
    """
    try:
        reader = _read(source, rows, MOST_TYPED_BYTES)
    except (zipfile.BadZipFile, expat.ExpatError, OSError, KeyError, ValueError) as error:
        raise Refused("The result cannot be read here: download it.") from error
    if not reader.rows:
        raise Refused("The result holds no table: download it.")
    width = len(reader.rows[0])
    return [
        [_typed(cell, kind) for cell, kind in zip(row, kinds, strict=True)] + [None] * (width - len(row))
        for row, kinds in zip(reader.rows, reader.kinds, strict=True)
    ]


def _typed(cell: str, kind: str) -> str | int | float | None:
    if cell == "":
        return None
    if kind not in ("", "n"):
        return cell
    return int(cell) if _INTEGER.fullmatch(cell) else float(cell)


def _read(source: IO[bytes], rows: int, most_bytes: int) -> _Reader:
    with zipfile.ZipFile(source) as packed:
        sheet = _sheet_path(packed)
        reader = _Reader(rows + 1, _strings(packed))
        if sheet is not None:
            _parse(packed, sheet, reader, most_bytes)
        return reader


def _sheet_path(packed: zipfile.ZipFile) -> str | None:
    """Return the part that holds the sheet of predictions."""
    text = _piece(packed, "xl/workbook.xml").decode("utf-8", "replace")
    links = _piece(packed, "xl/_rels/workbook.xml.rels").decode("utf-8", "replace")
    for tag in re.findall(r"<(?:\w+:)?sheet\b[^>]*>", text):
        name, link = re.search(r'name="([^"]*)"', tag), re.search(r'\br:id="([^"]*)"|\bid="([^"]*)"', tag)
        if name and link and name[1] == _SHEET:
            wanted = link[1] or link[2]
            for found in re.findall(r"<Relationship\b[^>]*>", links):
                if f'Id="{wanted}"' in found and (target := re.search(r'Target="([^"]*)"', found)):
                    return "xl/" + target[1].removeprefix("/xl/").removeprefix("xl/")
    return None


def _piece(packed: zipfile.ZipFile, name: str) -> bytes:
    """Return a part, or its beginning: what is packed small may be large."""
    with packed.open(name) as part:
        return part.read(MOST_BYTES)


def _strings(packed: zipfile.ZipFile) -> list[str]:
    if _STRINGS not in packed.namelist() or packed.getinfo(_STRINGS).file_size > MOST_BYTES:
        return []
    found: list[str] = []
    parser = _parser()

    def start(name: str, attributes: dict[str, str]) -> None:
        if name == "si":
            found.append("")

    def text(data: str) -> None:
        if found:
            found[-1] += data

    parser.StartElementHandler, parser.CharacterDataHandler = start, text
    parser.Parse(_piece(packed, _STRINGS), True)
    return found


def _parser() -> expat.XMLParserType:
    parser = expat.ParserCreate()

    def refuse(*_: object) -> None:
        raise ValueError("a document type has no place in a worksheet")

    parser.StartDoctypeDeclHandler = refuse
    parser.buffer_text = True
    return parser


class _Reader:
    def __init__(self, most: int, strings: list[str]) -> None:
        self.rows: list[list[str]] = []
        self.kinds: list[list[str]] = []
        self._most, self._strings = most, strings
        self._cells = 0
        self._row: list[str] = []
        self._kinds: list[str] = []
        self._kind = ""
        self._value: str | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "row":
            self._row, self._kinds = [], []
        elif name == "c":
            self._kind = attributes.get("t", "")
            match = _REFERENCE.match(attributes.get("r", ""))
            at = _column(match[1]) if match else len(self._row)
            self._cells += max(0, at + 1 - len(self._row))
            if self._cells > MOST_CELLS:
                raise _Enough
            self._row += [""] * (at + 1 - len(self._row))
            self._kinds += [""] * (at - len(self._kinds)) + [self._kind]
        elif name in ("v", "t"):
            self._value = ""

    def text(self, data: str) -> None:
        if self._value is not None:
            self._value += data

    def end(self, name: str) -> None:
        if name in ("v", "t") and self._value is not None and self._row:
            shared = self._kind == "s" and self._value.isdigit() and int(self._value) < len(self._strings)
            self._row[-1] += self._strings[int(self._value)] if shared else self._value
            self._value = None
        elif name == "row":
            self.rows.append(self._row)
            self.kinds.append(self._kinds)
            if len(self.rows) >= self._most:
                raise _Enough


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - 64
    return min(number - 1, 16_383)


def _parse(packed: zipfile.ZipFile, sheet: str, reader: _Reader, most_bytes: int) -> None:
    parser = _parser()
    parser.StartElementHandler, parser.CharacterDataHandler, parser.EndElementHandler = (
        reader.start,
        reader.text,
        reader.end,
    )
    read = 0
    with packed.open(sheet) as part:
        while (chunk := part.read(1 << 16)) and read < most_bytes:
            read += len(chunk)
            try:
                parser.Parse(chunk, False)
            except _Enough:
                return
