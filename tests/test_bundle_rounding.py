"""Twelve significant digits, exactly as Python's own decimal rounding has them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropscore.bundle.rounding import round_significant


def by_text(values: np.ndarray) -> np.ndarray:
    return np.array([float(f"{value:.12g}") for value in values])


@given(st.lists(st.floats(), min_size=1, max_size=50))
def test_any_float_is_rounded_as_its_text_is(values: list[float]) -> None:
    given_values = np.array(values)
    np.testing.assert_array_equal(round_significant(given_values), by_text(given_values))


@pytest.mark.parametrize("exponent", range(-30, 31, 5))
def test_near_ties_go_the_way_their_text_goes(exponent: int) -> None:
    draw = np.random.default_rng(exponent + 100)
    ties = (draw.integers(10**11, 10**12, 4_000) + 0.5) * 10.0**exponent
    near = np.concatenate([ties, np.nextafter(ties, np.inf), np.nextafter(ties, -np.inf), -ties])
    np.testing.assert_array_equal(round_significant(near), by_text(near))


def test_around_every_power_of_ten() -> None:
    powers = 10.0 ** np.arange(-300, 301)
    values = np.concatenate([powers, np.nextafter(powers, 0), np.nextafter(powers, np.inf)])
    np.testing.assert_array_equal(round_significant(values), by_text(values))


def test_last_bits_do_not_show() -> None:
    values = np.random.default_rng(1).random(100_000)
    shaken = np.nextafter(values, 1.0)
    assert (values != shaken).all()
    assert (round_significant(values) != round_significant(shaken)).mean() < 1e-3


def test_what_is_no_number_stays_and_the_input_is_not_touched() -> None:
    values = np.array([np.nan, np.inf, -np.inf, 0.0, 1 / 3])
    rounded = round_significant(values)
    np.testing.assert_array_equal(rounded, [np.nan, np.inf, -np.inf, 0.0, 0.333333333333])
    assert values[4] == 1 / 3
    assert round_significant(np.empty(0)).shape == (0,)
