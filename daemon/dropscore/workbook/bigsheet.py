"""One table of any length, streamed into as many sheets of the archive as it needs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
from openpyxl.utils import get_column_letter

from dropscore.workbook.frame import AFTER_IGNORED, SheetFrame, inserted
from dropscore.workbook.pour import ROW, ROW_END, Place, Poured, Style, header_width, position
from dropscore.workbook.records import SHEET_ROWS, Column, Role
from dropscore.workbook.xmltext import escaped
from dropscore.workbook.zipped import Packed, ZipWriter, pack, unpack

_ALLOWED_SHOWN = 30


def sheet_name(name: str, number: int) -> str:
    """Return the name of the first sheet, the second (`Predictions 2`), …"""
    return name if number == 0 else f"{name} {number + 1}"


def whole_filter(columns: Sequence[Column]) -> str:
    """Return the filter's range that openpyxl draws, and that is then replaced by the rows there are."""
    return f"A1:{get_column_letter(len(columns))}{SHEET_ROWS}"


def header_notes(columns: Sequence[Column], words: Mapping[str, str]) -> dict[tuple[int, int], str]:
    """Return the notes on the header: what each column is and what it may hold."""
    return {(1, number): _header_note(column, words) for number, column in enumerate(columns, start=1)}


def _header_note(column: Column, words: Mapping[str, str]) -> str:
    lines = [column.title, column.description, words[f"{column.role}_note"]]
    if column.role is not Role.EXTRA:
        lines.append(f"{words[column.kind]}. {words['required'] if column.required else ''}".strip())
    if column.enum:
        more = ", …" if len(column.enum) > _ALLOWED_SHOWN else ""
        lines.append(words["allowed"].format(", ".join(column.enum[:_ALLOWED_SHOWN]) + more))
    return "\n".join(line for line in lines if line)


class BigSheet:
    """Takes poured rows. `number` is the first sheet's place in the workbook, from 1."""

    def __init__(
        self,
        archive: ZipWriter,
        name: str,
        number: int,
        frame: SheetFrame,
        columns: tuple[Column, ...],
        headers: tuple[int, ...],
        styles: tuple[Style, ...],
        sheet_rows: int = SHEET_ROWS,
    ) -> None:
        self._archive = archive
        self._name = name
        self._number = number
        self._frame = frame
        self._columns = columns
        self._headers = headers
        self._styles = styles
        self._room = sheet_rows - 1
        self._rows: list[int] = []
        self._places: list[tuple[int, Place]] = []
        self._widths: tuple[float, ...] = ()

    @property
    def rows(self) -> list[int]:
        """Return how many rows each sheet has, without its header."""
        return self._rows

    def take(self, poured: Poured) -> None:
        """Write the next rows; what does not fit goes on in a new sheet."""
        if not poured.rows:
            return
        self._widths = self._widths or poured.widths
        if poured.place:
            self._places.append((sum(self._rows), poured.place))
        rows, packed = poured.rows, poured.packed
        while True:
            if not self._rows or self._rows[-1] == self._room:
                self._begin()
            free = self._room - self._rows[-1]
            if rows <= free:
                break
            first, packed = _split(packed, free)
            self._archive.write(first)
            self._rows[-1] += free
            rows -= free
        self._archive.write(packed)
        self._rows[-1] += rows

    def close(self) -> None:
        """End the last sheet; without any rows it has its header alone."""
        if not self._rows:
            self._begin()
        self._end()

    def find(self, source_row: int | None, column: str | None) -> tuple[int, int, int] | None:
        """Return sheet (from 0), row and column (from 1) of a source's cell; None if its row is not here."""
        if source_row is None:
            return None
        names = [candidate.name for candidate in self._columns]
        at = names.index(column) + 1 if column in names else 1
        for start, place in self._places:
            before = position(place, source_row)
            if before is not None:
                sheet, row = divmod(start + before, self._room)
                return sheet, row + 2, at
        return None

    def target(self, source_row: int | None, column: str | None) -> str | None:
        """Return the same place as a link's target."""
        found = self.find(source_row, column)
        if found is None:
            return None
        sheet, row, at = found
        return f"'{sheet_name(self._name, sheet)}'!{get_column_letter(at)}{row}"

    def _begin(self) -> None:
        if self._rows:
            self._end()
        self._archive.begin(f"xl/worksheets/sheet{self._number + len(self._rows)}.xml")
        self._rows.append(0)
        head = f"{self._frame.head}{self._cols()}<sheetData>{self._header()}"
        self._archive.write(pack([head.encode()]))

    def _end(self) -> None:
        last = f"A1:{get_column_letter(len(self._columns))}{self._rows[-1] + 1}"
        tail = self._frame.tail.replace(
            f'<autoFilter ref="{whole_filter(self._columns)}"', f'<autoFilter ref="{last}"', 1
        )
        everywhere = whole_filter(self._columns)
        ignored = f'<ignoredError sqref="{everywhere}" twoDigitTextYear="1" numberStoredAsText="1"/>'
        ignored = f"<ignoredErrors>{ignored}</ignoredErrors>"  # no green triangles
        self._archive.write(pack([("</sheetData>" + inserted(tail, ignored, AFTER_IGNORED)).encode()]))
        self._archive.end()

    def _cols(self) -> str:
        widths = [header_width(column.name) for column in self._columns]
        for at, width in enumerate(self._widths):
            widths[at] = max(widths[at], width)
        found = [
            f'<col min="{at}" max="{at}" width="{width:.1f}" style="{style.plain}" customWidth="1"/>'
            for at, (width, style) in enumerate(zip(widths, self._styles, strict=True), start=1)
        ]
        return f"<cols>{''.join(found)}</cols>"

    def _header(self) -> str:
        cells = [
            f'<c s="{style}" t="inlineStr"><is><t xml:space="preserve">{escaped(column.name)}</t></is></c>'
            for column, style in zip(self._columns, self._headers, strict=True)
        ]
        return f"{ROW}{''.join(cells)}{ROW_END}"


def _split(packed: Packed, rows: int) -> tuple[Packed, Packed]:
    """Cut a stretch after so many rows. `<` is escaped in cells, so the tag ends rows alone."""
    xml = unpack(packed)
    ends = np.fromiter((found.end() for found in re.finditer(ROW_END.encode(), xml)), np.int64)
    at = int(ends[rows - 1])
    return pack([xml[:at]]), pack([xml[at:]])
