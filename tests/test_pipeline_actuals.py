"""Actuals: matched, and told what is wrong with them; no drop fails for it."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest

from actuals_house import Desk, credit_rows, desk
from dropscore.domain.catalogue import CATALOGUE
from dropscore.domain.errors import Unavailable
from dropscore.domain.jobs import Kind, Verdict
from dropscore.domain.rules import Rules
from dropscore.receipt import Outcome


@pytest.fixture
def route(tmp_path: Path, credit_bundle: Path) -> Desk:
    """A route on which C-0000 to C-0019 were scored on day 0."""
    made = desk(tmp_path, credit_bundle)
    made.drop(credit_rows(slice(0, 20))[0])
    return made


@pytest.fixture
def dated(tmp_path: Path, credit_bundle: Path) -> Desk:
    made = desk(tmp_path, credit_bundle, date="on")
    made.drop(credit_rows(slice(0, 20))[0])
    return made


def _codes(outcome: Outcome) -> dict[str, int]:
    return {group.code: group.count for group in outcome.groups}


def _fact(outcome: Outcome) -> dict[str, int]:
    assert outcome.actuals is not None
    return {name: value for name, value in outcome.actuals.model_dump().items() if value}


def test_what_happened_is_matched_and_kept(route: Desk) -> None:
    outcome = route.actuals([("C-0001", "good"), ("C-0002", "bad"), (" C-0003 ", "good")])
    assert outcome.verdict is Verdict.DELIVERED and not outcome.files
    assert _fact(outcome) == {"taken": 3, "matched": 3}
    assert outcome.sentence == "3 of 3 outcomes belong to a prediction."
    (path,) = route.kept("actuals")
    assert pq.read_table(path, columns=["key", "outcome"]).to_pydict() == {
        "key": ["C-0001", "C-0002", "C-0003"],
        "outcome": ["good", "bad", "good"],
    }


def test_keys_never_predicted_are_told_by_row(route: Desk) -> None:
    outcome = route.actuals([("C-0001", "good"), ("C-0999", "bad"), ("c-0002", "bad")])
    assert outcome.verdict is Verdict.DELIVERED
    assert _fact(outcome) == {"taken": 3, "matched": 1, "unmatched": 2}
    assert [(p.code, p.row, p.cell, p.found) for p in outcome.problems] == [
        ("actual-unknown", 3, "A3", "C-0999"),
        ("actual-unknown", 4, "A4", "c-0002"),
    ]


def test_rows_without_a_key_are_set_aside(route: Desk) -> None:
    outcome = route.actuals([("C-0001", "good"), ("", "bad"), ("  ", "good")])
    assert (outcome.verdict, outcome.counts.set_aside, outcome.counts.scored) == (Verdict.PARTIAL, 2, 1)
    assert _codes(outcome) == {"actual-keyless": 2}
    assert [p.row for p in outcome.problems] == [3, 4]


def test_a_key_twice_with_different_outcomes_counts_not_at_all(route: Desk) -> None:
    outcome = route.actuals([("C-0001", "good"), ("C-0001", "bad"), ("C-0002", "bad")])
    assert outcome.verdict is Verdict.PARTIAL
    assert _fact(outcome) == {"taken": 1, "matched": 1, "doubled": 2}
    assert [(p.code, p.row) for p in outcome.problems] == [("actual-doubled", 2), ("actual-doubled", 3)]
    (path,) = route.kept("actuals")
    assert pq.read_table(path)["key"].to_pylist() == ["C-0002"]


def test_the_same_outcome_twice_counts_once(route: Desk) -> None:
    outcome = route.actuals([("C-0001", "good"), ("C-0001", "good")])
    assert outcome.verdict is Verdict.DELIVERED
    assert _fact(outcome) == {"taken": 2, "matched": 2, "repeated": 1}
    (path,) = route.kept("actuals")
    assert pq.read_table(path)["key"].to_pylist() == ["C-0001"]


def test_a_correction_is_told_and_counts(route: Desk) -> None:
    route.actuals([("C-0001", "good"), ("C-0002", "good")], day=30)
    outcome = route.actuals([("C-0001", "bad"), ("C-0002", "good")], day=31)
    assert outcome.verdict is Verdict.DELIVERED
    assert _fact(outcome) == {"taken": 2, "matched": 2, "changed": 1}


def test_an_unknown_class_is_a_bad_cell_with_the_classes(route: Desk) -> None:
    outcome = route.actuals([("C-0001", "goood"), ("C-0002", "bad")])
    assert (outcome.verdict, outcome.counts.bad_cells) == (Verdict.PARTIAL, 1)
    (problem,) = outcome.problems
    assert (problem.code, problem.cell, problem.found) == ("unknown-value", "B2", "goood")
    assert _fact(outcome) == {"taken": 1, "matched": 1}


def test_an_outcome_that_is_not_known_yet_is_left_out(route: Desk) -> None:
    outcome = route.actuals([("C-0001", "good"), ("C-0002", "")])
    assert outcome.verdict is Verdict.DELIVERED
    assert _fact(outcome) == {"taken": 1, "matched": 1, "blank": 1}


def test_numbers_are_read_as_strictly_as_anywhere(tmp_path: Path, penguins_bundle: Path) -> None:
    route = desk(tmp_path, penguins_bundle, key="bird", outcome="mass")
    outcome = route.actuals([("0017", "3750"), ("0018", "3,8"), ("0019", "heavy")])
    assert _codes(outcome) == {"decimal-comma": 1, "not-a-number": 1, "actual-unknown": 1}
    assert outcome.verdict is Verdict.PARTIAL


def test_everything_wrong_still_fails_no_drop(route: Desk) -> None:
    outcome = route.actuals([("", "good"), ("C-0001", "x"), ("C-0002", "good"), ("C-0002", "bad")])
    assert (outcome.verdict, outcome.counts.scored, outcome.kept) == (Verdict.PARTIAL, 0, None)


def test_a_file_that_is_no_table_of_outcomes_is_rejected(route: Desk) -> None:
    outcome = route.drop(b"customer_id,what\nC-0001,good\n", Kind.ACTUALS)
    assert outcome.verdict is Verdict.REJECTED
    assert [(p.code, p.column) for p in outcome.problems] == [("missing-column", "standing")]
    assert "outcomes" in outcome.sentence


def test_what_happened_before_the_first_prediction_is_told(dated: Desk) -> None:
    rows = [("C-0001", "good", "2026-02-28"), ("C-0002", "bad", "2026-03-01"), ("C-0003", "good", "2026-06-30")]
    outcome = dated.actuals(rows)
    assert _fact(outcome) == {"taken": 3, "matched": 2, "early": 1}
    assert [(p.code, p.row) for p in outcome.problems] == [("actual-early", 2)]


def test_dates_are_checked(dated: Desk) -> None:
    outcome = dated.actuals([("C-0001", "good", "soon"), ("C-0002", "bad", ""), ("C-0003", "bad", "2026-04-01")])
    assert _codes(outcome) == {"not-a-date": 1, "missing-value": 1}
    assert outcome.counts.scored == 1


def test_the_same_key_on_two_days_is_two_outcomes(dated: Desk) -> None:
    outcome = dated.actuals([("C-0001", "good", "2026-03-05"), ("C-0001", "bad", "2026-04-05")])
    assert _fact(outcome) == {"taken": 2, "matched": 2}


def test_a_route_that_takes_none_any_more_keeps_the_drop(tmp_path: Path, credit_bundle: Path) -> None:
    route = Desk(tmp_path, credit_bundle, Rules())
    with pytest.raises(Unavailable):
        route.drop(b"customer_id,standing\nC-1,good\n", Kind.ACTUALS)


def test_excel_files_of_actuals_are_read(route: Desk) -> None:
    book = openpyxl.Workbook()
    for row in (("customer_id", "standing"), ("C-0001", "good"), (17, "bad")):
        book.active.append(row)
    out = BytesIO()
    book.save(out)
    assert _fact(route.drop(out.getvalue(), Kind.ACTUALS, day=30)) == {"taken": 2, "matched": 1, "unmatched": 1}


@pytest.mark.parametrize("language", ["en", "es"])
def test_each_has_its_sentence_in_both_languages(tmp_path: Path, credit_bundle: Path, language: str) -> None:
    route = desk(tmp_path, credit_bundle, Rules(language=language))
    route.drop(credit_rows(slice(0, 20))[0])
    outcome = route.actuals([("", "good"), ("C-0001", "x"), ("C-0002", "good"), ("C-0002", "bad"), ("Z", "good")])
    told: list[Any] = [*(group.sentence for group in outcome.groups), outcome.sentence, outcome.todo]
    assert all(told) and not any("{" in text or "…" in text for text in told)
    for group in outcome.groups:
        assert group.code in CATALOGUE
    assert ("predicción" in outcome.sentence) == (language == "es")


def test_a_day_whose_midnight_comes_twice_is_a_day(tmp_path: Path, credit_bundle: Path) -> None:
    havana = desk(tmp_path, credit_bundle, Rules(zone="America/Havana"), date="on")
    havana.drop(credit_rows(slice(0, 20))[0])
    outcome = havana.actuals([("C-0001", "good", "2026-10-31"), ("C-0002", "bad", "2026-10-30")])
    assert _fact(outcome) == {"taken": 2, "matched": 2}
    (path,) = havana.kept("actuals")
    assert [str(when) for when in pq.read_table(path)["when"].to_pylist()] == [
        "2026-11-01 04:00:00+00:00",
        "2026-10-31 04:00:00+00:00",
    ]


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "2262-04-12", "1677-09-20"])
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/Havana"])
def test_the_edges_of_the_calendar_fail_no_drop(tmp_path: Path, credit_bundle: Path, day: str, zone: str) -> None:
    edge = desk(tmp_path, credit_bundle, Rules(zone=zone), date="on")
    edge.drop(credit_rows(slice(0, 20))[0])
    outcome = edge.actuals([("C-0001", "good", day), ("C-0002", "bad", "2026-04-01")])
    fact = _fact(outcome)
    assert fact["taken"] == 2 and fact["matched"] + fact.get("early", 0) == 2
