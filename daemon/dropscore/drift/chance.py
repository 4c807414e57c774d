"""What chance alone does: the same distances where nothing has drifted, at the batch's number of rows.

The batch and the training are both drawn again from the training's profile. Rows at given ranks of a sorted sample
can be drawn without the others (their gaps are gamma distributed), so that five million rows cost what thirty do.
Everything is seeded: the same bundle and the same file give the same receipt on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import chdtrc, erfc, erfcinv

from dropscore.drift.scores import PERCENT, POINTS, Counted, Floats, Scale, level_and_shape, moved, scores, shares_below

DRAWS, MIX_DRAWS = 4_000, 20_000
"""Rare categories make a tail that is drawn further, and costs less."""
FEWEST = 30
_MOST = 4_096
"""Beyond this size distances only shrink with the root of the number of rows."""
_STEPS = 4
"""Sizes between a number of rows and its double."""
_SEED = 20_261_125
_SIDES = np.array([0.15, 0.1, 0.07, 0.05, 0.03, 0.02, 0.01, 0.005])
_TAIL = np.array([0.1, 0.08, 0.06, 0.045, 0.03, 0.02, 0.014, 0.01, 0.006, 0.004])
_FAR_TAIL = np.array([0.02, 0.01, 0.006, 0.004, 0.003, 0.002, 0.0015, 0.001, 0.0007, 0.0005])
_GRID = np.linspace(0.0, 1.0, 101)
_NEVER = 1e-12


@dataclass(frozen=True, eq=False)
class Tail:
    """How often chance alone gives at least so much: counted as far as draws go, beyond it as a normal tail falls."""

    grid: Floats
    """Distances at even steps of probability: a worker keeps many of these."""
    height: float
    slope: float

    def probability(self, distance: float) -> float:
        # A hair less: what is the same in exact numbers must count as such.
        count = len(self.grid) - int(np.searchsorted(self.grid, distance * (1 - 1e-9), "left"))
        counted = max(1, count) / len(self.grid)
        if counted > _TAIL[0]:
            return counted
        return float(np.exp(np.clip(self.height - self.slope * distance * distance, np.log(_NEVER), np.log(_TAIL[0]))))


@dataclass(frozen=True)
class Bell:
    """The same of a distance to either side that is normally distributed."""

    deviation: float

    def probability(self, distance: float) -> float:
        return float(erfc(distance / (self.deviation * 2**0.5)))


@dataclass(frozen=True, eq=False)
class Chance:
    """Of one column at one size: distances are those at `rows` against `trained` rows."""

    bell: Bell
    level: Tail | None
    """Beside the bell where a column has so few values that a bell would promise too much."""
    shape: Tail
    rows: int
    trained: int

    def probabilities(self, level: float, shape: float, rows: int) -> tuple[float, float]:
        """Return how often chance gives so much or more at a number of rows that is near."""
        by = ((1 / self.rows + 1 / self.trained) / (1 / rows + 1 / self.trained)) ** 0.5
        high = abs(level) * by
        likely = self.bell.probability(high)
        return max(likely, self.level.probability(high) if self.level else 0.0), self.shape.probability(shape * by)


def size_class(rows: int) -> int:
    """Return the size at which chance is looked at for a batch of so many rows (at least `FEWEST`)."""
    if rows >= _MOST:
        return _MOST
    return int(FEWEST * 2 ** (int(np.log2(rows / FEWEST) * _STEPS + 1e-9) / _STEPS) + 1e-9)


def tail_of(distances: Floats, tail: Floats = _TAIL) -> Tail:
    grid = np.quantile(distances, _GRID)
    at = np.quantile(distances, 1 - tail) ** 2
    if at[-1] - at[0] <= 1e-12:  # chance hardly ever moves it
        return Tail(grid, float(np.log(tail[-1])), 1.0 / max(1e-6, float(at[-1])))
    slope, height = np.polyfit(at, np.log(tail), 1)
    return Tail(grid, float(height), float(max(-slope, 1e-12)))


_ANY_SHAPE = Tail(np.array([np.inf]), 0.0, 0.0)
"""Chance gives any distance."""


def bell_of(distances: Floats) -> Bell:
    """Return the bell whose sides lie where those of the distances do."""
    at = np.quantile(np.abs(distances), 1 - _SIDES)
    return Bell(max(1e-9, float(np.mean(at / (erfcinv(_SIDES) * 2**0.5)))))


@lru_cache(maxsize=4)  # each is 6 MB
def _ranked(rows: int, which: int) -> tuple[Floats, Floats, Floats]:
    """Return percentiles of `DRAWS` samples of uniform numbers: the two neighbours of each, and the way between."""
    exact = PERCENT * (rows - 1)
    low = np.floor(exact).astype(np.int64)
    high = np.minimum(low + 1, rows - 1)
    ranks, places = np.unique(np.concatenate([low, high]), return_inverse=True)
    generator = np.random.default_rng([_SEED, rows, which])
    gaps = np.diff(np.concatenate([[0], ranks + 1, [rows + 1]])).astype(np.float64)
    sums = np.cumsum(generator.standard_gamma(gaps, (DRAWS, len(gaps))), axis=1)
    uniform = (sums[:, :-1] / sums[:, -1:])[:, places]
    return uniform[:, :POINTS], uniform[:, POINTS:], exact - low


def _drawn(scale: Scale, rows: int, which: int) -> Floats:
    """Return the percentiles of samples of so many rows of a column: draws × percentiles."""
    low, high, part = _ranked(rows, which)
    below, above = np.interp(low, PERCENT, scale.quantiles), np.interp(high, PERCENT, scale.quantiles)
    found: Floats = below + (above - below) * part
    return found


_EVEN = Scale(PERCENT, 0)


def of_percentiles(scale: Scale, rows: int) -> Chance:
    """Return what chance does to a column that is known by its percentiles. It takes 0.1 s: keep it.

    Where no value repeats, it is the same for all columns of as many rows.
    """
    return _of_percentiles(scale, rows) if scale.ties else _of_any(scale.rows, rows)


@lru_cache(maxsize=64)
def _of_any(trained: int, rows: int) -> Chance:
    return _of_percentiles(Scale(PERCENT, trained), rows)


def _of_percentiles(scale: Scale, rows: int) -> Chance:
    trained = max(2, scale.rows)
    own, batch = _drawn(scale, trained, 1), _drawn(scale, rows, 2)
    own_scores, batch_scores = scores(shares_below(own, own)), scores(shares_below(own, batch))
    level, shape = level_and_shape(batch_scores, own_scores, scale.spread)
    return Chance(bell_of(level), None, tail_of(shape), rows, trained)


def of_counts(column: Counted, rows: int) -> Chance:
    """Return what chance does to a column of few values."""
    batch, own = _counts_drawn(column.shares, rows, column.rows)
    level, shape = moved(batch, own, column.scores, column.spread)
    return Chance(bell_of(level), tail_of(np.abs(level)), tail_of(shape), rows, column.rows)


def of_any(trained: int, rows: int) -> Chance:
    """Return about the same of any column, without drawing for it alone: its level is judged, its shape is not."""
    return Chance(_of_any(trained, rows).bell, None, _ANY_SHAPE, rows, trained)


def of_mix(shares: Floats, rows: int, trained: int) -> Tail:
    """Return what chance does to the mix of categories that have these shares in training."""
    return tail_of(mix_distance(*_counts_drawn(shares, rows, trained, MIX_DRAWS)), _FAR_TAIL)


@dataclass(frozen=True)
class Squares:
    """The same of a mix as a chi-square says it, which is about right where no category is rare."""

    freedom: int

    def probability(self, distance: float) -> float:
        return float(chdtrc(max(1, self.freedom), distance * distance))


def _counts_drawn(shares: Floats, rows: int, trained: int, draws: int = DRAWS) -> tuple[Floats, Floats]:
    generator = np.random.default_rng([_SEED, rows, trained, len(shares)])
    batch = generator.multinomial(rows, shares, draws).astype(np.float64)
    return batch, generator.multinomial(trained, shares, draws).astype(np.float64)


def mix_distance(batch: Floats, own: Floats) -> Floats:
    """Return the root of the chi-square between counts of the same categories (last axis)."""
    rows, trained = batch.sum(axis=-1, keepdims=True), own.sum(axis=-1, keepdims=True)
    seen = batch + own
    parts = (batch * np.sqrt(trained / rows) - own * np.sqrt(rows / trained)) ** 2
    found: Floats = np.sqrt(np.divide(parts, seen, out=np.zeros_like(seen), where=seen > 0).sum(axis=-1))
    return found
