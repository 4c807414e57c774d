"""Table Schema in and out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropscore.domain.schema import Field, Schema, Type, UnknownCategory, schema_from_json, schema_to_json

_FIELDS = st.builds(
    Field,
    name=st.text(min_size=1),
    type=st.sampled_from(Type),
    title=st.text(),
    required=st.booleans(),
    unique=st.booleans(),
    minimum=st.none() | st.integers(-9, 9),
    enum=st.lists(st.text(), unique=True).map(tuple),
    missing_values=st.lists(st.text()).map(tuple),
    decimal_char=st.sampled_from([".", ","]),
    unknown_category=st.sampled_from(UnknownCategory),
)


@given(st.lists(_FIELDS, unique_by=lambda field: field.name))
def test_a_schema_is_read_back_equal(fields: list[Field]) -> None:
    schema = Schema(tuple(fields))
    assert schema_from_json(schema_to_json(schema)) == schema


def test_missing_values_of_the_whole_schema_hold_for_each_column() -> None:
    schema = schema_from_json({"missingValues": ["", "NA"], "fields": [{"name": "age", "type": "integer"}]})
    assert schema.field("age").missing_values == ("", "NA")


def test_what_is_not_understood_is_named() -> None:
    column = {"name": "age", "type": "integer", "constraints": {"minimun": 3}, "colour": "red"}
    with pytest.raises(ValueError, match="'age': not understood: colour, minimun"):
        schema_from_json({"fields": [column]})
    with pytest.raises(ValueError, match="geojson"):
        schema_from_json({"fields": [{"name": "age", "type": "geojson"}]})
    with pytest.raises(ValueError, match="named twice: age"):
        schema_from_json({"fields": [{"name": "age", "type": "integer"}] * 2})
