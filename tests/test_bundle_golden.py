"""Golden rows show what the model may meet, and tell another model from another last bit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from dropscore.bundle.golden import FEWEST, choose_rows, first_difference, pack_golden, unpack_golden
from dropscore.bundle.manifest import Output
from dropscore.domain.schema import Field, Schema, Type

SCHEMA = Schema((Field("a", Type.NUMBER), Field("c", Type.STRING)))
OUTPUTS = (Output(name="p", kind="number", source="prediction"),)


def test_missing_cells_categories_extremes_and_classes_are_among_them() -> None:
    rows = 1_000
    frame = pd.DataFrame({"a": np.arange(rows, dtype=float), "c": pd.array(["common"] * rows, dtype="str")})
    frame.loc[617, "a"] = np.nan
    frame.loc[333, "c"] = "rare"
    frame.loc[778, "c"] = None
    frame.loc[401, "a"] = 1e6
    said = pa.array(["no"] * 555 + ["yes"] + ["no"] * (rows - 556))
    chosen = set(choose_rows(frame, {"said": said}).tolist())
    assert {617, 333, 778, 401, 555} <= chosen
    assert FEWEST <= len(chosen) < 50


def test_the_choice_is_bounded_and_the_same_every_time() -> None:
    frame = pd.DataFrame({f"c{n}": [f"{n}-{row % 97}" for row in range(500)] for n in range(40)})
    expected = {"p": pa.array(np.arange(500.0))}
    first = choose_rows(frame, expected)
    assert len(first) <= 400 and (first == choose_rows(frame, expected)).all()


def test_packed_and_unpacked() -> None:
    typed = {"a": pa.array([1.5, None] * 10), "c": pa.array(["x", None] * 10)}
    expected = {"p": pa.array(np.arange(20.0))}
    found = unpack_golden(pack_golden(typed, expected), SCHEMA, OUTPUTS)
    assert found == (typed, expected)


@pytest.mark.parametrize(
    ("typed", "expected", "sentence"),
    [
        ({"a": pa.array([1.0] * 20)}, {"p": pa.array([1.0] * 20)}, "other columns"),
        ({"a": pa.array([1.0] * 19), "c": pa.array(["x"] * 19)}, {"p": pa.array([1.0] * 19)}, "fewer than 20"),
        ({"a": pa.array([1] * 20), "c": pa.array(["x"] * 20)}, {"p": pa.array([1.0] * 20)}, "another type"),
    ],
)
def test_another_table_is_refused(typed: dict[str, pa.Array], expected: dict[str, pa.Array], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        unpack_golden(pack_golden(typed, expected), SCHEMA, OUTPUTS)
    with pytest.raises(ValueError, match="cannot be read"):
        unpack_golden(b"PAR1 no more", SCHEMA, OUTPUTS)


def test_a_last_bit_is_no_difference_and_the_tenth_digit_is() -> None:
    wanted = {"p": pa.array([0.25, 1e-300, None, 1e9])}
    close = {"p": pa.array([0.25 + 1e-13, 1.1e-300, None, 1e9 + 1e-3])}
    assert first_difference(wanted, close) is None
    off = {"p": pa.array([0.25, 1e-300, None, 1e9 + 10])}
    assert first_difference(wanted, off) == "'p' of row 4 is 1000000010.0 and should be 1000000000.0"


@pytest.mark.parametrize(
    ("wanted", "got"),
    [
        (pa.array(["a", None]), pa.array(["a", "b"])),
        (pa.array(["a", "b"]), pa.array(["a", None])),
        (pa.array([1.0, None]), pa.array([1.0, 2.0])),
        (pa.array([1.0, 2.0]), pa.array([1.0, None])),
        (pa.array([1.0]), pa.array([1.0, 2.0])),
        (pa.array([1.0]), pa.array(["1.0"])),
    ],
)
def test_text_nulls_lengths_and_types_must_be_the_same(wanted: pa.Array, got: pa.Array) -> None:
    assert first_difference({"p": wanted}, {"p": got}) is not None
    assert first_difference({"p": wanted}, {"p": wanted}) is None
    assert first_difference({"p": wanted}, {}) is not None
