"""Text to numbers, in one notation: the schema's, or the route's.

Most cells are digits, a point and a sign: one look at the bytes shows that, and Arrow's cast does the rest.
Only the other cells are looked at with patterns.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dropscore.domain.schema import Field, Type
from dropscore.table.arrays import cells_of, mask_of, matches, nulled, parts, replaced, rewritten
from dropscore.table.records import Mask, Positions

# Patterns are read by RE2 and by Python, so they use what both know: no classes of Unicode, no look-around.
SPACES = " \u00a0\u202f\u2009"
APOSTROPHES = "'\u2019"
CURRENCY = "[$€£¥₹₽₩₺₪₫₴₱฿¢]|EUR|USD|GBP|CHF|JPY|SEK|NOK|DKK|PLN|CZK|MXN|ARS|COP|CLP|BRL"
_EXPONENT = "(?:[eE][+-]?\\d{1,3})?"


class Numbers(NamedTuple):
    """What became of a column of numbers."""

    values: npt.NDArray[Any]
    """float64 or int64; anything where not `good`."""
    good: Mask
    plain: pa.Array
    """The text in the canonical notation, for the good cells."""
    bad: Positions


def _digits_table(integer: bool) -> Mask:
    table = np.zeros(256, dtype=bool)
    table[list(b"0123456789-" if integer else b"0123456789-.")] = True
    return table


_ODD = {True: ~_digits_table(True), False: ~_digits_table(False)}


def _swap_table(decimal: str) -> npt.NDArray[np.uint8]:
    table = np.arange(256, dtype=np.uint8)
    table[ord(decimal)], table[ord(".")] = ord("."), ord("_")
    return table


def group_class(group: str) -> str:
    """Return the pattern of a group separator. A space may be any that typographers use, an apostrophe too."""
    if group in (" ", "\u00a0", "\u202f", "\u2009"):
        return f"[{SPACES}]"
    if group in ("'", "\u2019"):
        return f"[{APOSTROPHES}]"
    return re.escape(group)


def grammar(field: Field) -> str:
    """Return the pattern of the field's numbers, for RE2."""
    digits = "\\d+"
    if field.group_char:
        group = group_class(field.group_char)
        digits = f"(?:\\d+|[1-9]\\d{{0,2}}(?:{group}\\d{{3}})+)"
    if field.type is Type.INTEGER:
        return f"[+-]?{digits}"
    decimal = re.escape(field.decimal_char)
    return f"[+-]?(?:{digits}(?:{decimal}\\d*)?|{decimal}\\d+){_EXPONENT}"


def parse(text: pa.Array, missing: Mask, field: Field) -> Numbers:
    """Read the cells that are not missing."""
    integer = field.type is Type.INTEGER
    kind = pa.int64() if integer else pa.float64()
    plain = text
    if not integer and field.decimal_char != ".":
        plain = rewritten(text, _swap_table(field.decimal_char))
    offsets, data = parts(plain)
    odd = np.zeros(len(text), dtype=bool)
    if (strange := _ODD[integer][data]).any():
        odd[cells_of(offsets, np.flatnonzero(strange))] = True
        odd = (odd | _malformed(offsets, data)) & ~missing  # where some cells are strange, others are too
    values, good = _cast(plain, missing | odd, kind)
    if good is None:  # a cell such as 1.2.3 or --1 is among those that looked plain
        odd = _malformed(offsets, data) & ~missing
        values, good = _cast(plain, missing | odd, kind)
    if good is None:  # digits that are too many for 64 bits
        odd = ~missing
        values, good = np.zeros(len(text), kind.to_pandas_dtype()), np.zeros(len(text), dtype=bool)
    if odd.any():
        plain = _read_odd(text, plain, np.flatnonzero(odd), field, kind, values, good)
    bad = np.flatnonzero(~good & ~missing)
    return Numbers(values, good, plain, bad)


def _cast(text: pa.Array, skipped: Mask, kind: pa.DataType) -> tuple[npt.NDArray[Any], Mask | None]:
    try:
        cast = pc.cast(nulled(text, skipped), kind)
    except pa.ArrowInvalid:
        return np.empty(0), None
    values = cast.fill_null(0).to_numpy(zero_copy_only=False) if cast.null_count else cast.to_numpy()
    return (values.copy() if skipped.any() else values), ~skipped


def _malformed(offsets: npt.NDArray[np.int64], data: npt.NDArray[np.uint8]) -> Mask:
    """Return which cells have two points, a sign in their midst, or no digit."""
    points, signs = (_counted(data == ord(sign), offsets) for sign in ".-")
    filled = np.flatnonzero(np.diff(offsets))
    leading = np.zeros(len(points), dtype=np.int64)
    leading[filled] = data[offsets[filled]] == ord("-")
    wrong: Mask = (points > 1) | (signs > leading) | (np.diff(offsets) - points - signs == 0)
    return wrong


