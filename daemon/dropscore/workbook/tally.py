"""What is counted of the predictions while they are poured, in bounded memory, for the chart.

Classes are counted by name. Numbers fall into bins whose edges are decimal: 1 or 5 times a power of ten. Where
the range outgrows the bins, neighbours are merged into the next step (1 → 5 → 10), which is exact, and does not
depend on how the rows were cut into blocks other than by the step it began with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dropscore.workbook.records import Column, Kind

_CLASSES = 1_000  # names that are kept; what comes after them is counted together
_SHOWN = 12
_FINE = 2_000  # bins at most while counting
_BARS = 15
_TENTHS = -2  # the step 0.1
_FLOATS = np.ndarray[tuple[int], np.dtype[np.float64]]


@dataclass(frozen=True, slots=True)
class Classes:
    counts: Mapping[str, int]
    other: int = 0
    """Of values that came after the first thousand different ones."""


@dataclass(frozen=True, slots=True)
class Bins:
    """Counts from `first` on in steps of `scale`: 10^(scale // 2), times 5 if it is odd."""

    scale: int
    first: int
    counts: tuple[int, ...]
    unplaced: int = 0
    """Values that are no number, or a probability outside 0 to 1."""
    whole: bool = False
    """Integers: a bin of one says its number."""


Tally = Classes | Bins


@dataclass(frozen=True, slots=True)
class Bar:
    label: str
    rows: int


def by_class(column: Column) -> bool:
    """Say whether a column's values are counted by name."""
    return bool(column.enum) or column.kind in (Kind.TEXT, Kind.BOOLEAN, Kind.DATE, Kind.DATETIME)


def count(column: Column, numbers: pa.Array | None, texts: pa.Array | None) -> Tally:
    """Count one block of a column."""
    if by_class(column):
        total: Tally = Classes({})
        for values in (texts, numbers):
            if values is not None:
                total = merged(total, _classes(values))
        return total
    unplaced = 0 if texts is None else len(texts) - texts.null_count
    found = (
        np.zeros(0) if numbers is None else pc.cast(pc.drop_null(numbers), pa.float64()).to_numpy(zero_copy_only=False)
    )
    return _tenths(found, unplaced) if column.probability else _bins(found, unplaced, column.kind is Kind.INTEGER)


def merged(one: Tally, other: Tally) -> Tally:
    """Return the counts of two blocks together."""
    if isinstance(one, Classes) and isinstance(other, Classes):
        counts = dict(one.counts)
        rest = one.other + other.other
        for name, rows in other.counts.items():
            if name in counts or len(counts) < _CLASSES:
                counts[name] = counts.get(name, 0) + rows
            else:
                rest += rows
        return Classes(counts, rest)
    if isinstance(one, Bins) and isinstance(other, Bins):
        return _merged_bins(one, other)
    raise TypeError("classes and bins cannot be counted together")


def bars(tally: Tally, other: str) -> tuple[Bar, ...]:
    """Return what the chart shows; `other` is the word for the rest."""
    if isinstance(tally, Classes):
        ranked = sorted(tally.counts.items(), key=lambda item: (-item[1], item[0]))
        rest = tally.other + sum(rows for _, rows in ranked[_SHOWN:])
        shown = [Bar(name, rows) for name, rows in ranked[:_SHOWN]]
        return (*shown, Bar(other, rest)) if rest else tuple(shown)
    shown = _bin_bars(tally)
    return (*shown, Bar(other, tally.unplaced)) if tally.unplaced else tuple(shown)


def _classes(values: pa.Array) -> Classes:
    found = pc.value_counts(pc.drop_null(values))
    pairs = zip(found.field("values").to_pylist(), found.field("counts").to_pylist(), strict=True)
    merged_counts = merged(Classes({}), Classes(dict(pairs)))
    assert isinstance(merged_counts, Classes)
    return merged_counts


def _edge(scale: int, index: int) -> float:
    """Return the lower edge of a bin: the double nearest to the decimal number."""
    return float(_decimal(scale, index))


def _decimal(scale: int, index: int) -> Decimal:
    return Decimal(index * (5 if scale % 2 else 1)).scaleb(scale // 2)


def _edges(scale: int, first: int, last: int) -> _FLOATS:
    return np.array([_edge(scale, index) for index in range(first, last + 1)])


def _tenths(values: _FLOATS, unplaced: int) -> Bins:
    inside = values[(values >= 0) & (values <= 1)]
    index = np.minimum(np.searchsorted(_edges(_TENTHS, 0, 10), inside, side="right") - 1, 9)
    counts = np.bincount(index, minlength=10)
    return Bins(_TENTHS, 0, tuple(counts.tolist()), unplaced + len(values) - len(inside))


def _bins(values: _FLOATS, unplaced: int, whole: bool) -> Bins:
    finite = values[np.isfinite(values)]
    unplaced += len(values) - len(finite)
    if not len(finite):
        return Bins(0, 0, (), unplaced, whole)
    low, high = float(finite.min()), float(finite.max())
    scale = _scale(low, high, whole)
    first = int(Decimal(low) // _decimal(scale, 1)) - 1
    last = int(Decimal(high) // _decimal(scale, 1)) + 2
    index = np.searchsorted(_edges(scale, first, last), finite, side="right") - 1
    return _trimmed(Bins(scale, first, tuple(np.bincount(index).tolist()), unplaced, whole))


def _scale(low: float, high: float, whole: bool) -> int:
    """Return the finest step that needs no more than half of the bins, and that doubles can tell apart."""
    need = max((high / 2 - low / 2) / (_FINE / 4), max(abs(low), abs(high)) / 2**40, 1e-9)
    scale = 0 if whole else -18
    while _decimal(scale, 1) < Decimal(need):
        scale += 1
    return scale


def _trimmed(bins: Bins) -> Bins:
    filled = np.flatnonzero(bins.counts)
    start, end = (int(filled[0]), int(filled[-1]) + 1) if len(filled) else (0, 0)
    return Bins(bins.scale, bins.first + start, bins.counts[start:end], bins.unplaced, bins.whole)


def _coarser(bins: Bins, factor: int, scale: int) -> Bins:
    first = bins.first // factor
    index = (np.arange(len(bins.counts)) + bins.first) // factor - first
    counts = np.bincount(index, weights=bins.counts).astype(np.int64) if len(bins.counts) else index
    return Bins(scale, first, tuple(counts.tolist()), bins.unplaced, bins.whole)


def _merged_bins(one: Bins, other: Bins) -> Bins:
    if not one.counts or not other.counts:
        filled = one if one.counts else other
        return Bins(filled.scale, filled.first, filled.counts, one.unplaced + other.unplaced, filled.whole)
    while True:
        scale = max(one.scale, other.scale)
        one, other = _at(one, scale), _at(other, scale)
        first = min(one.first, other.first)
        length = max(one.first + len(one.counts), other.first + len(other.counts)) - first
        if length <= _FINE:
            break
        one, other = _at(one, scale + 1), _at(other, scale + 1)
    counts = np.zeros(length, np.int64)
    for bins in (one, other):
        counts[bins.first - first : bins.first - first + len(bins.counts)] += bins.counts
    return Bins(scale, first, tuple(counts.tolist()), one.unplaced + other.unplaced, one.whole)


def _at(bins: Bins, scale: int) -> Bins:
    while bins.scale < scale:
        bins = _coarser(bins, 2 if bins.scale % 2 else 5, bins.scale + 1)
    return bins


def _bin_bars(bins: Bins) -> list[Bar]:
    step = _decimal(bins.scale, 1)
    if bins.scale != _TENTHS or len(bins.counts) != 10 or bins.first:
        bins, step = _for_show(bins)
    found = []
    for position, rows in enumerate(bins.counts):
        low = step * (bins.first + position)
        high = low + step
        if bins.whole:
            label = _said(low) if step == 1 else f"{_said(low)} – {_said(high - 1)}"
        else:
            label = f"{_said(low)} – {_said(high)}"
        found.append(Bar(label, rows))
    return found


def _for_show(bins: Bins) -> tuple[Bins, Decimal]:
    """Return few bins with a step of 1, 2 or 5 times a power of ten, and that step."""
    step = _decimal(bins.scale, 1)
    power = bins.scale // 2
    while True:
        for digit in (1, 2, 5):
            wanted = Decimal(digit).scaleb(power)
            factor, rest = divmod(wanted, step)
            if factor < 1 or rest:
                continue
            coarse = _coarser(bins, int(factor), bins.scale)
            if len(coarse.counts) <= _BARS:
                return coarse, wanted
        power += 1


def _said(number: Decimal) -> str:
    return f"{number.normalize():f}" if number else "0"
