"""The catalogue: whole in every language, its templates fillable, and its page up to date."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from dropscore.domain.catalogue import (
    CATALOGUE,
    FOUND_AT_MOST,
    LANGUAGES,
    PHRASES,
    PLACES,
    Scope,
    counted,
    group,
    group_problems,
    phrase,
    problem,
    shown,
)
from dropscore.domain.problems import Problem, Severity
from dropscore.domain.wording.en_file import FILE

DOCS = Path(__file__).parents[1] / "docs"
PLACE = re.compile(r"\{(\w*)\}")


def places(template: str) -> set[str]:
    return set(PLACE.findall(template))


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=CATALOGUE)
def test_every_entry_is_whole_in_every_language(entry) -> None:  # type: ignore[no-untyped-def]
    assert entry.example
    assert set(entry.words) == set(LANGUAGES)
    for language in LANGUAGES:
        for text in entry.words[language]:
            assert text and not text.isspace()
    for at in range(4):  # a translation names what the original names
        original = places(entry.words["en"][at])
        assert all(places(entry.words[language][at]) == original for language in LANGUAGES)


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=CATALOGUE)
def test_no_two_languages_say_the_same(entry) -> None:  # type: ignore[no-untyped-def]
    for at in range(4):
        texts = [entry.words[language][at] for language in LANGUAGES]
        if not places(texts[0]) or len(texts[0]) > 30:
            assert len(set(texts)) == len(texts)


def test_codes_are_words_for_programs() -> None:
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", code) for code in CATALOGUE)


def test_groups_of_a_refused_file_name_only_what_a_problem_knows() -> None:
    for code, words in FILE.items():
        assert CATALOGUE[code].scope is Scope.FILE
        assert places(words.group) <= set(PLACES), code


def test_phrases_are_whole_in_every_language() -> None:
    assert set(PHRASES) == set(LANGUAGES)
    for language in LANGUAGES:
        assert {name: places(text) for name, text in PHRASES[language].items()} == {
            name: places(text) for name, text in PHRASES["en"].items()
        }


def test_the_page_is_up_to_date() -> None:
    written = runpy.run_path(str(DOCS / "problems.py"))["document"]()
    assert (DOCS / "problems.md").read_text(encoding="utf-8") == written, "run: python docs/problems.py"
    assert all(f"### `{code}`" in written for code in CATALOGUE)


def test_a_problem_says_where_what_and_what_to_do() -> None:
    made = problem("decimal-comma", row=17, line=19, column="income", cell="C17", found="1234,5")
    assert made == Problem(
        "decimal-comma",
        17,
        19,
        "income",
        "C17",
        "1234,5",
        "a number such as 1234.5",
        'Write it with a decimal point, or ask the operator to set `decimal = ","` for this folder.',
    )


def test_what_was_found_may_hold_braces_and_what_cannot_be_seen() -> None:
    made = problem("currency", found="{0.__class__} \x07\n")
    assert made.found == "{0.__class__} \\x07\\n"


def test_a_long_cell_is_shortened() -> None:
    assert shown("x" * FOUND_AT_MOST) == "x" * FOUND_AT_MOST
    assert shown("x" * (FOUND_AT_MOST + 1)) == "x" * FOUND_AT_MOST + "…"


def test_a_group_counts_first() -> None:
    made = group("decimal-comma", count=4812, column="income", rows=(3, 4), more={"found": "1,5"})
    assert made.sentence == "4,812 cells of *income* use a decimal comma, such as `1,5`."
    assert 'decimal = ","' in made.hint
    assert made.rows == (3, 4)


def test_a_single_problem_is_told_by_its_place() -> None:
    made = group("not-a-number", count=1, column="age", rows=(17,), more={"found": "abc"})
    assert made.sentence == "*age* in row 17: The cell is no number. Found: `abc`."
    assert group("blank-line", count=1, rows=(4,)).sentence.startswith("Row 4: A line without content")


def test_spanish() -> None:
    made = group("decimal-comma", "es", count=4812, column="income", rows=(3, 4))
    assert made.sentence.startswith("4.812 celdas de *income* llevan coma decimal")
    assert problem("not-a-number", "es", found="abc", example="1234.5").expected == "un número como 1234.5"
    assert counted(1_000_000, "es") == "1.000.000"
    assert phrase("near", "es", found="retial", near="retail") == " `retial`: ¿quiso decir `retail`?"


def test_an_unknown_language_is_told_in_english() -> None:
    assert problem("empty-file", "xx").hint == problem("empty-file").hint


def test_located_problems_are_grouped_by_cause() -> None:
    missing = [problem("missing-column", column=name, found="a, b") for name in ("x", "y")]
    warning = problem("final-newline-missing", row=3, line=3, found="12")
    found = group_problems([warning, *missing], "en")
    assert [(made.code, made.column, made.count) for made in found] == [
        ("missing-column", "x", 1),
        ("missing-column", "y", 1),
        ("final-newline-missing", None, 1),
    ]
    assert found[0].sentence == "The column *x* is missing."
    assert found[2].severity is Severity.WARNING
    assert found[2].sentence == "The last line has no end; the last cell reads 12."
    assert found[2].rows == (3,)