def _counted(found: Mask, offsets: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return how many of the bytes that were found each cell has."""
    total = np.zeros(len(found) + 1, np.int32)
    np.cumsum(found, out=total[1:])
    return np.diff(total[offsets]).astype(np.int64)


def _read_odd(
    text: pa.Array,
    plain: pa.Array,
    where: Positions,
    field: Field,
    kind: pa.DataType,
    values: npt.NDArray[Any],
    good: Mask,
) -> pa.Array:
    """Read the cells at `where`, one pattern for all; fills `values` and `good`, and returns the plain text."""
    cells = pc.ascii_trim(text.take(pa.array(where)), " \t")
    if not field.bare_number:
        cells = bared(cells)
    fits = matches(cells, grammar(field))
    if not fits.any():
        return plain
    cells, where = cells.filter(pa.array(fits)), where[fits]
    if field.group_char:
        cells = pc.replace_substring_regex(cells, group_class(field.group_char), "")
    if field.decimal_char != ".":
        cells = pc.replace_substring(cells, field.decimal_char, ".")
    cells = pc.ascii_ltrim(cells, "+")
    inside = _in_range(cells, kind)
    cells, where = cells.filter(pa.array(inside)), where[inside]
    if not len(where):
        return plain
    values[where] = pc.cast(cells, kind).to_numpy(zero_copy_only=False)
    good[where] = True
    return replaced(plain, where, cells)


def _in_range(cells: pa.Array, kind: pa.DataType) -> Mask:
    numbers = pc.cast(cells, pa.float64()).to_numpy(zero_copy_only=False)
    inside: Mask = np.isfinite(numbers)
    if pa.types.is_floating(kind):
        return inside
    inside = np.abs(numbers) < 2.0**63 - 1024
    for at in np.flatnonzero(~inside):  # at the very edge only: floats are too coarse to tell
        inside[at] = -(2**63) <= int(cells[int(at)].as_py()) < 2**63 if len(cells[int(at)].as_py()) < 40 else False
    return inside


def bared(cells: pa.Array) -> pa.Array:
    """Return the cells without currency and percent signs; accounting negatives get their sign in front."""
    brackets = matches(cells, r"\(.*\d.*\)")
    if brackets.any():
        inner = pc.utf8_replace_slice(pc.utf8_slice_codeunits(cells, 0, -1), 0, 1, "-")
        cells = pc.if_else(pa.array(brackets), inner, cells)
    behind = matches(cells, r"[^-]*\d[^-\d]*-")
    if behind.any():
        moved = pc.binary_join_element_wise("-", pc.utf8_slice_codeunits(cells, 0, -1), "")
        cells = pc.if_else(pa.array(behind), moved, cells)
    edge = f"^([-+]?)(?:{CURRENCY})[{SPACES}]?([-+]?)"
    cells = pc.replace_substring_regex(cells, edge, "\\1\\2")
    return pc.replace_substring_regex(cells, f"[{SPACES}]?(?:{CURRENCY}|%)$", "")


def canonical(plain: pa.Array, good: Mask, values: npt.NDArray[Any]) -> Mask:
    """Return which good cells may be shown as numbers by their own text, without losing a digit.

    No zeros or points at the wrong end, no exponents; at most 15 digits, or as many as the number itself has
    when it is written in full: then nothing was lost on the way into a double.
    """
    offsets, data = parts(plain)
    long = np.diff(offsets)
    shown = good & (long > 0)
    safe = np.where(shown, offsets[:-1], 0)
    if not len(data):
        return shown
    first = data[safe]
    negative = first == ord("-")
    safe = np.minimum(safe + negative, len(data) - 1)
    lead = data[safe]
    second = data[np.minimum(safe + 1, len(data) - 1)]
    last = data[np.maximum(offsets[1:] - 1, 0)]
    digits = long - negative
    zeros = (lead == ord("0")) & (digits > 1) & (second != ord("."))
    shown &= (lead >= ord("0")) & (lead <= ord("9")) & ~zeros & (last >= ord("0")) & (last <= ord("9"))
    strange = _ODD[False][data]
    if strange.any():
        shown[cells_of(offsets, np.flatnonzero(strange))] = False
    wide = np.flatnonzero(shown & (digits > 15))
    if len(wide):
        shown[wide] = _survives(plain.take(pa.array(wide)), values[wide])
    return shown


def _survives(text: pa.Array, values: npt.NDArray[Any]) -> Mask:
    """Return which texts are what their own number looks like when it is written out."""
    if values.dtype == np.int64:
        return (values <= 2**53) & (values >= -(2**53))  # the absolute value of the least integer overflows
    short = matches(text, r"-?\d{1,15}\.\d{1,15}") & (pc.utf8_length(text).to_numpy(zero_copy_only=False) <= 16)
    same = mask_of(pc.equal(pc.cast(pa.array(values), pa.string()), text))
    whole = matches(text, r"-?\d+") & (np.abs(values) <= 2**53)
    found: Mask = short | same | whole
    return found
