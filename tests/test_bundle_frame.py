"""Checked columns become the frame of training: its names, order, dtypes and ways to be missing."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from dropscore.bundle.frame import build_frame, encoded, typed_columns
from dropscore.bundle.infer import infer_schema, trained_columns


def training() -> pd.DataFrame:
    day, moment = dt.date(2026, 3, 29), dt.datetime(2026, 3, 29, 2, 30)
    return pd.DataFrame(
        {
            "number": [1.5, np.nan, -2.0],
            "narrow": np.array([1.5, np.nan, 2.0], dtype="float32"),
            "whole": [1, 2, 3],
            "nullable": pd.array([1, None, 3], dtype="Int64"),
            "nullable_number": pd.array([1.5, None, 3.0], dtype="Float64"),
            "flag": [True, False, True],
            "nullable_flag": pd.array([True, None, False], dtype="boolean"),
            "text": pd.array(["a", None, "ü€😀"], dtype="str"),
            "nullable_text": pd.array(["a", None, "b"], dtype="string"),
            "object_nan": pd.Series(["x", np.nan, "y"], dtype=object),
            "object_none": pd.Series(["x", None, "y"], dtype=object),
            "category": pd.Categorical(["lo", None, "hi"], categories=["lo", "mid", "hi"], ordered=True),
            "step": pd.Categorical([10, 20, 10]),
            "day": pd.Series([day, None, day], dtype=object),
            "midnight": pd.to_datetime([day, None, day]),
            "moment": pd.to_datetime([moment, None, moment]),
        }
    )


def back_and_forth(frame: pd.DataFrame, encode: bool) -> pd.DataFrame:
    schema = infer_schema(frame)
    typed = typed_columns(frame, schema)
    return build_frame(encoded(typed) if encode else typed, trained_columns(frame, schema))


@pytest.mark.parametrize("encode", [False, True])
def test_the_frame_comes_back_as_it_was(encode: bool) -> None:
    frame = training()
    found = back_and_forth(frame, encode)
    assert list(found.columns) == list(frame.columns)
    for name in frame.columns:
        assert str(found[name].dtype) == str(frame[name].dtype), name
        # `str` is kept over Python objects instead of Arrow: the same dtype by name and by behaviour.
        pd.testing.assert_series_equal(
            found[name], frame[name], check_dtype=str(frame[name].dtype) not in {"str", "string"}
        )


@pytest.mark.parametrize(("name", "missing"), [("object_nan", np.nan), ("object_none", None)])
def test_objects_are_missing_as_they_were_in_training(name: str, missing: Any) -> None:
    found = back_and_forth(training(), encode=True)[name].iloc[1]
    assert found is missing or (found != found and missing != missing)


def test_an_ordered_category_keeps_all_its_categories_in_order() -> None:
    found = back_and_forth(training(), encode=True)["category"]
    assert list(found.cat.categories) == ["lo", "mid", "hi"] and found.cat.ordered


def test_columns_come_in_training_order_and_others_are_left_out() -> None:
    frame = pd.DataFrame({"b": [1.0], "a": [2.0]})
    columns = trained_columns(frame, infer_schema(frame))
    typed = {"a": pa.array([2.0]), "extra": pa.array(["x"]), "b": pa.array([1.0])}
    assert list(build_frame(typed, columns).columns) == ["b", "a"]


def test_a_narrow_integer_does_not_wrap_around() -> None:
    frame = pd.DataFrame({"n": np.array([1, 2, 3], dtype="int8")})
    found = build_frame({"n": pa.array([300])}, trained_columns(frame, infer_schema(frame)))
    assert found["n"].tolist() == [300]


def test_a_whole_number_that_may_be_missing_becomes_a_float_in_every_block() -> None:
    frame = pd.DataFrame({"n": [1, 2, 3]})
    schema = infer_schema(frame, {"n": {"required": False}})
    columns = trained_columns(frame, schema)
    for values in ([1, 2], [1, None]):
        assert str(build_frame({"n": pa.array(values)}, columns)["n"].dtype) == "float64"


@pytest.mark.parametrize(
    ("series", "cells", "sentence"),
    [
        (pd.Series([1, 2]), pa.array([1, None]), "cannot be missing"),
        (pd.Series([True, False]), pa.array([True, None]), "cannot be missing"),
        (pd.Series(["a", "b"], dtype="category"), pa.array(["a", "c"]), "none of its categories"),
        (pd.Series([1, 2], dtype="category"), pa.array([1, 3]), "none of its categories"),
    ],
)
def test_what_a_dtype_cannot_hold_is_never_changed_in_silence(series: Any, cells: pa.Array, sentence: str) -> None:
    frame = series.to_frame("n")
    with pytest.raises(ValueError, match=sentence):
        build_frame({"n": cells}, trained_columns(frame, infer_schema(frame)))


def test_a_column_that_is_missing_is_named() -> None:
    frame = pd.DataFrame({"a": [1.0], "b": [1.0]})
    with pytest.raises(ValueError, match="missing: b"):
        build_frame({"a": pa.array([1.0])}, trained_columns(frame, infer_schema(frame)))


def test_slices_and_chunks_are_what_they_show() -> None:
    frame = pd.DataFrame({"t": pd.array(["a", "b", None, "d"], dtype="str"), "n": [1.0, 2.0, np.nan, 4.0]})
    columns = trained_columns(frame, infer_schema(frame))
    typed = typed_columns(frame, infer_schema(frame))
    sliced = build_frame({name: column.slice(1, 2) for name, column in encoded(typed).items()}, columns)
    assert sliced["t"].iloc[0] == "b" and pd.isna(sliced["t"].iloc[1]) and sliced["n"].iloc[0] == 2.0
    chunked = {"t": pa.chunked_array([["a"], ["b"]]), "n": pa.chunked_array([[1.0], [2.0]])}
    assert build_frame(chunked, columns)["t"].tolist() == ["a", "b"]
