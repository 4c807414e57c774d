"""What moved a prediction, in words."""

from __future__ import annotations

import pytest

from dropscore.domain import reasons


@pytest.mark.parametrize(
    ("share", "english", "spanish"),
    [
        (-0.2134, "−0.21", "−0,21"),
        (0.0042, "+0.0042", "+0,0042"),
        (3.44, "+3.4", "+3,4"),
        (-420.0, "−420", "−420"),
        (12_300.0, "+12,300", "+12.300"),
        (0.0, "", ""),
        (float("nan"), "", ""),
        (float("-inf"), "", ""),
    ],
)
def test_a_share_has_its_sign_and_two_digits(share: float, english: str, spanish: str) -> None:
    assert (reasons.signed(share, "en"), reasons.signed(share, "es")) == (english, spanish)


def test_both_languages_have_the_same_words() -> None:
    assert set(reasons.LANGUAGES["en"]) == set(reasons.LANGUAGES["es"])


@pytest.mark.parametrize("unit", ["value", "logarithm", "log-odds", "probability", "score"])
@pytest.mark.parametrize("language", ["en", "es"])
def test_each_unit_is_described(unit: str, language: str) -> None:
    told = reasons.described(unit, "good", 2, language)
    assert "good" in told and "2" in told
    assert "good" not in reasons.described(unit, "", 2, language)
