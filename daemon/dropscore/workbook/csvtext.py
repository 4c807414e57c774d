"""Rows as CSV in UTF-8: the cells that a workbook is given, as text.

A spreadsheet takes a cell that begins with `=`, `+`, `-`, `@`, a tab or a line end for a formula, whoever wrote it.
`guard` puts an apostrophe before such text, as OWASP advises, and quotes it; what is a number stays one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from dropscore.workbook.pour import Cells
from dropscore.workbook.records import Column, Kind
from dropscore.workbook.xmltext import bytes_of, plain

BOM = b"\xef\xbb\xbf"  # without it Excel reads a CSV in its own code page
_DAYS_TO_1970 = 25_569  # from 1899-12-30, where a spreadsheet counts from
_MS_PER_DAY = 86_400_000
_RISKY = r"^[=+\-@\t\r\n\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}]"
_NUMBER = r"^[+-]?(?:[0-9][0-9.,' \x{A0}\x{202F}]*|[.,][0-9]+)(?:[eE][+-]?[0-9]{1,3})?%?$"


class Lines(NamedTuple):
    """Rows as text, and how many cells were guarded."""

    data: bytes
    guarded: int = 0


class CsvText(NamedTuple):
    """Makes lines of blocks of rows; it holds no state, and may be sent to another process."""

    columns: tuple[Column, ...]
    delimiter: str = ","
    guard: bool = False

    def header(self) -> Lines:
        """Return the byte-order mark and the names."""
        names = pa.array([column.name for column in self.columns], pa.string())
        text, guarded = self._quoted(names, names.is_valid())
        return Lines(BOM + (self.delimiter.join(text.to_pylist()) + "\n").encode(), guarded)

    def pour(self, cells: Mapping[str, Cells], rows: int) -> Lines:
        """Return rows; `cells` maps column names to (numbers, texts)."""
        if not rows:
            return Lines(b"")
        parts: list[pa.Array] = []
        total = 0
        for column in self.columns:
            numbers, texts = cells[column.name]
            words = None if texts is None else texts.is_valid()
            text, guarded = self._quoted(_text(column, numbers, texts, rows), words)
            parts.append(text)
            total += guarded
        parts[-1] = pc.binary_join_element_wise(parts[-1], "\n", "")
        return Lines(bytes(bytes_of(pc.binary_join_element_wise(*parts, self.delimiter))), total)

    def _quoted(self, text: pa.Array, words: pa.Array | None) -> tuple[pa.Array, int]:
        """Quote the cells that must be; most columns have none. `words`: which came as text."""
        raw = bytes(bytes_of(text))
        risky, guarded = None, 0
        if self.guard and words is not None:
            risky = pc.and_(pc.match_substring_regex(text, _RISKY), words)
            risky = pc.and_(risky, pc.invert(pc.match_substring_regex(text, _NUMBER)))
            guarded = pc.sum(risky).as_py() or 0
        if not guarded and not any(sign.encode() in raw for sign in ('"', "\r", "\n", self.delimiter)):
            return text, 0
        delimiter = {"\t": r"\t"}.get(self.delimiter, f"\\{self.delimiter}")
        special = pc.match_substring_regex(text, f'["\\r\\n{delimiter}]')
        if guarded:
            text = pc.if_else(risky, pc.binary_join_element_wise("'", text, ""), text)
            special = pc.or_(special, risky)
        quoted = pc.binary_join_element_wise('"', pc.replace_substring(text, '"', '""'), '"', "")
        return pc.if_else(special, quoted, text), guarded


def _text(column: Column, numbers: pa.Array | None, texts: pa.Array | None, rows: int) -> pa.Array:
    """Return a column as text, without nulls: dates, which a workbook counts in days, in ISO form."""
    found = [pa.nulls(rows, pa.string()) if texts is None else plain(texts)]
    if numbers is not None:
        dated = column.kind in (Kind.DATE, Kind.DATETIME)
        found.append(_iso(column.kind, plain(numbers)) if dated else plain(numbers))
    return pc.coalesce(*found, "")


def _iso(kind: Kind, days: pa.Array) -> pa.Array:
    since_1970 = pc.subtract(pc.cast(days, pa.float64()), float(_DAYS_TO_1970))
    moments = pc.cast(pc.cast(pc.round(pc.multiply(since_1970, float(_MS_PER_DAY))), pa.int64()), pa.timestamp("ms"))
    if kind is Kind.DATE:
        return pc.strftime(moments, format="%Y-%m-%d")
    return pc.replace_substring_regex(pc.strftime(moments, format="%Y-%m-%dT%H:%M:%S"), r"\.000$", "")
