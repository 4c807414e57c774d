"""One column of a batch beside the same column in training: by what it differs, and how likely that is by chance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from dropscore.drift.chance import (
    FEWEST,
    Chance,
    Squares,
    Tail,
    mix_distance,
    of_any,
    of_counts,
    of_mix,
    of_percentiles,
    size_class,
)
from dropscore.drift.scores import Counted, Floats, Scale
from dropscore.receipt import BatchProfile, ColumnProfile

Change = Literal["level", "shape", "mix"]
Why = Literal["few-rows", "all-missing", "few-trained", "older-profile", "not-compared", ""]

LEAST_LEVEL, LEAST_SHAPE, LEAST_MIX = 0.1, 0.1, 0.05
"""What is less is not told, however sure it is: standard deviations, and shares of the rows."""
_LEVEL_PART = 0.93
"""How much of the allowance for chance a column spends on its level; the rest goes to its shape."""
_SAMPLE = 16_384
"""Beyond so many rows an older profile's quantiles are those of a sample, of at least half as many."""
_REPEATING = 60
MOST_DRAWN = 100
"""Columns for which chance is drawn one by one, which takes a worker up to 0.1 s each at every new size."""


@dataclass(frozen=True, eq=False)
class Mix:
    """Categories in training; the last place stands for all that are not listed here."""

    names: tuple[str, ...]
    counts: Floats


@dataclass(frozen=True, eq=False)
class Trained:
    """A column in training, made ready for many batches."""

    profile: ColumnProfile
    scale: Scale | None = None
    counted: Counted | None = None
    mix: Mix | None = None
    why: Why = ""

    @property
    def alone(self) -> bool:
        """Whether chance does to it what it does to no other column."""
        return self.mix is not None or self.counted is not None or (self.scale is not None and self.scale.ties)


@dataclass(frozen=True)
class Compared:
    """What was found of one column. `change` is the likelier of its changes to be more than chance."""

    rows: int = 0
    why: Why = ""
    probability: float | None = None
    change: Change | None = None
    level: float | None = None
    shape: float | None = None
    mix: float | None = None

    @property
    def matters(self) -> bool:
        sizes = {"level": (self.level, LEAST_LEVEL), "shape": (self.shape, LEAST_SHAPE), "mix": (self.mix, LEAST_MIX)}
        size, least = sizes[self.change] if self.change else (None, 0.0)
        return size is not None and abs(size) >= least


def made_ready(profile: ColumnProfile) -> Trained:
    """Return a training column as batches are compared with it."""
    if profile.counts:
        listed = sum(profile.counts.values())
        counts = np.array([*profile.counts.values(), max(0, _present(profile) - listed - (profile.unseen or 0))], float)
        few: Why = "few-trained" if counts.sum() < FEWEST else ""
        return Trained(profile, mix=Mix(tuple(profile.counts), counts), why=few)
    if not profile.quantiles:
        return Trained(profile, why="not-compared")
    rows = numbers_of(profile)
    if rows < FEWEST:
        return Trained(profile, why="few-trained")
    scale = Scale(np.asarray(profile.quantiles), rows)
    if profile.values:
        values, counts = np.array(profile.values).T
        return Trained(profile, scale, Counted(values, counts))
    if profile.sampled is None and scale.ties and len(np.unique(scale.quantiles)) <= _REPEATING:
        return Trained(profile, why="older-profile")
    return Trained(profile, scale)


def numbers_of(profile: ColumnProfile) -> int:
    """Return how many numbers the quantiles stand for."""
    if profile.sampled is not None:
        return profile.sampled
    present = _present(profile)
    return _SAMPLE // 2 if present > _SAMPLE else present


def _present(profile: ColumnProfile) -> int:
    return profile.rows - profile.missing


Drawn = Chance | Tail | Squares


class Reference:
    """A bundle's profile, made ready, with what chance does at the sizes that came so far."""

    def __init__(self, profile: BatchProfile) -> None:
        self.inputs = {name: made_ready(column) for name, column in profile.columns.items()}
        self.predictions = {name: made_ready(column) for name, column in profile.predictions.items()}
        alone = [one for one in (*self.predictions.values(), *self.inputs.values()) if one.alone]
        self._drawn = {id(one) for one in alone[:MOST_DRAWN]}
        self._chances: dict[tuple[int, int], Drawn] = {}

    def compare(self, trained: Trained, batch: ColumnProfile) -> Compared:
        if _present(batch) == 0 and batch.rows:
            return Compared(why="all-missing")
        if trained.why:
            return Compared(why=trained.why)
        if trained.mix is not None:
            return self._compare_mix(trained, trained.mix, batch)
        rows = numbers_of(batch)
        if rows < FEWEST or not batch.quantiles:
            return Compared(rows, "few-rows")
        return self._compare_numbers(trained, batch, rows)

    def _compare_numbers(self, trained: Trained, batch: ColumnProfile, rows: int) -> Compared:
        counted, scale = trained.counted, trained.scale
        assert scale is not None
        if counted is not None and batch.values:
            values, counts = np.array(batch.values).T
            level, shape = counted.compared(values, counts)
            many = id(trained) not in self._drawn
            drawn = self._chance(
                trained, rows, lambda size: of_any(counted.rows, size) if many else of_counts(counted, size)
            )
        else:
            level, shape = scale.compared(np.asarray(batch.quantiles))
            many = scale.ties and id(trained) not in self._drawn
            drawn = self._chance(
                trained, rows, lambda size: of_any(scale.rows, size) if many else of_percentiles(scale, size)
            )
        assert isinstance(drawn, Chance)
        likely = drawn.probabilities(level, shape, rows)
        by_level, by_shape = likely[0] / _LEVEL_PART, likely[1] / (1 - _LEVEL_PART)
        if shape < LEAST_SHAPE or (by_level <= by_shape and abs(level) >= LEAST_LEVEL):
            return Compared(rows, "", min(1.0, by_level), "level", level, shape)
        return Compared(rows, "", min(1.0, by_shape), "shape", level, shape)

    def _compare_mix(self, trained: Trained, mix: Mix, batch: ColumnProfile) -> Compared:
        known = np.array([(batch.counts or {}).get(name, 0) for name in mix.names], float)
        others = float(_present(batch) - known.sum())
        # What training does not list at all is told as unseen; the mix is of what both may hold.
        own = np.append(known, others) if mix.counts[-1] else known
        there = mix.counts if mix.counts[-1] else mix.counts[:-1]
        rows = int(own.sum())
        if rows < FEWEST:
            return Compared(rows, "few-rows")
        trained_rows = there.sum()
        many = id(trained) not in self._drawn
        drawn = self._chance(
            trained,
            rows,
            lambda size: Squares(len(there) - 1) if many else of_mix(there / trained_rows, size, int(trained_rows)),
        )
        assert not isinstance(drawn, Chance)
        distance = float(np.abs(own / rows - there / trained_rows).sum()) / 2
        return Compared(rows, "", drawn.probability(float(mix_distance(own, there))), "mix", mix=distance)

    def _chance(self, trained: Trained, rows: int, made: Callable[[int], Drawn]) -> Drawn:
        key = (id(trained), size_class(rows))
        if key not in self._chances:
            self._chances[key] = made(key[1])
        return self._chances[key]
