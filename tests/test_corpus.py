"""No file of the corpus is read wrongly without a word: the first promise, counted."""

from __future__ import annotations

from collections import Counter

import pytest

from corpus.case import Case
from corpus.make import LIST, all_cases, listed
from dropscore.domain.rules import Policy
from table_help import Read, read

CASES = list(all_cases())


def scored(found: Read, case: Case) -> tuple[tuple[object, ...], ...]:
    """Return the rows that would be scored under the route's policy, by the schema's columns."""
    if found.refused or (found.bad_rows and case.rules.policy is Policy.ALL_OR_NOTHING):
        return ()
    rows = zip(*(found.typed[name] for name in case.schema.names), strict=True)
    return tuple(row for row, bad in zip(rows, found.bad, strict=True) if not bad)


def verdict(found: Read, case: Case) -> str:
    if not scored(found, case):
        return "refused"
    return "partly" if found.bad_rows else "accepted"


@pytest.fixture(scope="module")
def results() -> dict[str, tuple[Case, Read]]:
    return {case.name: (case, read(case.data, case.schema, case.rules)) for case in CASES}


@pytest.mark.parametrize("name", [case.name for case in CASES])
def test_the_file_becomes_what_it_must(results: dict[str, tuple[Case, Read]], name: str) -> None:
    case, found = results[name]
    assert verdict(found, case) == case.verdict, found.codes
    assert scored(found, case) == case.rows
    assert set(found.codes) == case.codes


def test_nothing_is_silently_wrong(results: dict[str, tuple[Case, Read]]) -> None:
    wrong = [name for name, (case, found) in results.items() if (rows := scored(found, case)) and rows != case.rows]
    verdicts = Counter(verdict(found, case) for case, found in results.values())
    told = ", ".join(f"{count} {name}" for name, count in sorted(verdicts.items()))
    print(f"\ncorpus: {len(results)} files, {told}, silently wrong: {len(wrong)}")
    assert not wrong


def test_the_list_names_every_case_once() -> None:
    assert LIST.read_text(encoding="utf-8") == listed(CASES), "run: python tests/corpus/make.py FOLDER"
    assert len({case.name for case in CASES}) == len(CASES) >= 300


def test_files_are_the_same_each_time() -> None:
    """All but workbooks, which openpyxl stamps with the time."""
    again = {case.name: case.data for case in all_cases()}
    assert not [case.name for case in CASES if not case.name.startswith("xlsx") and again[case.name] != case.data]
