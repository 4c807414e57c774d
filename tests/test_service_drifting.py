"""Drift in the service: a drop that waits for a word; the owner who hears when it begins, and when it ends."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from dropscore import durable
from dropscore.domain.drifting import Drifting
from dropscore.domain.jobs import DRIFT_ROUTE, DriftTask, State, Task
from dropscore.domain.notes import NoteKind, Recipients
from dropscore.domain.rules import Rules
from dropscore.folders import now_utc
from dropscore.notifier.addresses import targets_of
from dropscore.receipt import ColumnDrift, Drift, Outcome, dump
from dropscore.service.drifting import windows_of
from service_house import House, answer, make_house

SENTENCE = "*income* is higher than in training: median 4,210 against 3,050."
DRIFTED = Drift(
    state="drift", rows=300, columns=(ColumnDrift(column="income", state="drift", changes=("level",)),),
    sentences=(SENTENCE,),
)  # fmt: skip
YES = "01KA0000000000000000000001"


def drifts(task: Task) -> None:
    """Answer like a worker whose drop has drifted."""
    answer(task)
    path = Path(task.folder) / "verdict.json"
    outcome = Outcome.model_validate_json(path.read_bytes())
    durable.write_new(path, dump(outcome.model_copy(update={"drift": DRIFTED})))


def house_of(tmp_path: Path, mode: Drifting) -> House:
    return make_house(tmp_path, work=drifts, rules=Rules(drift=mode))


@pytest.mark.parametrize("mode", [Drifting.WARN, Drifting.OFF])
def test_a_drop_that_has_drifted_is_published_and_told(tmp_path: Path, mode: Drifting) -> None:
    house = house_of(tmp_path, mode)
    house.drop()
    house.turn()
    (receipt,) = house.receipts()
    assert receipt.state is State.DELIVERED
    assert receipt.drift == DRIFTED


def test_under_hold_it_waits_and_says_why(tmp_path: Path) -> None:
    house = house_of(tmp_path, Drifting.HOLD)
    house.drop()
    house.turn()
    (receipt,) = house.receipts()
    assert receipt.state is State.HELD
    assert receipt.sentence == f"sales.csv is held: it has drifted from what its model was trained on. {SENTENCE}"
    assert receipt.drift == DRIFTED
    assert house.files(house.root.outbox) == []
    assert [owed.note.kind for owed in house.ledger.owed(now_utc())] == [NoteKind.HELD]


def test_a_yes_publishes_what_was_scored_without_scoring_again(tmp_path: Path) -> None:
    house = house_of(tmp_path, Drifting.HOLD)
    house.drop()
    house.turn()
    (job,) = house.service.jobs
    assert house.ask(YES, verb="retry", job=job, by="ops")["ok"] is True
    (receipt,) = house.receipts()
    assert receipt.state is State.DELIVERED
    assert receipt.drift == DRIFTED
    assert len(house.tasks) == 1


def test_a_yes_after_a_restart_does_the_same(tmp_path: Path) -> None:
    house = house_of(tmp_path, Drifting.HOLD)
    house.drop()
    house.turn()
    house.restart()
    house.turn()
    (job,) = house.service.jobs
    assert house.service.jobs[job].claim.held
    house.ask(YES, verb="retry", job=job, by="ops")
    assert [receipt.state for receipt in house.receipts()] == [State.DELIVERED]
    assert len(house.tasks) == 1


def test_a_yes_whose_verdict_is_gone_scores_again_and_is_not_asked_twice(tmp_path: Path) -> None:
    house = house_of(tmp_path, Drifting.HOLD)
    house.drop()
    house.turn()
    (job,) = house.service.jobs
    next((house.root.processing / job).glob("attempt-*/verdict.json")).unlink()
    house.restart()
    house.ask(YES, verb="retry", job=job, by="ops")
    assert [receipt.state for receipt in house.receipts()] == [State.DELIVERED]
    assert len(house.tasks) == 2


def test_a_no_puts_it_into_the_trash(tmp_path: Path) -> None:
    house = house_of(tmp_path, Drifting.HOLD)
    house.drop()
    house.turn()
    (job,) = house.service.jobs
    assert house.ask(YES, verb="delete", job=job, by="ops")["ok"] is True
    assert house.files(house.root.outbox) == []
    assert house.service.jobs == {}
    row = house.ledger.job(job)
    assert row is not None and row.state is State.TRASHED


def test_a_job_that_is_held_once_more_is_told_once_more(tmp_path: Path) -> None:
    house = house_of(tmp_path, Drifting.WARN)

    def dies(task: Task) -> None:
        raise RuntimeError("a fault of ours")

    house.work = dies
    house.drop()
    house.turn()
    (job,) = house.service.jobs
    house.ask(YES, verb="retry", job=job, by="ops")
    house.turn()
    assert house.service.jobs[job].claim.held
    assert [owed.note.kind for owed in house.ledger.owed(now_utc())] == [NoteKind.HELD, NoteKind.HELD]


# The last days


def says(*states: str) -> dict[str, object]:
    windows = [
        {"days": days, "jobs": 9, "drift": {**json.loads(DRIFTED.model_dump_json()), "state": state}}
        for days, state in zip((7, 30), states, strict=True)
    ]
    return {"watched": 1, "model": "0" * 64, "days": {}, "windows": windows}


def look(house: House, *states: str) -> list[str]:
    """Let a drop be published and a worker say this of the last days; return the kinds of all that owners are owed."""

    def writes(task: DriftTask) -> None:
        for route in task.routes:
            (Path(task.folder) / DRIFT_ROUTE.format(route=route.name)).write_text(json.dumps(says(*states)))

    house.look_back = writes
    house.drop(f"sales{house.now:.0f}.csv", f"a,b\n1,{house.now:.0f}\n".encode())
    house.turn()
    house.now += 120.0
    house.turn()
    return [str(owed.note.kind) for owed in house.ledger.owed(now_utc()) if owed.note.job is None]


def test_the_owner_hears_once_when_it_begins_and_once_when_it_ends(tmp_path: Path) -> None:
    house = house_of(tmp_path, Drifting.WARN)
    assert look(house, "steady", "few-rows") == []
    assert look(house, "few-rows", "drift") == ["drift"]
    assert look(house, "drift", "drift") == ["drift"]
    house.restart()
    assert look(house, "drift", "drift") == ["drift"]
    assert look(house, "steady", "drift") == ["drift"]
    assert look(house, "few-rows", "few-rows") == ["drift"]
    assert look(house, "steady", "steady") == ["drift", "steady"]
    assert look(house, "drift", "steady") == ["drift", "steady", "drift"]
    note = house.ledger.owed(now_utc())[-1].note
    recipients = Recipients(owners={"credit": ("json://owner.example",)}, operators=("json://ops.example",))
    assert [target.url for target in targets_of(note, recipients)] == ["json://owner.example"]


def test_the_note_names_what_has_drifted(tmp_path: Path) -> None:
    house = house_of(tmp_path, Drifting.WARN)
    look(house, "drift", "drift")
    (note,) = [owed.note for owed in house.ledger.owed(now_utc()) if owed.note.kind is NoteKind.DRIFT]
    assert note.sentence == "The data of credit have drifted from what the model was trained on."
    assert note.groups == (SENTENCE,)


def test_a_worker_that_fails_is_tried_again_and_stops_nothing(tmp_path: Path) -> None:
    house = house_of(tmp_path, Drifting.WARN)
    calls = []

    def fails(task: DriftTask) -> None:
        calls.append(task)
        raise RuntimeError("no")

    house.look_back = fails
    house.drop()
    house.turn()
    for _ in range(3):
        house.now += 700.0
        house.turn()
    assert len(calls) > 1
    assert [receipt.state for receipt in house.receipts()] == [State.DELIVERED]
    assert house.files(house.root.templates) == []


def test_a_route_that_does_not_want_to_know_is_not_looked_at(tmp_path: Path) -> None:
    house = house_of(tmp_path, Drifting.OFF)
    asked: list[DriftTask] = []
    house.look_back = asked.append
    house.drop()
    house.turn()
    house.now += 700.0
    house.turn()
    assert asked == []


@pytest.mark.parametrize("content", ["", "{", "[]", '{"windows": 3}', '{"windows": [{"drift": 1}]}'])
def test_what_cannot_be_read_of_the_last_days_is_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / "route-credit.json").write_text(content)
    assert windows_of(tmp_path, "credit") == []
    assert windows_of(tmp_path, "other") == []


def test_the_replaced_plan_is_heeded(tmp_path: Path) -> None:
    house = house_of(tmp_path, Drifting.HOLD)
    house.service.reload(replace(house.plan, routes=tuple(replace(r, rules=Rules()) for r in house.plan.routes)))
    house.drop()
    house.turn()
    assert [receipt.state for receipt in house.receipts()] == [State.DELIVERED]
