"""Text to dates and times: ISO 8601, or one strptime format. Each distinct text is read once."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dropscore.domain.schema import Field, Type
from dropscore.table.arrays import mask_of
from dropscore.table.records import Mask

DAY = 86_400_000_000
"""Microseconds."""
EPOCH_IN_SERIAL_DAYS = 25_569
"""Days from 1899-12-30 to 1970-01-01."""
FIRST_SERIAL = 61
"""1900-03-01: before it, spreadsheets count a day that never was."""
ISO_DATE = "%Y-%m-%d"
ISO_TIMES = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M")
_MONTHS = (
    "jan feb mar apr may jun jul aug sep oct nov dec",
    "january february march april may june july august september october november december",
)
_CODES = {
    "d": r"(?P<d>\d{1,2})",
    "m": r"(?P<m>\d{1,2})",
    "Y": r"(?P<Y>\d{4})",
    "y": r"(?P<y>\d{2})",
    "H": r"(?P<H>\d{1,2})",
    "M": r"(?P<M>\d{2})",
    "S": r"(?P<S>\d{2})(?:[.,](?P<f>\d{1,6}))?",
    "b": r"(?P<b>[A-Za-z]{3,9})",
    "B": r"(?P<b>[A-Za-z]{3,9})",
    "%": "%",
}
_ISO = _CODES | {"d": r"(?P<d>\d{2})", "m": r"(?P<m>\d{2})", "H": r"(?P<H>\d{2})"}


class Dates(NamedTuple):
    """What became of a column of dates."""

    values: npt.NDArray[np.int64]
    """Days since 1970-01-01, or microseconds."""
    good: Mask
    shaped: Mask
    """The notation is right, even where there is no such day."""


def formats_of(field: Field) -> tuple[str, ...]:
    """Return the formats that the field's cells may have. A date alone is a time at midnight."""
    given = ISO_DATE if field.format in ("default", "any", "iso") else field.format
    if field.type is Type.DATE:
        return (given,)
    if field.format in ("default", "any", "iso"):
        return (*ISO_TIMES, ISO_DATE)
    return (given,) if "%H" in given else (f"{given} %H:%M:%S", f"{given} %H:%M", given)


def pattern_of(form: str) -> str:
    """Return a strptime format as a pattern with named groups. ValueError: a code that is not known."""
    codes = _ISO if form.startswith("%Y-%m-%d") else _CODES
    pattern = ""
    at = 0
    for found in re.finditer(r"%(.)", form):
        if found.group(1) not in codes:
            raise ValueError(f"dates: %{found.group(1)} in {form!r} is not known")
        pattern += re.escape(form[at : found.start()]) + codes[found.group(1)]
        at = found.end()
    return pattern + re.escape(form[at:]) + ("Z?" if "%S" in form and form.startswith("%Y-%m-%d") else "")


def parse(text: pa.Array, field: Field) -> Dates:
    """Read the cells in any of the field's formats. Null cells are not good."""
    return parse_in(text, formats_of(field), days=field.type is Type.DATE)


def parse_in(text: pa.Array, formats: tuple[str, ...], *, days: bool) -> Dates:
    encoded = text.dictionary_encode()
    words = pc.ascii_trim(encoded.dictionary, " \t")
    values = np.zeros(len(words), np.int64)
    good = np.zeros(len(words), dtype=bool)
    shaped = np.zeros(len(words), dtype=bool)
    for form in formats:
        if good.all():
            break
        these, fits, looks = _read(words, form)
        fresh = fits & ~good
        values[fresh] = these[fresh]
        good |= fits
        shaped |= looks
    if days:
        values //= DAY
    codes = encoded.indices
    null = mask_of(codes.is_null()) if codes.null_count else np.zeros(len(text), dtype=bool)
    at = codes.fill_null(0).to_numpy(zero_copy_only=False) if codes.null_count else codes.to_numpy()
    if not len(words):
        empty = np.zeros(len(text), dtype=bool)
        return Dates(np.zeros(len(text), np.int64), empty, empty)
    return Dates(values[at], good[at] & ~null, shaped[at] & ~null)


def _read(words: pa.Array, form: str) -> tuple[npt.NDArray[np.int64], Mask, Mask]:
    found = pc.extract_regex(words, f"^{pattern_of(form)}$")
    shaped = mask_of(found.is_valid())
    if not shaped.any():
        return np.zeros(len(words), np.int64), shaped, shaped
    parts = {name.name: found.field(name.name) for name in found.type}

    def number(name: str, default: int) -> npt.NDArray[np.int64]:
        if name not in parts:
            return np.full(len(words), default, np.int64)
        column = parts[name]
        blank = pc.equal(column, "")
        return np.asarray(pc.cast(pc.if_else(blank, "0", column), pa.int64()).fill_null(default))

    year = number("Y", 1970)
    if "y" in parts:
        short = number("y", 70)
        year = np.where(short < 69, 2000 + short, 1900 + short)  # as POSIX strptime does
    month = number("m", 1)
    if "b" in parts:
        month = _months(parts["b"])
    day, hour, minute, second = number("d", 1), number("H", 0), number("M", 0), number("S", 0)
    fraction = np.zeros(len(words), np.int64)
    if "f" in parts:
        fraction = np.asarray(pc.cast(pc.ascii_rpad(parts["f"].fill_null(""), 6, "0"), pa.int64()))
    possible = (month >= 1) & (month <= 12) & (day >= 1) & (year >= 1)
    days = _days(year, np.where(possible, month, 1), day)
    possible &= day <= _month_length(year, np.where(possible, month, 1))
    possible &= (hour < 24) & (minute < 60) & (second < 60)
    moment = days * DAY + ((hour * 60 + minute) * 60 + second) * 1_000_000 + fraction
    return moment, shaped & possible, shaped


def _months(names: pa.Array) -> npt.NDArray[np.int64]:
    lower = pc.ascii_lower(names)
    month = np.zeros(len(names), np.int64)
    for spelling in _MONTHS:
        at = pc.index_in(lower, value_set=pa.array(spelling.split()))
        month = np.where(mask_of(at.is_valid()), np.asarray(at.fill_null(0)) + 1, month)
    return month


def _days(
    year: npt.NDArray[np.int64], month: npt.NDArray[np.int64], day: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Return days since 1970-01-01 of the proleptic Gregorian calendar."""
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    found: npt.NDArray[np.int64] = months.astype("datetime64[D]").astype(np.int64) + day - 1
    return found


def _month_length(year: npt.NDArray[np.int64], month: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    one = np.ones_like(year)
    return _days(year + (month == 12), np.where(month == 12, 1, month + 1), one) - _days(year, month, one)


def serials(values: npt.NDArray[np.int64], *, days: bool) -> tuple[pa.Array, Mask]:
    """Return spreadsheets' serial numbers as text, and which dates a spreadsheet can count."""
    if days:
        numbers = values + EPOCH_IN_SERIAL_DAYS
        return pc.cast(pa.array(numbers), pa.string()), numbers >= FIRST_SERIAL
    whole, rest = np.divmod(values, DAY)
    exact = pc.cast(pa.array(whole + EPOCH_IN_SERIAL_DAYS + np.round(rest / DAY, 10)), pa.string())
    return exact, whole + EPOCH_IN_SERIAL_DAYS >= FIRST_SERIAL
