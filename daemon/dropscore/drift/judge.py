"""Whether a batch has drifted from what the model was trained on: its profile beside the bundle's.

Each column is judged against chance at the batch's own number of rows, all columns together against the chance that
one of many is odd, and what is more than chance must also be large enough to matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Literal

import numpy as np

from dropscore.drift.chance import FEWEST
from dropscore.drift.columns import Compared, Reference, Trained, numbers_of
from dropscore.drift.shares import found_beside_others, of_shares
from dropscore.receipt import BatchProfile, ColumnDrift, ColumnProfile, Drift

RATE, SHARES_RATE = 0.014, 0.002
"""How often a batch without drift may raise an alarm at all: by its distributions, and by its shares."""
LEAST_MISSING, LEAST_STRANGE = 0.02, 0.01
SHARES = ("missing", "unseen", "outside")

Changes = Literal["level", "shape", "mix", "missing", "unseen", "outside"]


@dataclass(frozen=True)
class _Pair:
    name: str
    of: Literal["input", "prediction"]
    trained: Trained
    batch: ColumnProfile
    compared: Compared


def judge(reference: Reference, batch: BatchProfile) -> Drift:
    """Return what differs from training, without sentences. Columns that only one of both has are left out."""
    pairs = [
        *_pairs(reference, "input", reference.inputs, batch.columns),
        *_pairs(reference, "prediction", reference.predictions, batch.predictions),
    ]
    rows = max((pair.batch.rows for pair in pairs), default=0)
    found: list[list[Changes]] = [[] for _ in pairs]
    if rows >= FEWEST:
        _judge_distributions(pairs, found)
        _judge_shares(pairs, found)
    columns = tuple(_told(pair, tuple(changes), rows) for pair, changes in zip(pairs, found, strict=True))
    return Drift(state=_state(columns, rows), rows=rows, columns=columns)


def _state(columns: tuple[ColumnDrift, ...], rows: int) -> Literal["steady", "drift", "few-rows", "unknown"]:
    if rows < FEWEST:
        return "few-rows"
    states = {column.state for column in columns}
    return "drift" if "drift" in states else "steady" if "steady" in states else "unknown"


def _pairs(
    reference: Reference,
    of: Literal["input", "prediction"],
    trained: Mapping[str, Trained],
    batch: Mapping[str, ColumnProfile],
) -> list[_Pair]:
    both = [(name, trained[name], column) for name, column in batch.items() if name in trained]
    return [_Pair(name, of, own, column, reference.compare(own, column)) for name, own, column in both]


def _judge_distributions(pairs: list[_Pair], found: list[list[Changes]]) -> None:
    tested = [(at, pair.compared) for at, pair in enumerate(pairs) if pair.compared.probability is not None]
    likely = np.array([compared.probability for _, compared in tested], float)
    chosen = found_beside_others(likely, RATE, len(tested))
    for (at, compared), more_than_chance in zip(tested, chosen, strict=True):
        if more_than_chance and compared.matters and compared.change:
            found[at].append(compared.change)


def _judge_shares(pairs: list[_Pair], found: list[list[Changes]]) -> None:
    """Each column has a share of each kind; most are the same in both, and need no look."""
    tests = [
        (at, change, counts, least)
        for at, pair in enumerate(pairs)
        for change, counts, least in (
            ("missing", _missing(pair), LEAST_MISSING),
            ("unseen", _unseen(pair), LEAST_STRANGE),
            ("outside", _outside(pair), LEAST_STRANGE),
        )
        if counts[1] and counts[3] and (counts[0] or (change == "missing" and counts[2]))
    ]
    if not tests:
        return
    counts = np.array([one[2] for one in tests], float)
    chosen = found_beside_others(of_shares(*counts.T), SHARES_RATE, len(SHARES) * len(pairs))
    differ = np.abs(counts[:, 0] / counts[:, 1] - counts[:, 2] / counts[:, 3])
    for (at, change, _, least), more_than_chance, by in zip(tests, chosen, differ, strict=True):
        if more_than_chance and by >= least:
            found[at].append(change)  # type: ignore[arg-type]


Counts = tuple[float, float, float, float]
"""How many of how many, in the batch and in training."""


def _missing(pair: _Pair) -> Counts:
    batch, trained = pair.batch, pair.trained.profile
    return batch.missing, batch.rows, trained.missing, trained.rows


def _unseen(pair: _Pair) -> Counts:
    """Values that the schema does not list, and those that it lists and training never held."""
    batch, trained = pair.batch, pair.trained.profile
    if pair.trained.mix is None:
        return 0, 0, 0, 0
    strange = batch.unseen or 0
    if not pair.trained.mix.counts[-1]:
        strange += sum(count for name, count in (batch.counts or {}).items() if name not in (trained.counts or {}))
    return strange, batch.rows - batch.missing, 0, trained.rows - trained.missing


def _outside(pair: _Pair) -> Counts:
    """Of so many new numbers from the same source, two in all of training are expected to lie outside of it."""
    batch = pair.batch
    if batch.outside is None or not batch.sampled:
        return 0, 0, 0, 0
    return batch.outside, batch.sampled, 2, max(2, numbers_of(pair.trained.profile)) + 1


def _share(counts: Counts) -> float | None:
    return round(counts[0] / counts[1], 6) if counts[1] else None


def _told(pair: _Pair, changes: tuple[Changes, ...], rows: int) -> ColumnDrift:
    compared, batch, trained = pair.compared, pair.batch, pair.trained.profile
    few = rows < FEWEST
    judged = compared.probability is not None or compared.why == "not-compared"
    state: Literal["steady", "drift", "unknown"] = "drift" if changes else "steady" if judged and not few else "unknown"
    numbers = bool(batch.quantiles and trained.quantiles)
    category, shares = _most_changed(pair) if pair.trained.mix is not None and batch.counts else (None, None)
    return ColumnDrift(
        column=pair.name,
        of=pair.of,
        state=state,
        changes=changes,
        why="few-rows" if few else compared.why,
        rows=compared.rows,
        level=_rounded(compared.level),
        shape=_rounded(compared.shape),
        mix=_rounded(compared.mix),
        probability=_rounded(compared.probability),
        missing=(_share(_missing(pair)) or 0.0, round(trained.missing / trained.rows, 6) if trained.rows else 0.0),
        unseen=_share(_unseen(pair)),
        outside=_share(_outside(pair)),
        median=_both(batch, trained, 50) if numbers else None,
        mean=(_mean(batch), _mean(trained)) if numbers else None,
        middle=(_middle(batch), _middle(trained)) if numbers else None,
        category=category,
        shares=shares,
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")


def _both(batch: ColumnProfile, trained: ColumnProfile, at: int) -> tuple[float, float]:
    return (batch.quantiles or ())[at], (trained.quantiles or ())[at]


def _mean(profile: ColumnProfile) -> float:
    """About: of the values between the ends, which one wrong number may have moved anywhere."""
    if profile.values:
        rows = sum(count for _, count in profile.values)
        return sum(value * (count / rows) for value, count in profile.values)
    inner = (profile.quantiles or ())[1:-1]
    found = sum(inner) / len(inner)
    return found if isfinite(found) else sum(value / len(inner) for value in inner)


def _middle(profile: ColumnProfile) -> tuple[float, float]:
    return (profile.quantiles or ())[25], (profile.quantiles or ())[75]


def _most_changed(pair: _Pair) -> tuple[str | None, tuple[float, float] | None]:
    batch, trained = pair.batch, pair.trained.profile
    here, there = batch.rows - batch.missing, trained.rows - trained.missing
    names = {**(trained.counts or {}), **(batch.counts or {})}
    if not here or not there or not names:
        return None, None
    both = {
        name: ((batch.counts or {}).get(name, 0) / here, (trained.counts or {}).get(name, 0) / there) for name in names
    }
    name = max(both, key=lambda one: (abs(both[one][0] - both[one][1]), one))
    return name, (round(both[name][0], 6), round(both[name][1], 6))
