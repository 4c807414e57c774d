"""From typed Arrow columns to the frame that the estimator was trained on, and back. pandas at the model's door."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dropscore.bundle.manifest import Trained
from dropscore.domain.schema import Field, Schema, Type

ARROW_TYPES: dict[Type, pa.DataType] = {
    Type.STRING: pa.string(),
    Type.INTEGER: pa.int64(),
    Type.NUMBER: pa.float64(),
    Type.BOOLEAN: pa.bool_(),
    Type.DATE: pa.date32(),
    Type.DATETIME: pa.timestamp("us"),
}
"""What a checked column of each schema type is."""

_MISSING: dict[str, Any] = {"nan": np.nan, "none": None, "na": pd.NA}
# The same pandas dtype as training's `str`, over Python objects: estimators turn text into objects anyway,
# and with a dictionary's shared objects that is for nothing.
_STR = pd.StringDtype("python", na_value=np.nan)
_STRING = pd.StringDtype("python")


def encoded(typed: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
    """Return the columns with text dictionary-encoded. Done once, it serves the frame and the profile."""
    return {
        name: column.dictionary_encode() if pa.types.is_string(column.type) else column
        for name, column in typed.items()
    }


def build_frame(typed: Mapping[str, pa.Array], columns: Mapping[str, Trained]) -> pd.DataFrame:
    """Return the frame with training's names, order and dtypes.

    ValueError if a column is missing, or holds what its dtype cannot: that is a fault of the caller, since
    checked cells always fit.
    """
    absent = [name for name in columns if name not in typed]
    if absent:
        raise ValueError(f"columns the model needs are missing: {', '.join(absent)}")
    built = {name: _build(name, typed[name], trained) for name, trained in columns.items()}
    return pd.DataFrame(built, copy=False)


def _build(name: str, column: pa.Array, trained: Trained) -> Any:
    kind = trained.frame
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if kind in ("int64", "bool") and column.null_count:
        raise ValueError(f"column {name!r} cannot be missing, but {column.null_count} cells are")
    if kind in ("float64", "float32"):
        return column.cast(pa.float64()).to_numpy(zero_copy_only=False).astype(kind, copy=False)
    if kind == "int64":
        return column.cast(pa.int64()).to_numpy()
    if kind == "bool":
        return column.to_numpy(zero_copy_only=False)
    if kind == "category":
        return _categorical(name, column, trained)
    if kind == "str":
        return pd.array(_objects(column, np.nan), dtype=_STR)
    if kind == "string":
        return pd.array(_objects(column, pd.NA), dtype=_STRING)
    if kind.startswith("datetime64["):
        unit = kind.removeprefix("datetime64[").removesuffix("]")
        return column.cast(pa.timestamp(unit)).to_numpy(zero_copy_only=False)
    if kind in ("Int64", "Float64", "boolean"):
        return _masked(column, kind)
    # Told its dtype, or pandas would make `str` of objects that are all text.
    return pd.Series(_objects(column, _MISSING[trained.missing]), dtype=object, copy=False)


def _objects(column: pa.Array, missing: Any) -> NDArray[np.object_]:
    """Return an object array in which equal texts are one object, and nulls are `missing`."""
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    values = np.empty(len(column.dictionary) + 1, dtype=object)
    values[:-1] = column.dictionary.to_pylist()
    values[-1] = missing
    codes = column.indices
    if codes.null_count:
        codes = codes.fill_null(len(values) - 1)
    taken: NDArray[np.object_] = values[codes.to_numpy(zero_copy_only=False)]
    return taken


def _categorical(name: str, column: pa.Array, trained: Trained) -> Any:
    categories: list[Any] = list(trained.categories or ())
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    known = pa.array(categories, type=None if categories else column.type)
    codes = pc.index_in(column.cast(known.type), value_set=known)
    if codes.null_count > column.null_count:
        raise ValueError(f"column {name!r} holds values that are none of its categories")
    indices = codes.fill_null(-1).to_numpy(zero_copy_only=False)
    return pd.Categorical.from_codes(indices, categories=pd.Index(categories), ordered=trained.ordered)


def _masked(column: pa.Array, kind: str) -> Any:
    mask = column.is_null().to_numpy(zero_copy_only=False)
    if kind == "boolean":
        return pd.arrays.BooleanArray(column.fill_null(False).to_numpy(zero_copy_only=False).copy(), mask)
    if kind == "Int64":
        return pd.arrays.IntegerArray(column.cast(pa.int64()).fill_null(0).to_numpy().copy(), mask)
    return pd.arrays.FloatingArray(column.cast(pa.float64()).fill_null(0.0).to_numpy().copy(), mask)


def typed_columns(frame: pd.DataFrame, schema: Schema) -> dict[str, pa.Array]:
    """Return the frame's columns as checked columns of the schema's types: what a drop of these rows gives."""
    return {field.name: _typed(frame[field.name], field) for field in schema.fields}


def _typed(series: pd.Series[Any], field: Field) -> pa.Array:
    wanted = ARROW_TYPES[field.type]
    if isinstance(series.dtype, pd.CategoricalDtype):
        series = series.astype(object)
    if field.type is Type.STRING:
        return pa.array([None if gone else str(value) for value, gone in zip(series, series.isna(), strict=True)],
                        type=wanted)  # fmt: skip
    if field.type in (Type.INTEGER, Type.NUMBER) and not series.isna().any():
        return pa.array(series.to_numpy(), from_pandas=True).cast(wanted)
    if series.dtype == object or pd.api.types.is_extension_array_dtype(series.dtype):
        values = [None if gone else value for value, gone in zip(series, series.isna(), strict=True)]
        return pa.array(values).cast(wanted) if any(value is not None for value in values) else pa.nulls(
            len(values), wanted
        )  # fmt: skip
    return pa.array(series, from_pandas=True).cast(wanted)
