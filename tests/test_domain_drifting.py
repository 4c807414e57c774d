"""How drift is told: each change in both languages, figures as people write them."""

from __future__ import annotations

import pytest

from dropscore.domain.drifting import LANGUAGES, figure, share, told_drift, told_unknown
from dropscore.receipt import ColumnDrift


@pytest.mark.parametrize(
    ("value", "kind", "english", "spanish"),
    [
        (4210.0, "number", "4,210", "4.210"),
        (3050.49, "number", "3,050", "3.050"),
        (0.12345, "number", "0.1235", "0,1235"),
        (12.5, "number", "12.5", "12,5"),
        (1e-9, "number", "1e-09", "1e-09"),
        (-2.0, "integer", "-2", "-2"),
        (20_000.0, "date", "2024-10-04", "2024-10-04"),
        (20_000 * 86_400.0, "datetime", "2024-10-04", "2024-10-04"),
        (1e300, "date", "9999-12-31", "9999-12-31"),
        (1e300, "number", "1e+300", "1e+300"),
    ],
)
def test_figures(value: float, kind: str, english: str, spanish: str) -> None:
    assert (figure(value, kind, "en"), figure(value, kind, "es")) == (english, spanish)


def test_shares() -> None:
    assert [share(value, "en") for value in (0.0, 0.0001, 0.012, 0.5, 1.0)] == [
        "0 %",
        "< 0.1 %",
        "1.2 %",
        "50 %",
        "100 %",
    ]
    assert share(0.012, "es") == "1,2 %"


def test_a_higher_and_a_lower_level() -> None:
    column = ColumnDrift(column="income", changes=("level",), level=0.5, median=(4210, 3050), mean=(1, 2))
    assert told_drift(column, "number", "en") == "*income* is higher than in training: median 4,210 against 3,050."
    lower = column.model_copy(update={"level": -0.5, "of": "prediction"})
    assert told_drift(lower, "number", "en").startswith("The prediction *income* is lower than in training")
    assert told_drift(column, "date", "en").startswith("*income* is later than in training: median 1981-")


def test_of_few_values_the_average_is_told_where_the_median_stays() -> None:
    column = ColumnDrift(column="n", changes=("level",), level=0.5, median=(2, 2), mean=(2.31, 2.05))
    assert told_drift(column, "integer", "en") == "*n* is higher than in training: on average 2.31 against 2.05."


def test_several_changes_of_one_column_are_several_sentences() -> None:
    column = ColumnDrift(
        column="c", changes=("level", "missing"), level=1.0, median=(2, 1), mean=(2, 1), missing=(0.2, 0)
    )
    assert told_drift(column, "number", "en").endswith(" *c* is missing in 20 % of the rows, against 0 % in training.")


@pytest.mark.parametrize("language", sorted(LANGUAGES))
@pytest.mark.parametrize("change", ["level", "shape", "mix", "missing", "unseen", "outside"])
def test_each_change_has_its_sentence(language: str, change: str) -> None:
    found = ColumnDrift.model_validate(
        {"column": "c", "changes": (change,), "level": 1.0, "median": (2, 1), "mean": (2, 1),
         "middle": ((1, 3), (0, 5)), "missing": (0.2, 0.1), "unseen": 0.3, "outside": 0.4,
         "category": "car", "shares": (0.4, 0.2)}
    )  # fmt: skip
    told = told_drift(found, "number", language)
    assert told.startswith("*c* ") and told.endswith(".") and "{" not in told


def test_a_column_of_almost_one_value_is_told_as_such() -> None:
    found = ColumnDrift(column="c", changes=("shape",), middle=((5, 5), (1, 9)))
    assert told_drift(found, "number", "en").startswith("*c* varies less than in training: half of it and more is 5,")


def test_both_languages_have_the_same_sentences() -> None:
    assert LANGUAGES["en"].keys() == LANGUAGES["es"].keys()
    assert told_unknown("older-profile", "en", columns=list("abcdefg")).startswith(
        "7 columns could not be compared with training (*a*, *b*, *c*, *d*, *e*, …)"
    )
