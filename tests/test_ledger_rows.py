"""How receipts and events become rows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropscore.domain.jobs import State
from dropscore.ledger import problem_lines
from dropscore.ledger.rows import history_values, searchable, state_after, values_of
from dropscore.ledger.tables import jobs, storable
from dropscore.receipt import Event, GroupEntry
from ledgers import NOW, receipt

KINDS = ("mended", "retried", "archived", "trashed", "restored", "notified")


def events(*kinds: str) -> list[Event]:
    return [
        Event.model_validate({"at": NOW + timedelta(minutes=number), "event": kind})
        for number, kind in enumerate(kinds)
    ]


@pytest.mark.parametrize(
    ("start", "kinds", "end"),
    [
        ("delivered", (), "delivered"),
        ("delivered", ("notified", "retried"), "mended"),
        ("rejected", ("mended",), "mended"),
        ("delivered", ("archived",), "archived"),
        ("delivered", ("trashed", "restored"), "delivered"),
        ("delivered", ("archived", "trashed", "restored"), "delivered"),
        ("delivered", ("archived", "trashed", "restored", "restored"), "delivered"),
        ("rejected", ("trashed", "archived", "trashed", "restored"), "rejected"),
        ("rejected", ("mended", "trashed", "restored"), "mended"),
        ("delivered", ("restored",), "delivered"),
        ("delivered", ("held", "released"), "delivered"),
        ("working", ("held",), "held"),
        ("working", ("held", "released"), "working"),
        ("held", ("trashed", "restored"), "held"),
    ],
)
def test_where_a_job_stands_after_its_events(start: str, kinds: tuple[str, ...], end: str) -> None:
    state, told = state_after(receipt(1, start), events(*kinds))
    assert state == State(end)
    assert [event.event for event, _ in told] == list(kinds)


def test_events_count_in_the_order_in_which_they_were_written_whatever_the_clock_said() -> None:
    assert state_after(receipt(1), events("trashed", "restored")[::-1])[0] is State.TRASHED
    assert state_after(receipt(1), events("archived", "trashed")[::-1])[0] is State.ARCHIVED


@given(st.lists(st.sampled_from(KINDS), max_size=12))
def test_the_last_move_that_is_told_is_the_state(kinds: list[str]) -> None:
    state, told = state_after(receipt(1), events(*kinds))
    moves = [moved for _, moved in told if moved is not None]
    assert state == (moves[-1] if moves else State.DELIVERED)


@given(st.text(st.characters(exclude_categories=()), max_size=300), st.integers(1, 300))
def test_any_text_becomes_storable(text: str, length: int) -> None:
    stored = storable(text, length)
    stored.encode("utf-8")
    assert "\0" not in stored
    assert len(stored) <= length
    assert storable(stored, length) == stored
    if len(text) <= length and text.isprintable():
        assert stored == text


def test_search_knows_no_case_and_no_way_of_writing_accents() -> None:
    assert searchable("Stra\u00dfe E\u0301\udce9") == searchable("STRASSE \u00e9\udce9")


def test_every_column_is_filled_from_the_receipt() -> None:
    assert set(values_of(receipt(1))) == set(jobs.c.keys())


def test_a_line_of_the_events_file_is_known_again_and_no_other_is_taken_for_it() -> None:
    base = {"at": NOW, "event": "notified", "notification": "a"}
    others = [
        {"notification": "b"},
        {"job": "x"},
        {"request": "r"},
        {"event": "held"},
        {"at": NOW + timedelta(seconds=1)},
    ]
    marks = [history_values("j", Event.model_validate(base | other), None)["fingerprint"] for other in [{}, *others]]
    marks.append(history_values("k", Event.model_validate(base), None)["fingerprint"])
    assert len(set(marks)) == 7
    read_again = Event.model_validate_json(Event.model_validate(base).model_dump_json())
    assert history_values("j", read_again, None)["fingerprint"] == marks[0]


def test_problems_are_told_without_what_the_cells_hold() -> None:
    groups = (
        GroupEntry(code="final-newline-missing", count=1, sentence="The last cell is SECRET.", severity="warning"),
        GroupEntry(code="not-a-number", column="income", count=3, sentence="SECRET", rows=(4, 9, 11)),
        GroupEntry(code="unknown-value", column="segment", count=4812, sentence="SECRET", rows=tuple(range(1, 21))),
        GroupEntry(code="too-few-cells", count=1, sentence="SECRET", rows=(7,)),
        GroupEntry(code="missing-column", column="age", count=1, sentence="SECRET"),
        GroupEntry(code="from-a-newer-release", count=2, sentence="SECRET"),
    )
    lines = problem_lines(receipt(1, "rejected", groups=groups))
    assert len(lines) == 5
    assert "SECRET" not in "".join(lines)
    assert lines[0].startswith("4,812 cells of segment (row 1, 2, 3, 4, 5, …): ")
    assert lines[1].startswith("3 cells of income (row 4, 9, 11): ")
    assert "2 cells: from-a-newer-release." in lines
    assert any(line.startswith("1 row (row 7): The row has fewer cells") for line in lines)
    assert any(line.startswith("age: ") for line in lines)
    assert problem_lines(receipt(1, groups=groups), cell_values=True)[0] == "SECRET"
