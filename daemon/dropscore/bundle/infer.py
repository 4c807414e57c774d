"""The Table Schema of a model, inferred from its training frame and overridden by its maker."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd

from dropscore.bundle.manifest import Trained
from dropscore.bundle.outputs import class_text
from dropscore.domain.schema import Schema, Type, UnknownCategory, schema_from_json

ENUM_LIMIT = 50
_REPEATS = 5
"""Text is a category where each value stands for this many rows on average: below that it may be an id."""

_CONSTRAINTS = frozenset({"required", "unique", "minimum", "maximum", "minLength", "maxLength", "enum", "pattern"})
_NUMBERS = (Type.INTEGER, Type.NUMBER)
_SUITS: dict[Type, tuple[Type, ...]] = {
    Type.STRING: (Type.STRING,),
    Type.INTEGER: _NUMBERS,
    Type.NUMBER: _NUMBERS,
    Type.BOOLEAN: (Type.BOOLEAN,),
    Type.DATE: (Type.DATE, Type.DATETIME),
    Type.DATETIME: (Type.DATE, Type.DATETIME),
}
"""To which types a schema may change the one that training had."""


def infer_schema(
    frame: pd.DataFrame,
    given: Mapping[str, Any] | None = None,
    *,
    bounds: bool | Collection[str] = False,
    enum_limit: int = ENUM_LIMIT,
) -> Schema:
    """Return the schema of the frame's columns, in its order.

    `given` is a Table Schema document, or a partial description for each column by name; it may write
    constraints flat (`enum`, `minimum`) or under `constraints`. `bounds` takes training's smallest and
    largest number as hard limits, for all columns or for those named. ValueError says what does not fit.
    """
    described, document = _descriptions(given or {})
    _refuse_unknown(described, frame)
    fields = []
    for name in frame.columns:
        limits = bounds if isinstance(bounds, bool) else name in bounds
        inferred = _column(frame[name], limits, enum_limit)
        fields.append(_overridden(inferred, described.get(name, {})))
    schema = schema_from_json({**document, "fields": fields})
    for field in schema.fields:
        _refuse_misfit(frame[field.name], field.type, field.enum, field.missing_values)
    return schema


def _descriptions(given: Mapping[str, Any]) -> tuple[dict[str, Mapping[str, Any]], dict[str, Any]]:
    if isinstance(given.get("fields"), (list, tuple)):
        unknown = sorted(set(given) - {"fields", "missingValues", "$schema", "name", "title", "description"})
        if unknown:
            raise ValueError(f"schema: not understood: {', '.join(unknown)}")
        kept = {"missingValues": given["missingValues"]} if "missingValues" in given else {}
        return {column["name"]: column for column in given["fields"]}, kept
    return dict(given), {}


def _refuse_unknown(described: Collection[str], frame: pd.DataFrame) -> None:
    for name in described:
        if name not in frame.columns:
            near = difflib.get_close_matches(str(name), [str(column) for column in frame.columns], 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"the schema describes {name!r}, which is no column of the training data{hint}")


def _overridden(inferred: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    column = {**inferred, "constraints": dict(inferred.get("constraints", {}))}
    for key, value in given.items():
        if key == "constraints":
            column["constraints"].update(value)
        elif key in _CONSTRAINTS:
            column["constraints"][key] = value
        elif key != "name":
            column[key] = value
    column["constraints"] = {key: value for key, value in column["constraints"].items() if value is not None}
    return column


def _column(series: pd.Series[Any], bounds: bool, enum_limit: int) -> dict[str, Any]:
    kind = type_of(series)
    present = series.dropna()
    constraints: dict[str, Any] = {}
    if len(present) == len(series):
        constraints["required"] = True
    if isinstance(series.dtype, pd.CategoricalDtype) and kind is not Type.BOOLEAN:
        constraints["enum"] = [class_text(value) for value in series.cat.categories]
    elif kind is Type.STRING:
        values = sorted(present.astype(str).unique())
        if 0 < len(values) <= enum_limit and len(values) * _REPEATS <= len(present):
            constraints["enum"] = values
    if bounds and kind in _NUMBERS and len(present):
        convert = int if kind is Type.INTEGER else float
        constraints |= {"minimum": convert(present.min()), "maximum": convert(present.max())}
    return {"name": str(series.name), "type": str(kind), "constraints": constraints}


def type_of(series: pd.Series[Any]) -> Type:
    """Return the schema type of a training column. ValueError where there is none."""
    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return type_of(pd.Series(dtype.categories, name=series.name))
    types = pd.api.types
    if isinstance(dtype, pd.ArrowDtype | pd.DatetimeTZDtype):
        raise ValueError(f"column {series.name!r} has the dtype {dtype}: convert it to a NumPy or pandas dtype first")
    if types.is_bool_dtype(dtype):
        return Type.BOOLEAN
    if types.is_integer_dtype(dtype):
        return Type.INTEGER
    if types.is_float_dtype(dtype) and str(dtype) != "float16":
        return Type.NUMBER
    if types.is_datetime64_dtype(dtype):
        present = series.dropna()
        return Type.DATE if (present == present.dt.normalize()).all() else Type.DATETIME
    if isinstance(dtype, pd.StringDtype):
        return Type.STRING
    held = types.infer_dtype(series, skipna=True) if pd.api.types.is_object_dtype(dtype) else ""
    found = {"string": Type.STRING, "boolean": Type.BOOLEAN, "date": Type.DATE}.get(held)
    if found is None:
        raise ValueError(
            f"column {series.name!r} holds {held or dtype}: give it one dtype of text, numbers, booleans or dates"
        )
    return found


def _refuse_misfit(series: pd.Series[Any], kind: Type, enum: tuple[str, ...], missing_values: tuple[str, ...]) -> None:
    """Training itself must pass the schema: what it held could otherwise never be scored, or be read as missing."""
    trained = type_of(series)
    if kind not in _SUITS[trained]:
        raise ValueError(f"column {series.name!r} is {kind} in the schema, but {trained} in the training data")
    present = series.dropna()
    if kind is Type.INTEGER and trained is Type.NUMBER and not (present == present.round()).all():
        raise ValueError(f"column {series.name!r} is integer in the schema, but training has fractions")
    if kind is not Type.STRING and not enum:
        return
    values = {class_text(value) for value in present.unique()}
    if unread := sorted(values & set(missing_values)):
        raise ValueError(f"column {series.name!r}: {unread[0]!r} is a value in training and a missing value too")
    if enum and (strange := sorted(values - set(enum))):
        raise ValueError(f"column {series.name!r}: training holds {strange[0]!r}, which its enum does not list")
    if isinstance(series.dtype, pd.CategoricalDtype):
        fixed = {class_text(value) for value in series.cat.categories}
        if strange := sorted(set(enum) - fixed):
            raise ValueError(f"column {series.name!r}: {strange[0]!r} is none of the categories of its dtype")


def trained_columns(frame: pd.DataFrame, schema: Schema) -> dict[str, Trained]:
    """Return how each column was in training, and how its frame is built for predicting."""
    found = {}
    for field in schema.fields:
        dtype = frame[field.name].dtype
        categorical = isinstance(dtype, pd.CategoricalDtype)
        if categorical and field.unknown_category is not UnknownCategory.REFUSE:
            raise ValueError(
                f"column {field.name!r} is a pandas category: unknown values would reach the model as missing; "
                "train it on text, or leave unknownCategory at refuse"
            )
        found[field.name] = Trained(
            dtype=str(dtype),
            frame=_frame_kind(frame[field.name], field.type, field.required),
            missing=_missing(frame[field.name]),
            categories=tuple(dtype.categories.tolist()) if isinstance(dtype, pd.CategoricalDtype) else None,
            ordered=bool(isinstance(dtype, pd.CategoricalDtype) and dtype.ordered),
        )
    return found


def _frame_kind(series: pd.Series[Any], kind: Type, required: bool) -> str:
    dtype, name = series.dtype, str(series.dtype)
    if isinstance(dtype, pd.CategoricalDtype):
        return "category"
    if isinstance(dtype, pd.StringDtype):
        return "str" if dtype.na_value is not pd.NA else "string"
    if pd.api.types.is_extension_array_dtype(dtype):
        whole = name.startswith(("Int", "UInt")) and kind is Type.INTEGER
        return "boolean" if name == "boolean" else "Int64" if whole else "Float64"
    if pd.api.types.is_bool_dtype(dtype):
        return "bool" if required else "object"
    if pd.api.types.is_integer_dtype(dtype):
        # Narrow integers would wrap around at a large cell, and integers know no missing.
        return "int64" if required and kind is Type.INTEGER else "float64"
    if pd.api.types.is_object_dtype(dtype):
        return "object"
    return name


def _missing(series: pd.Series[Any]) -> Any:
    if isinstance(series.dtype, pd.StringDtype):
        return "na" if series.dtype.na_value is pd.NA else "nan"
    if series.dtype != object:
        return "nan"
    gone = series[series.isna()]
    if len(gone) and all(value is None for value in gone):
        return "none"
    return "na" if len(gone) and all(value is pd.NA for value in gone) else "nan"
