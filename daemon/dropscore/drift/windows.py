"""Many batches as one: what is kept of each adds up, exactly and in bounded space, however many there are.

Each column is a row of cells that training fixes: below its first percentile, at it, between it and the next, and so
on; of categories, one cell for each. A batch fills them with its rows.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from pydantic import Field

from dropscore.drift.columns import Reference, Trained, numbers_of
from dropscore.drift.scores import PERCENT, Floats, shares_below
from dropscore.receipt import BatchProfile, ColumnProfile, Record

_DIGITS = 3


class Cells(Record):
    """What many batches held of one column."""

    type: str
    rows: int = 0
    missing: int = 0
    outside: int = 0
    unseen: int = 0
    cells: tuple[float, ...] = ()


class Filled(Record):
    """What some batches of one model held, in all its columns."""

    rows: int = 0
    jobs: tuple[str, ...] = ()
    """Whose batches these are: each counts once."""
    columns: dict[str, Cells] = Field(default_factory=dict)
    predictions: dict[str, Cells] = Field(default_factory=dict)


def filled(reference: Reference, job: str, profile: BatchProfile) -> Filled:
    """Return one batch in cells."""
    return Filled(
        rows=max((column.rows for column in profile.columns.values()), default=0),
        jobs=(job,),
        columns=_filled(reference.inputs, profile.columns),
        predictions=_filled(reference.predictions, profile.predictions),
    )


def together(parts: Iterable[Filled]) -> Filled:
    """Return all of these as one. They are of the same model."""
    rows, jobs = 0, list[str]()
    columns: dict[str, list[Cells]] = {}
    predictions: dict[str, list[Cells]] = {}
    for part in parts:
        rows += part.rows
        jobs += part.jobs
        for found, mine in ((columns, part.columns), (predictions, part.predictions)):
            for name, cells in mine.items():
                found.setdefault(name, []).append(cells)
    return Filled(
        rows=rows,
        jobs=tuple(jobs),
        columns={name: _sum(cells) for name, cells in columns.items()},
        predictions={name: _sum(cells) for name, cells in predictions.items()},
    )


def as_batch(reference: Reference, found: Filled) -> BatchProfile:
    """Return the profile of all these batches, to be judged like that of one."""
    return BatchProfile(
        columns=_profiles(reference.inputs, found.columns),
        predictions=_profiles(reference.predictions, found.predictions),
    )


def _filled(trained: dict[str, Trained], columns: dict[str, ColumnProfile]) -> dict[str, Cells]:
    return {name: _cells(trained[name], column) for name, column in columns.items() if name in trained}


def _cells(trained: Trained, batch: ColumnProfile) -> Cells:
    """Return one column of a batch. Of a large one the cells hold the sample that its quantiles are made of."""
    cells: Floats = np.zeros(0)
    if trained.mix is not None:
        counts = [float((batch.counts or {}).get(name, 0)) for name in trained.mix.names]
        cells = np.array([*counts, batch.rows - batch.missing - sum(counts)])
    elif trained.scale is not None and batch.quantiles:
        edges = _edges(trained)
        below, up_to = _around(batch, edges)
        steps = np.column_stack([below, up_to]).ravel()
        cells = np.diff(np.concatenate([[0.0], steps, [1.0]])) * numbers_of(batch)
    return Cells(
        type=batch.type,
        rows=batch.rows,
        missing=batch.missing,
        outside=batch.outside or 0,
        unseen=batch.unseen or 0,
        cells=tuple(np.round(np.maximum(0.0, cells), _DIGITS).tolist()),
    )


def _edges(trained: Trained) -> Floats:
    if trained.counted is not None:
        return trained.counted.values
    assert trained.scale is not None
    return np.unique(trained.scale.quantiles)


def _around(batch: ColumnProfile, edges: Floats) -> tuple[Floats, Floats]:
    """Return which share of a batch lies below each edge, and which up to it."""
    if batch.values:
        values, counts = np.array(batch.values).T
        sums = np.concatenate([[0.0], np.cumsum(counts)]) / counts.sum()
        return sums[np.searchsorted(values, edges, "left")], sums[np.searchsorted(values, edges, "right")]
    percentiles = np.asarray(batch.quantiles)
    middle = shares_below(percentiles, edges)
    there = np.searchsorted(percentiles, edges, "right") - np.searchsorted(percentiles, edges, "left")
    half = np.maximum(0, there - 1) / (len(percentiles) - 1) / 2
    return np.maximum.accumulate(middle - half), np.maximum.accumulate(middle + half)


def _sum(parts: list[Cells]) -> Cells:
    longest = max(len(part.cells) for part in parts)
    alike = np.array([part.cells for part in parts if len(part.cells) == longest])  # the others are of empty columns
    return Cells(
        type=parts[0].type,
        rows=sum(part.rows for part in parts),
        missing=sum(part.missing for part in parts),
        outside=sum(part.outside for part in parts),
        unseen=sum(part.unseen for part in parts),
        cells=tuple(np.round(alike.sum(axis=0), _DIGITS).tolist()),
    )


def _profiles(trained: dict[str, Trained], columns: dict[str, Cells]) -> dict[str, ColumnProfile]:
    return {name: _profile(trained[name], cells) for name, cells in columns.items() if name in trained}


def _profile(trained: Trained, found: Cells) -> ColumnProfile:
    cells, facts = np.array(found.cells), {"type": found.type, "rows": found.rows, "missing": found.missing}
    if trained.mix is not None and len(cells) == len(trained.mix.names) + 1:
        counts = {name: round(float(count)) for name, count in zip(trained.mix.names, cells, strict=False)}
        return ColumnProfile.model_validate({**facts, "counts": counts, "unseen": found.unseen})
    if trained.scale is None or not len(cells) or cells.sum() < 1:
        return ColumnProfile.model_validate({**facts, "sampled": 0 if trained.scale else None})
    edges = _edges(trained)
    if len(cells) != 2 * len(edges) + 1:
        return ColumnProfile.model_validate(facts)
    shares = np.cumsum(cells)[:-1] / cells.sum()
    percentiles = np.interp(PERCENT, np.maximum.accumulate(shares), np.repeat(edges, 2))
    facts |= {"quantiles": tuple(percentiles.tolist()), "sampled": round(float(cells.sum())), "outside": found.outside}
    if trained.counted is not None:
        # What lies between two values, or outside of all, is put to the nearest: few do, and the median stays.
        between = cells[0::2]
        counts = cells[1::2] + between[:-1] + np.concatenate([np.zeros(len(edges) - 1), between[-1:]])
        kept = [(float(value), round(float(count))) for value, count in zip(edges, counts, strict=True) if count >= 0.5]
        facts["values"] = tuple(kept) or None
    return ColumnProfile.model_validate(facts)
