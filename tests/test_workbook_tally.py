"""What the chart shows is what was counted, however the rows were cut into blocks."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dropscore.workbook import Column
from dropscore.workbook.tally import Bar, Bins, Classes, bars, count, merged
from workbook_samples import strings

CLASS = Column("c", "text", "output")
NUMBER = Column("n", "number", "output")
WHOLE = Column("n", "integer", "output")
SHARE = Column("p", "number", "output", probability=True)


def test_classes_come_by_size_and_the_rest_together() -> None:
    names = [name for number in range(14) for name in [f"c{number:02}"] * (20 - number)]
    shown = bars(count(CLASS, None, strings(*names, None)), "other")
    assert [bar.label for bar in shown] == [f"c{number:02}" for number in range(12)] + ["other"]
    assert [bar.rows for bar in shown] == [*range(20, 8, -1), 8 + 7]


def test_classes_beyond_a_thousand_are_counted_together() -> None:
    one = count(CLASS, None, strings(*range(1_000)))
    both = merged(one, count(CLASS, None, strings(*range(500, 1_500))))
    assert isinstance(both, Classes)
    assert len(both.counts) == 1_000
    assert (sum(both.counts.values()), both.other) == (1_500, 500)


def test_classes_that_are_numbers() -> None:
    column = Column("c", "integer", "output", enum=("0", "1"))
    assert bars(count(column, strings(0, 1, 1, None), None), "other") == (Bar("1", 2), Bar("0", 1))


def test_probabilities_have_ten_bins_with_their_edges() -> None:
    values = [
        "0",
        "0.1",
        "0.3",
        "0.30000000000000004",
        "0.29999999999999999",
        "0.6",
        "0.7",
        "0.9",
        "0.99",
        "1",
        "1.5",
        "nan",
    ]
    tally = count(SHARE, pa.array([*values[:-1], None], pa.string()), pa.array([None] * 11 + ["nan"], pa.string()))
    shown = bars(tally, "other")
    assert [bar.rows for bar in shown] == [1, 1, 0, 3, 0, 0, 1, 1, 0, 3, 2]
    assert [bar.label for bar in shown][:2] == ["0 – 0.1", "0.1 – 0.2"]
    assert shown[-1] == Bar("other", 2)


@given(
    st.lists(st.lists(st.floats(-1e12, 1e12).map(lambda value: round(value, 3)), min_size=1), min_size=1, max_size=4)
)
@example([[0.0]])
@example([[-1.0], [1e12, 0.001]])
@example([[0.3, 0.7]])
def test_every_number_lies_in_its_bin(blocks: list[list[float]]) -> None:
    tally = count(NUMBER, strings(*map(repr, blocks[0])), None)
    for block in blocks[1:]:
        tally = merged(tally, count(NUMBER, strings(*map(repr, block)), None))
    shown = bars(tally, "other")
    assert len(shown) <= 15
    values = [value for block in blocks for value in block]
    for bar in shown:
        low, high = (float(Decimal(side)) for side in bar.label.split(" – "))
        assert bar.rows == sum(low <= value < high for value in values)
    assert sum(bar.rows for bar in shown) == len(values)


@pytest.mark.parametrize("values", [[1e300, -1e300], [5e-324, 1e-300], [1.7e308], [2.0**60, 2.0**60 + 512]])
def test_numbers_at_the_ends_of_what_there_is(values: list[float]) -> None:
    shown = bars(count(NUMBER, strings(*map(repr, values)), None), "other")
    assert sum(bar.rows for bar in shown) == len(values)
    assert len(shown) <= 15


def test_whole_numbers_are_named() -> None:
    assert bars(count(WHOLE, strings(0, 1, 1, 3), None), "other") == (
        Bar("0", 1),
        Bar("1", 2),
        Bar("2", 0),
        Bar("3", 1),
    )
    shown = bars(count(WHOLE, strings(*range(100)), None), "other")
    assert shown[0] == Bar("0 – 9", 10)
    assert len(shown) == 10


def test_memory_is_bounded_whatever_the_range() -> None:
    tally = count(NUMBER, strings(*np.linspace(0, 1, 100)), None)
    for power in range(0, 15, 2):
        tally = merged(tally, count(NUMBER, strings(10.0**power), None))
    assert isinstance(tally, Bins)
    assert len(tally.counts) <= 2_000
    assert sum(tally.counts) == 108


def test_nothing_to_count() -> None:
    for column in (NUMBER, CLASS):
        assert bars(count(column, None, None), "other") == ()
    empty = count(NUMBER, strings(None), None)
    assert merged(empty, count(NUMBER, strings(5), None)) == merged(count(NUMBER, strings(5), None), empty)


def test_different_kinds_do_not_mix() -> None:
    with pytest.raises(TypeError):
        merged(Classes(Counter(a=1)), Bins(0, 0, ()))
