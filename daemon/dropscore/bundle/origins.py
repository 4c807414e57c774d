"""Which of a model's features are made of which column, and what they are on average in training: found by trying.

Each column takes every value that the profile knows of, while the others stand still.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from scipy import sparse

from dropscore.bundle.frame import ARROW_TYPES, build_frame
from dropscore.bundle.scoring import Scorer, Typed
from dropscore.bundle.shares import Floats, Unexplained
from dropscore.domain.schema import Field, Schema, Type
from dropscore.profiles import BatchProfile, ColumnProfile

Places = NDArray[np.int64]
_STILL = 3
"""Rows of the golden ones that stand still while one column moves: a product with a zero would hide in one."""
_MOST_VALUES = 2_000


def origins_of(
    scorer: Scorer, schema: Schema, profile: BatchProfile, golden: Typed
) -> tuple[NDArray[np.int64], Floats]:
    """Return the column of each feature (-1: of none), and each feature's mean over its column's training values.

    Raises Unexplained: a feature is made of two columns.
    """
    count = len(next(iter(golden.values())))
    still = np.linspace(0, count - 1, _STILL).astype(np.int64)
    origins, means = np.empty(0, dtype=np.int64), np.empty(0)
    for number, field in enumerate(schema.fields):
        values, weights = _values(field, profile.columns.get(field.name), golden[field.name])
        held = {name: column.take(pa.array(np.repeat(still, len(values)))) for name, column in golden.items()}
        held[field.name] = pa.concat_arrays([values] * _STILL)
        features = _dense(scorer.features(build_frame(held, scorer.columns))).reshape(_STILL, len(values), -1)
        if not number:
            origins, means = np.full(features.shape[2], -1), np.zeros(features.shape[2])
        first = features[:, :1]
        moved = ((features != first) & ~(np.isnan(features) & np.isnan(first))).any(axis=(0, 1))
        if (shared := np.flatnonzero(moved & (origins >= 0))).size:
            other = schema.fields[origins[shared[0]]].name
            raise Unexplained(f"it works {other} and {field.name} into one number before it weighs them")
        origins[moved] = number
        means[moved] = np.average(np.nan_to_num(features[0][:, moved]), axis=0, weights=weights)
    return origins, means


def _dense(features: Any) -> Floats:
    if isinstance(features, pd.DataFrame):
        return features.to_numpy(dtype=np.float64)
    found: Floats = np.asarray(features.toarray() if sparse.issparse(features) else features, dtype=np.float64)
    return found


def _values(field: Field, profile: ColumnProfile | None, golden: pa.Array) -> tuple[pa.Array, Floats]:
    """Return the values that a column takes, each once, and how often each came in training."""
    kind = ARROW_TYPES[field.type]
    counts = (profile.counts or {}) if profile else {}
    if field.type is Type.BOOLEAN or field.enum:
        names = ["false", "true"] if field.type is Type.BOOLEAN else list(field.enum)
        values = pa.array(names).cast(kind)
        weights = np.array([float(counts.get(name, 0)) for name in names])
    elif profile and profile.values:
        values = _moments([value for value, _ in profile.values], field)
        weights = np.array([float(times) for _, times in profile.values])
    elif profile and profile.quantiles:
        values = _moments(profile.quantiles, field)
        weights = np.ones(len(profile.quantiles))
        weights[[0, -1]] = 0.5  # the mean of what lies between each two of them
    else:
        values = golden.drop_null().unique().slice(0, _MOST_VALUES).cast(kind)
        weights = np.ones(len(values))
    if not weights.any():
        weights = np.ones(len(values))
    if not field.required:
        missing, rows = (profile.missing, profile.rows) if profile else (0, 0)
        values = pa.concat_arrays([values, pa.nulls(1, kind)])
        weights = np.append(weights, weights.sum() * missing / (rows - missing) if rows > missing else 1.0)
    return values, weights


def _moments(numbers: Any, field: Field) -> pa.Array:
    """Return a profile's numbers as the column's values: dates are days in it, moments seconds."""
    found = np.asarray(numbers, dtype=np.float64)
    kind = ARROW_TYPES[field.type]
    if field.type is Type.NUMBER:
        return pa.array(found)
    if field.type is Type.DATETIME:
        return pa.array(np.round(found * 1e6).astype(np.int64)).cast(kind)
    whole = np.round(found).astype(np.int64)
    return pa.array(whole).cast(pa.int32()).cast(kind) if field.type is Type.DATE else pa.array(whole)
