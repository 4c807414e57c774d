"""An outcome is held against the latest prediction for its key that was made before it."""

from __future__ import annotations

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from dropscore.actuals.matching import NONE, latest_before, one_each

DAY = pd.Timestamp("2026-03-01", tz="UTC")


def _predictions(rows: list[tuple[str, int]]) -> pd.DataFrame:
    at = [DAY + pd.Timedelta(days=day) for _, day in rows]
    return pd.DataFrame({"key": [key for key, _ in rows], "at": at, "row": range(2, 2 + len(rows))})


def _actuals(rows: list[tuple[str, int]]) -> pd.DataFrame:
    when = [DAY + pd.Timedelta(days=day) for _, day in rows]
    return pd.DataFrame({"key": [key for key, _ in rows], "when": when, "arrived": when})


def test_the_latest_before_counts() -> None:
    predictions = _predictions([("a", 1), ("a", 5), ("a", 9), ("b", 2)])
    found = latest_before(_actuals([("a", 7), ("a", 1), ("a", 99), ("b", 3), ("c", 3)]), predictions)
    assert found.tolist() == [1, NONE, 2, 3, NONE]


def test_the_same_moment_is_not_before() -> None:
    assert latest_before(_actuals([("a", 5)]), _predictions([("a", 5)])).tolist() == [NONE]


def test_of_two_rows_of_one_file_the_last_counts() -> None:
    assert latest_before(_actuals([("a", 5)]), _predictions([("a", 1), ("a", 1)])).tolist() == [1]


def test_nothing_with_nothing_is_nothing() -> None:
    assert latest_before(_actuals([]), _predictions([("a", 1)])).tolist() == []
    assert latest_before(_actuals([("a", 1)]), _predictions([])).tolist() == [NONE]


def test_of_several_outcomes_for_one_prediction_the_latest_counts() -> None:
    actuals = _actuals([("a", 9), ("a", 7), ("b", 3)])
    matched = latest_before(actuals, _predictions([("a", 1), ("b", 1)]))
    assert one_each(actuals, matched).tolist() == [True, False, True]


def test_of_outcomes_of_one_day_the_last_that_came_counts() -> None:
    actuals = _actuals([("a", 9), ("a", 9)])
    actuals["arrived"] = [DAY + pd.Timedelta(days=20), DAY + pd.Timedelta(days=10)]
    assert one_each(actuals, latest_before(actuals, _predictions([("a", 1)]))).tolist() == [True, False]


_rows = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9)), max_size=12)


@given(_rows, _rows)
def test_it_is_what_looking_at_each_pair_gives(actual: list[tuple[str, int]], predicted: list[tuple[str, int]]) -> None:
    found = latest_before(_actuals(actual), _predictions(predicted))
    for (key, day), place in zip(actual, found.tolist(), strict=True):
        fits = [(when, at) for at, (other, when) in enumerate(predicted) if other == key and when < day]
        assert place == (max(fits)[1] if fits else NONE)
