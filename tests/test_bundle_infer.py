"""The schema is what training shows, and what its maker says on top."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from dropscore.bundle.infer import infer_schema, trained_columns
from dropscore.domain.schema import Type, UnknownCategory


def frame(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame(columns)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 2], Type.INTEGER),
        ([1.0, 2.5], Type.NUMBER),
        ([True, False], Type.BOOLEAN),
        (["a", "b"], Type.STRING),
        (pd.to_datetime(["2026-01-01", "2026-01-02"]), Type.DATE),
        (pd.to_datetime(["2026-01-01 12:00", "2026-01-02 00:00"]), Type.DATETIME),
        (pd.Categorical(["a", "b"]), Type.STRING),
        (pd.Categorical([1, 2]), Type.INTEGER),
        (pd.array([1, None], dtype="Int64"), Type.INTEGER),
        (pd.Series([True, None], dtype=object), Type.BOOLEAN),
    ],
)
def test_types_follow_dtypes(values: Any, kind: Type) -> None:
    assert infer_schema(frame(c=values)).field("c").type is kind


def test_required_where_nothing_is_missing_in_training() -> None:
    schema = infer_schema(frame(full=[1.0, 2.0], gaps=[1.0, np.nan]))
    assert schema.field("full").required and not schema.field("gaps").required


def test_repeating_text_is_a_category_and_an_id_is_not() -> None:
    rows = 100
    schema = infer_schema(
        frame(
            colour=["red", "green"] * (rows // 2),
            code=[f"C{number}" for number in range(rows)],
            place=[f"P{number % 40}" for number in range(rows)],
        )
    )
    assert schema.field("colour").enum == ("green", "red")
    assert schema.field("code").enum == () and schema.field("place").enum == ()


def test_a_pandas_category_lists_its_categories_seen_or_not() -> None:
    values = pd.Categorical(["a", "b"], categories=["a", "b", "never"])
    assert infer_schema(frame(c=values)).field("c").enum == ("a", "b", "never")
    assert infer_schema(frame(c=pd.Categorical([1.0, 2.0]))).field("c").enum == ("1", "2")


def test_limits_are_no_limits_unless_asked_for() -> None:
    data = frame(a=[1, 9], b=[0.5, 2.5])
    assert infer_schema(data).field("a").minimum is None
    bounded = infer_schema(data, bounds=["b"])
    assert bounded.field("a").maximum is None
    assert (bounded.field("b").minimum, bounded.field("b").maximum) == (0.5, 2.5)
    assert infer_schema(data, bounds=True).field("a").maximum == 9


def test_its_maker_says_more_flat_or_as_a_table_schema() -> None:
    data = frame(a=["x", "y"] * 10, b=[1, 2] * 10)
    flat = {"a": {"title": "A", "enum": ["x", "y", "z"], "unknownCategory": "flag"}, "b": {"minimum": 0}}
    document = {
        "missingValues": ["", "NA"],
        "fields": [
            {"name": "b", "constraints": {"minimum": 0}},
            {"name": "a", "title": "A", "constraints": {"enum": ["x", "y", "z"]}, "unknownCategory": "flag"},
        ],
    }
    for given in (flat, document):
        schema = infer_schema(data, given)
        assert schema.names == ("a", "b")
        assert schema.field("a").title == "A" and schema.field("a").enum == ("x", "y", "z")
        assert schema.field("a").unknown_category is UnknownCategory.FLAG
        assert schema.field("b").minimum == 0 and schema.field("b").required
    assert infer_schema(data, document).field("b").missing_values == ("", "NA")


def test_an_inferred_constraint_can_be_taken_back() -> None:
    schema = infer_schema(frame(a=["x", "y"] * 10), {"a": {"enum": None, "required": False}})
    assert schema.field("a").enum == () and not schema.field("a").required


@pytest.mark.parametrize(
    ("column", "given", "sentence"),
    [
        ([1, 2], {"cc": {"title": "?"}}, "no column of the training data; did you mean 'c'"),
        ([1, 2], {"c": {"titel": "?"}}, "titel"),
        (["x", "y"], {"c": {"type": "number"}}, "number in the schema, but string in the training"),
        ([1.5, 2.0], {"c": {"type": "integer"}}, "training has fractions"),
        (["x", "y"], {"c": {"enum": ["x"]}}, "'y', which its enum does not list"),
        ([1, 2], {"c": {"enum": ["1"]}}, "'2', which its enum does not list"),
        (["x", "NA"], {"c": {"missingValues": ["NA"]}}, "'NA' is a value in training and a missing value too"),
        (pd.Categorical(["x"] * 2), {"c": {"enum": ["x", "new"]}}, "none of the categories of its dtype"),
        (pd.Series([1, "x"], dtype=object), {}, "give it one dtype"),
        (pd.to_datetime(["2026-01-01"], utc=True), {}, "convert it"),
        (pd.array([1, 2], dtype="int64[pyarrow]"), {}, "convert it"),
        (pd.to_timedelta([1, 2]), {}, "give it one dtype"),
    ],
)
def test_what_does_not_fit_is_said_in_a_sentence(column: Any, given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        infer_schema(frame(c=column), given)


def test_unknown_values_cannot_be_let_through_to_a_pandas_category() -> None:
    data = frame(c=pd.Categorical(["x", "y"]))
    schema = infer_schema(data, {"c": {"unknownCategory": "score"}})
    with pytest.raises(ValueError, match="would reach the model as missing"):
        trained_columns(data, schema)
