"""Arrow's text seen as NumPy bytes: what makes a judgement on 50,000 cells cost one pass over their letters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dropscore.table.records import Mask, Positions
from dropscore.table.structure import Octets


def parts(text: pa.Array) -> tuple[npt.NDArray[np.int64], Octets]:
    """Return the offsets of a pa.string array (one more than cells, the first is 0), and its bytes."""
    _, offsets_buffer, data_buffer = text.buffers()
    if not len(text):
        return np.zeros(1, np.int64), np.empty(0, np.uint8)
    offsets = np.frombuffer(offsets_buffer, np.int32)[text.offset : text.offset + len(text) + 1]
    data = np.empty(0, np.uint8) if data_buffer is None else np.frombuffer(data_buffer, np.uint8)
    return (offsets - offsets[0]).astype(np.int64), data[offsets[0] : offsets[-1]]


def lengths(text: pa.Array) -> npt.NDArray[np.int64]:
    """Return the bytes of each cell; 0 where it is null."""
    return np.diff(parts(text)[0])


def nulled(text: pa.Array, mask: Mask) -> pa.Array:
    """Return the array with null where `mask` is set. Nothing is copied but the bits."""
    if not mask.any():
        return text
    if text.offset or text.null_count:
        return pc.if_else(pa.array(mask), pa.scalar(None, text.type), text)
    validity = pa.py_buffer(np.packbits(~mask, bitorder="little"))
    return pa.Array.from_buffers(text.type, len(text), [validity, *text.buffers()[1:]])


def rewritten(text: pa.Array, table: Octets) -> pa.Array:
    """Return the array with each byte replaced as the table of 256 says."""
    offsets, data = parts(text)
    buffers = [None, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(table[data])]
    return pa.Array.from_buffers(pa.string(), len(text), buffers)


def cells_of(offsets: npt.NDArray[np.int64], places: Positions) -> Positions:
    """Return which cells the bytes at `places` belong to, each once, in order."""
    return np.unique(np.searchsorted(offsets, places, "right") - 1)


def mask_of(condition: pa.Array) -> Mask:
    """Return an Arrow condition as a mask; null is False."""
    found = condition.fill_null(False) if condition.null_count else condition
    mask: Mask = found.to_numpy(zero_copy_only=False)
    return mask


def matches(text: pa.Array, pattern: str) -> Mask:
    """Return which cells match a pattern as a whole."""
    return mask_of(pc.match_substring_regex(text, f"^(?:{pattern})$"))


def among(text: pa.Array, words: Sequence[str]) -> Mask:
    """Return which cells are one of the words."""
    return mask_of(pc.is_in(text, value_set=pa.array(list(words), pa.string())))


def begins_as(text: pa.Array, words: Sequence[str]) -> Mask:
    """Return which cells have the first byte of one of the words: a look that costs next to nothing."""
    offsets, data = parts(text)
    if not len(data):
        return np.zeros(len(text), dtype=bool)
    table = np.zeros(256, dtype=bool)
    table[[word.encode()[0] for word in words if word]] = True
    found: Mask = table[data[np.minimum(offsets[:-1], len(data) - 1)]] & (np.diff(offsets) > 0)
    return found


def numpy_of(array: pa.Array) -> npt.NDArray[Any]:
    """Return the values; where one is null, 0."""
    found: npt.NDArray[Any] = (array.fill_null(0) if array.null_count else array).to_numpy(zero_copy_only=False)
    return found


def replaced(text: pa.Array, where: Positions, by: pa.Array) -> pa.Array:
    """Return the array with the cells at `where` (ascending) replaced."""
    mask = np.zeros(len(text), dtype=bool)
    mask[where] = True
    return pc.replace_with_mask(text, pa.array(mask), by)


def masked(values: npt.NDArray[Any], kind: pa.DataType, null: Mask) -> pa.Array:
    """Return NumPy values as Arrow, null where the mask is set."""
    return pa.array(values, kind, mask=null) if null.any() else pa.array(values, kind)


def float_text(values: pa.Array) -> pa.Array:
    """Return float64 as the shortest text that is read back equal: whole numbers of up to 15 digits in full."""
    text = pc.cast(values, pa.string())
    whole = pc.and_(pc.equal(values, pc.floor(values)), pc.less(pc.abs(values), 1e15))
    if not mask_of(whole).any():
        return text
    return pc.if_else(whole, pc.cast(pc.cast(pc.if_else(whole, values, 0.0), pa.int64()), pa.string()), text)
