"""Outcomes in words."""

from __future__ import annotations

import pytest

from dropscore.domain.catalogue import group
from dropscore.domain.sentences import _SENTENCES, told


def test_counts_are_grouped_as_the_language_groups_them() -> None:
    assert told("rejected-rows", "en", rows=8412, bad=3)[0] == "Nothing was scored: 3 of 8,412 rows need fixing."
    assert told("rejected-rows", "es", rows=8412, bad=3)[0].startswith("No se puntuó nada: 3 de 8.412 filas")


def test_every_language_says_everything() -> None:
    assert set(_SENTENCES["es"]) == set(_SENTENCES["en"])


def test_an_unknown_language_falls_back_to_english() -> None:
    assert told("checked-fine", "tlh", rows=1) == told("checked-fine", "en", rows=1)


@pytest.mark.parametrize(
    ("key", "language", "counts", "sentence"),
    [
        ("delivered", "en", {"rows": 1}, "The one row was scored."),
        ("delivered", "es", {"rows": 1}, "Se puntuó la única fila."),
        ("delivered", "es", {"rows": 1000}, "Se puntuaron las 1.000 filas."),
        ("delivered-warned", "en", {"rows": 2, "warnings": 1}, "All 2 rows were scored, with one thing to look at."),
        ("partial", "en", {"rows": 2, "scored": 1, "bad": 1}, "1 of 2 rows was scored; one needs fixing."),
        ("partial", "es", {"rows": 9, "scored": 1, "bad": 8}, "Se puntuó 1 de 9 filas; 8 necesitan corrección."),
        ("rejected-rows", "en", {"rows": 1, "bad": 1}, "Nothing was scored: 1 of 1 row needs fixing."),
        ("rejected-rows", "en", {"rows": 19, "bad": 1}, "Nothing was scored: 1 of 19 rows needs fixing."),
        ("rejected-rows", "es", {"rows": 19, "bad": 1}, "No se puntuó nada: 1 de 19 filas necesita corrección."),
        (
            *("checked-bad", "en", {"rows": 19, "bad": 1}),
            "1 of 19 rows needs fixing. Nothing was scored: this was a check.",
        ),
    ],
)
def test_one_is_told_as_one(key: str, language: str, counts: dict[str, int], sentence: str) -> None:
    assert told(key, language, **counts)[0] == sentence


def test_one_row_of_a_group_is_told_as_one() -> None:
    assert group("too-few-cells", count=1).sentence == "1 row with too few cells."
    assert group("too-few-cells", count=2).sentence == "2 rows with too few cells."
