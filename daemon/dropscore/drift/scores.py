"""A column of numbers on the scale of its own training: where each value would lie there, as a normal score.

The scale is the same for incomes and ages, skewed and heavy-tailed: 1 is one standard deviation, and nothing far out
counts for more than the end of the training's range.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Floats = NDArray[np.float64]

POINTS = 101
PERCENT: Floats = np.linspace(0.0, 1.0, POINTS)
_END = 0.005
_LEAST_SPREAD = 0.1
"""A column of almost one value would make a giant of any other."""


@dataclass(frozen=True, eq=False)
class Scale:
    """The percentiles of one column in training, and what is worked out of them once."""

    quantiles: Floats
    rows: int
    """Values that the percentiles stand for: not missing, and no more than a profile keeps."""

    @cached_property
    def ties(self) -> bool:
        """Whether some value is that of several percentiles."""
        return bool((np.diff(self.quantiles) <= 0).any())

    @cached_property
    def own(self) -> Floats:
        return scores(shares_below(self.quantiles, self.quantiles))

    @cached_property
    def spread(self) -> float:
        return max(_LEAST_SPREAD, float(self.own.std()))

    def compared(self, percentiles: Floats) -> tuple[float, float]:
        """Return level and shape of a batch with these percentiles; see `level_and_shape`."""
        # Where no value repeats, both are the same, and one is much faster.
        ties = self.ties
        shares = shares_below(self.quantiles, percentiles) if ties else np.interp(percentiles, self.quantiles, PERCENT)
        level, shape = level_and_shape(scores(shares), self.own, self.spread)
        return float(level), float(shape)


def shares_below(quantiles: Floats, values: Floats) -> Floats:
    """Return which share of a distribution lies below each value; of a value that repeats, half counts as below.

    Both arrays have percentiles in their last axis, and as many rows or one.
    """
    if quantiles.ndim == 1:
        return _shares(quantiles, values, np.zeros(1, dtype=np.int64), len(quantiles))
    # All rows at once, one after the other on one long line.
    low = min(float(quantiles.min()), float(values.min()))
    span = (max(float(quantiles.max()), float(values.max())) - low) * 2 or 1.0
    at = np.arange(len(quantiles))[:, None]
    line, looked = quantiles - low + span * at, values - low + span * at
    return _shares(line.ravel(), looked, at * quantiles.shape[1], quantiles.shape[1])


def _shares(line: Floats, values: Floats, first: NDArray[np.int64], length: int) -> Floats:
    last = length - 1
    left = np.clip(np.searchsorted(line, values, "left") - first, 0, last + 1)
    right = np.clip(np.searchsorted(line, values, "right") - first, 0, last + 1)
    below, above = line[np.clip(left - 1, 0, last) + first], line[np.clip(left, 0, last) + first]
    gap = above - below
    part = np.divide(values - below, gap, out=np.zeros_like(gap), where=gap > 0)
    between = np.where(left == 0, 0.0, np.where(left > last, last, left - 1 + np.clip(part, 0.0, 1.0)))
    found: Floats = np.where(right > left, (left + right - 1) / 2, between) / last
    return found


def scores(shares: Floats) -> Floats:
    found: Floats = ndtri(np.minimum(np.maximum(shares, _END), 1 - _END))
    return found


def level_and_shape(batch: Floats, own: Floats, spread: float) -> tuple[Floats, Floats]:
    """Return how much higher the batch lies, in standard deviations, and by how much its shape differs.

    batch, own: scores at the percentiles, in the last axis. The shape is the Wasserstein distance that is left once
    both lie at the same level.
    """
    differences = (batch - own) / spread
    level = differences.mean(axis=-1)
    return level, np.abs(differences - level[..., None]).mean(axis=-1)


@dataclass(frozen=True, eq=False)
class Counted:
    """A column of so few values in training that each of them was counted."""

    values: Floats
    counts: Floats

    @cached_property
    def rows(self) -> int:
        return int(self.counts.sum())

    @cached_property
    def shares(self) -> Floats:
        found: Floats = self.counts / self.counts.sum()
        return found

    @cached_property
    def scores(self) -> Floats:
        return scores(np.cumsum(self.shares) - self.shares / 2)

    @cached_property
    def spread(self) -> float:
        mean = float(self.shares @ self.scores)
        return max(_LEAST_SPREAD, float(np.sqrt(self.shares @ (self.scores - mean) ** 2)))

    def compared(self, values: Floats, counts: Floats) -> tuple[float, float]:
        """Return level and shape of a batch with these values. New ones lie where they would between the old."""
        places = np.searchsorted(self.values, values)
        if places[-1] < len(self.values) and (self.values[places] == values).all():
            batch = np.zeros(len(self.values))
            batch[places] = counts
            level, shape = moved(batch, self.counts, self.scores, self.spread)
            return float(level), float(shape)
        grid = np.union1d(self.values, values)
        own, batch = np.zeros(len(grid)), np.zeros(len(grid))
        own[np.searchsorted(grid, self.values)] = self.counts
        batch[np.searchsorted(grid, values)] = counts
        shares = own / own.sum()
        level, shape = moved(batch, own, scores(np.cumsum(shares) - shares / 2), self.spread)
        return float(level), float(shape)


def moved(batch: Floats, own: Floats, at: Floats, spread: float) -> tuple[Floats, Floats]:
    """Return level and shape of counts (values in the last axis) at the scores `at`.

    The shape is by how much the Wasserstein distance exceeds the difference of the levels.
    """
    differences = batch / batch.sum(axis=-1, keepdims=True) - own / own.sum(axis=-1, keepdims=True)
    level = differences @ at
    distance = np.abs(np.cumsum(differences, axis=-1)[..., :-1]) @ np.diff(at)
    return level / spread, np.maximum(0.0, distance - np.abs(level)) / spread
