"""Parquet: typed columns bypass the rules of notation, text columns do not."""

from __future__ import annotations

import datetime
import decimal
import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dropscore.domain.rules import Limits, Rules
from dropscore.domain.schema import Field, Schema, Type
from dropscore.table import parquet as parquet_module
from table_help import PEOPLE, read


def written(row_group_size: int = 1000, **columns: pa.Array) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer, row_group_size=row_group_size)
    return buffer.getvalue()


KINDS = Schema(
    (
        Field("n", Type.NUMBER),
        Field("i", Type.INTEGER),
        Field("t", Type.STRING),
        Field("b", Type.BOOLEAN, true_values=("ja",), false_values=("nein",)),
        Field("d", Type.DATE, format="%d.%m.%Y"),
        Field("m", Type.DATETIME),
    )
)


def test_values_are_values() -> None:
    day, moment = datetime.date(2026, 2, 28), datetime.datetime(2026, 2, 28, 13, 14, 15, 250_000)
    found = read(
        written(
            n=pa.array([1.5, None, float("nan")]),
            i=pa.array([42, None, 2**62], pa.int64()),
            t=pa.array(["x", None, "NA"]).dictionary_encode(),
            b=pa.array([True, False, None]),
            d=pa.array([day, None, day]),
            m=pa.array([moment, None, datetime.datetime(2026, 1, 1)], pa.timestamp("ns")),
        ),
        KINDS,
        Rules(decimal=",", dates="%d.%m.%Y"),
    )
    assert found.problems == ()
    assert found.typed == {
        "n": [1.5, None, None],
        "i": [42, None, 2**62],
        "t": ["x", None, "NA"],
        "b": [True, False, None],
        "d": [day, None, day],
        "m": [moment, None, datetime.datetime(2026, 1, 1)],
    }
    assert found.texts["i"] == [None, None, str(2**62)]
    assert found.reading is not None
    assert found.reading.format == "parquet"


def test_text_is_read_in_the_routes_notation() -> None:
    schema = Schema((Field("n", Type.NUMBER), Field("d", Type.DATE)))
    data = written(n=pa.array(["1,5"]), d=pa.array(["28.02.2026"]))
    found = read(data, schema, Rules(decimal=",", dates="%d.%m.%Y"))
    assert found.typed == {"n": [1.5], "d": [datetime.date(2026, 2, 28)]}
    assert read(data, schema).codes == ["decimal-comma", "other-date"]
    auto = read(data, schema, Rules(decimal="auto", dates="auto"))
    assert auto.typed == {"n": [1.5], "d": [datetime.date(2026, 2, 28)]}


@pytest.mark.parametrize(
    "values",
    [
        pa.array([1], pa.int8()),
        pa.array([1], pa.uint64()),
        pa.array([1.0], pa.float32()),
        pa.array([decimal.Decimal("1.00")]),
        pa.array(["1"]),
        pa.array(["1"], pa.large_string()),
    ],
)
def test_kinds_of_numbers(values: pa.Array) -> None:
    assert read(written(n=values), Schema((Field("n", Type.NUMBER),))).typed == {"n": [1.0]}


def test_floats_in_a_column_of_whole_numbers() -> None:
    schema = Schema((Field("i", Type.INTEGER),))
    found = read(written(i=pa.array([1.0, 1.5, None])), schema)
    assert found.typed["i"] == [1, None, None]
    assert found.codes == ["not-an-integer"]


@pytest.mark.parametrize(
    "values",
    [
        pa.array([[1]]),
        pa.array([{"a": 1}]),
        pa.array([b"x"]),
        pa.array([datetime.datetime(2026, 1, 1)], pa.timestamp("us", "Europe/Berlin")),
        pa.array([datetime.time(1)]),
    ],
)
def test_kinds_that_are_no_cells(values: pa.Array) -> None:
    assert read(written(x=values), Schema((Field("x", Type.STRING),))).codes == ["parquet-type"]


def test_problems_are_placed_by_row_without_a_line() -> None:
    found = read(written(age=pa.array([1, 300]), income=pa.array([1.0, 2.0]), segment=pa.array(["food", "x"])))
    assert [(problem.code, problem.row, problem.line, problem.cell) for problem in found.problems] == [
        ("above-maximum", 3, None, "A3"),
        ("unknown-value", 3, None, "C3"),
    ]


@pytest.mark.parametrize("row_group_size", [1, 3, 4, 100])
def test_blocks_do_not_follow_row_groups(row_group_size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_module, "BLOCK_ROWS", 4)
    found = read(written(row_group_size, n=pa.array(range(10))), Schema((Field("n", Type.INTEGER),)))
    assert found.typed["n"] == list(range(10))
    assert found.row_numbers == list(range(2, 12))


def test_columns_that_pass_through() -> None:
    data = written(n=pa.array([1]), x=pa.array([2.5]), y=pa.array(["3"]), z=pa.array([True]))
    found = read(data, Schema((Field("n", Type.INTEGER),)))
    assert (found.numbers["x"], found.numbers["y"]) == (["2.5"], [None])
    assert (found.texts["y"], found.texts["z"]) == (["3"], ["true"])
    assert found.reading is not None
    assert found.reading.passed_through == ("x", "y", "z")


def test_limits_and_nothing() -> None:
    data = written(age=pa.array([1, 2]), income=pa.array([1.0, 2.0]), segment=pa.array(["food", "food"]))
    assert read(data, PEOPLE, Rules(limits=Limits(rows=1))).codes == ["too-many-rows"]
    assert read(data, PEOPLE, Rules(limits=Limits(columns=2))).codes == ["too-many-columns"]
    empty = written(age=pa.array([], pa.int64()), income=pa.array([], pa.float64()), segment=pa.array([], pa.string()))
    assert read(empty).codes == ["no-rows"]


def test_cut_off_anywhere_it_is_refused() -> None:
    data = written(age=pa.array([34] * 5), income=pa.array([1.0] * 5), segment=pa.array(["food"] * 5))
    for end in range(8, len(data), 13):
        assert read(data[:end]).codes == ["parquet-broken"]
