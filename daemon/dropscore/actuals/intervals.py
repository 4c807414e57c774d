"""Bootstrap intervals: seeded, vectorised, at a cost that does not grow with the number of pairs.

Every figure is a smooth function of means over pairs. It is resampled with its own standard error (bootstrap-t) on a
scale on which it is nearly normal. Beyond 2,000 pairs, random groups of pairs are resampled in place of pairs: their
means vary as the pairs' do.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FEWEST = 10
"""Pairs below which no interval is told."""
_TIMES = 1_000
_MOST = 2_000
_SEED = 20_261
_LOW, _HIGH = 0.025, 0.975


class Scale(NamedTuple):
    """A scale for the bootstrap: there, back, and the derivative of there."""

    there: Callable[[Floats], Floats]
    back: Callable[[Floats], Floats]
    slope: Callable[[Floats], Floats]


def _logit(x: Floats) -> Floats:
    return np.log(x / (1 - x))


PLAIN = Scale(lambda x: x, lambda y: y, np.ones_like)
POSITIVE = Scale(np.log, np.exp, lambda x: 1 / x)
SHARE = Scale(_logit, lambda y: 1 / (1 + np.exp(-y)), lambda x: 1 / (x * (1 - x)))


@functools.lru_cache(maxsize=8)
def _drawn(count: int, stream: int) -> NDArray[np.intp]:
    """Return which of so many each resample holds: the same whenever it is asked for."""
    return np.random.default_rng([_SEED, stream, count]).integers(0, count, (_TIMES, count))


def _grouped(values: Floats, stream: int) -> tuple[Floats, Floats]:
    """Return means and sizes of at most 2,000 random groups of values."""
    if len(values) <= _MOST:
        return values, np.ones(len(values))
    order = np.random.default_rng([_SEED, stream + 100, len(values)]).permutation(len(values))
    starts = np.linspace(0, len(values), _MOST, endpoint=False).astype(np.intp)
    sizes = np.diff(np.append(starts, len(values))).astype(np.float64)
    return np.add.reduceat(values[order], starts) / sizes, sizes


class _Resampled(NamedTuple):
    """A mean, its standard error, and both in each resample."""

    mean: float
    error: float
    means: Floats
    errors: Floats


def _resampled(values: Floats, stream: int) -> _Resampled:
    groups, sizes = _grouped(values, stream)
    # Only how far a group is from the mean is weighted: else groups of two would seem to vary from groups of one.
    mean = values.mean()
    weights = mean + (groups - mean) * sizes / sizes.mean()
    chosen = weights[_drawn(len(groups), stream)]
    scale = np.sqrt(len(groups))
    return _Resampled(
        float(weights.mean()),
        float(weights.std(ddof=1) / scale),
        chosen.mean(axis=1),
        chosen.std(axis=1, ddof=1) / scale,
    )


def _studentised(value: float, error: float, values: Floats, errors: Floats, scale: Scale) -> tuple[float, float]:
    point = np.array([value])
    y, spread = float(scale.there(point)[0]), float(error * scale.slope(point)[0])
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        turns = (scale.there(values) - y) / (errors * scale.slope(values))
    turns = turns[np.isfinite(turns)]
    if len(turns) < _TIMES // 2 or not np.isfinite(y):
        return float("nan"), float("nan")
    high, low = np.quantile(turns, [_LOW, _HIGH])
    found = scale.back(np.array([y - low * spread, y - high * spread]))
    return float(found[0]), float(found[1])


def of_mean(values: Floats, scale: Scale = PLAIN) -> tuple[float, float] | None:
    """Return the 95 % interval of a mean; None: there are too few values, or they are all alike."""
    if len(values) < FEWEST:
        return None
    found = _resampled(values, 0)
    if found.error <= 1e-12 * abs(found.mean):
        return None
    return _finite(_studentised(found.mean, found.error, found.means, found.errors, scale))


def of_root(squares: Floats) -> tuple[float, float] | None:
    """Return the interval of the root of a mean of squares."""
    found = of_mean(squares, POSITIVE)
    return None if found is None else (float(np.sqrt(found[0])), float(np.sqrt(found[1])))


def of_two(first: Floats, second: Floats, scale: Scale = SHARE) -> tuple[float, float] | None:
    """Return the interval of a share that is the mean of two samples' means, such as an AUC of its placements.

    `first` and `second` have the same mean, and vary independently. On a PLAIN scale it need be no share.
    """
    if min(len(first), len(second)) < FEWEST:
        return None
    one, two = _resampled(first, 1), _resampled(second, 2)
    share = float((one.mean + two.mean) / 2)
    error = float(np.hypot(one.error, two.error))
    if error <= 1e-12 or (scale is SHARE and not 0 < share < 1):
        return None
    shares = one.means + two.means - share
    errors = np.hypot(one.errors, two.errors)
    inside = (shares > 0) & (shares < 1) if scale is SHARE else np.ones(len(shares), dtype=bool)
    return _finite(_studentised(share, error, shares[inside], errors[inside], scale))


def _finite(found: tuple[float, float]) -> tuple[float, float] | None:
    return found if np.isfinite(found).all() else None
