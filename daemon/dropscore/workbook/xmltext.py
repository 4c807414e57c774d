"""Text that a cell can hold and XML allows, of one string or of a whole Arrow column.

Excel reads `_x0041_` inside a text as `A`, so an underscore that would begin such an escape is escaped itself.
A carriage return would be read as a line feed, unless it is written as a character reference.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dropscore.workbook.records import CELL_LIMIT

_FORBIDDEN = "[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]"
_forbidden = re.compile(_FORBIDDEN)
_surrogate = re.compile("[\ud800-\udfff]")
_special = re.compile("[\x00-\x08\x0b-\x1f&<>\ud800-\udfff\ufffe\uffff]|_x")
_RE2_FORBIDDEN = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x{FFFE}\x{FFFF}]"
_RE2_ESCAPE = "_x[0-9A-Fa-f]{4}_"
_escape = re.compile("_(?=x[0-9A-Fa-f]{4}_)")  # ahead only: in `_x0041_x0042_` both would be read
_CHARACTERS = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\r", "&#13;"))
_CUT = " … [cut: {} characters do not fit into a cell]"


class Cleaned(NamedTuple):
    """A column as XML, how many of its cells were cut and how many characters replaced."""

    text: pa.Array
    cut: int
    replaced: int


def utf16_length(text: str) -> int:
    """Return the length as Excel counts it."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def fitted(text: str, limit: int = CELL_LIMIT) -> str:
    """Return the text, cut with a mark if a cell cannot hold it. No character is cut in two."""
    if 2 * len(text) <= limit:  # no character is more than two
        return text
    length = utf16_length(text)
    if length <= limit:
        return text
    mark = _CUT.format(f"{length:,}")
    units = text.encode("utf-16-le", "surrogatepass")[: 2 * (limit - len(mark))]
    return units.decode("utf-16-le", "ignore") + mark


def escaped(text: str, limit: int = CELL_LIMIT) -> str:
    """Return one text as XML: cut if need be, forbidden characters as U+FFFD."""
    clean = fitted(text, limit)
    if not _special.search(clean):
        return clean
    clean = _escape.sub("_x005F_", allowed(clean))
    for character, reference in _CHARACTERS:
        clean = clean.replace(character, reference)
    return clean


def allowed(text: str) -> str:
    """Return a text for a writer that escapes by itself: without what XML forbids."""
    return _surrogate.sub("\ufffd", _forbidden.sub("\ufffd", text))


def attribute(text: str) -> str:
    """Return one text for use between double quotes in a tag."""
    return escaped(text).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;")


def offsets_of(text: pa.Array) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    """Return where each value begins and the last one ends, in the bytes of a `pa.string` array."""
    buffer = text.buffers()[1]
    if buffer is None or len(text) == 0:
        return np.zeros(len(text) + 1, np.int32)
    return np.frombuffer(buffer, np.int32)[text.offset : text.offset + len(text) + 1]


def bytes_of(text: pa.Array) -> memoryview:
    """Return the bytes of all values of a `pa.string` array, one after another."""
    offsets = offsets_of(text)
    buffer = text.buffers()[2]
    return memoryview(b"" if buffer is None else buffer)[int(offsets[0]) : int(offsets[-1])]


def plain(text: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Return a text column as one `pa.string` array, whatever kind of string it is."""
    whole = text.combine_chunks() if isinstance(text, pa.ChunkedArray) else text
    return whole if whole.type == pa.string() else whole.cast(pa.string())


def clean(text: pa.Array) -> Cleaned:
    """Return a `pa.string` array as XML. What is not in its bytes at all costs one look at them."""
    text, cut = _fit(text)
    raw = bytes(bytes_of(text))
    codes = np.frombuffer(raw, np.uint8)
    low = codes[codes < 32]
    replaced = 0
    if bool(np.isin(low, (9, 10, 13), invert=True).any()) or b"\xef\xbf\xbe" in raw or b"\xef\xbf\xbf" in raw:
        replaced = pc.sum(pc.count_substring_regex(text, _RE2_FORBIDDEN)).as_py() or 0
        text = pc.replace_substring_regex(text, _RE2_FORBIDDEN, "\ufffd")
    if b"_x" in raw:
        text = _mended(text, pc.match_substring_regex(text, _RE2_ESCAPE), lambda value: _escape.sub("_x005F_", value))
    for character, reference in _CHARACTERS:
        if character.encode() in raw:
            text = pc.replace_substring(text, character, reference)
    return Cleaned(text, cut, replaced)


def _fit(text: pa.Array) -> tuple[pa.Array, int]:
    lengths = np.diff(offsets_of(text))
    if lengths.size == 0 or int(lengths.max()) <= CELL_LIMIT:
        return text, 0
    # Fewer bytes than the limit are never too many characters, so only these few are looked at one by one.
    long = lengths > CELL_LIMIT
    too_long = [
        value is not None and utf16_length(value) > CELL_LIMIT for value in text.filter(pa.array(long)).to_pylist()
    ]
    long[long] = too_long
    return _mended(text, pa.array(long), fitted), int(sum(too_long))


def _mended(text: pa.Array, where: pa.Array, mend: Callable[[str], str]) -> pa.Array:
    where = pc.fill_null(where, False)
    values = [mend(value) for value in text.filter(where).to_pylist()]
    return pc.replace_with_mask(text, where, pa.array(values, pa.string())) if values else text
