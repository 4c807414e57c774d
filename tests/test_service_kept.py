"""Kept predictions: put in place with the job, accounted for, moved with it, and removed when their term is over."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from dropscore import durable
from dropscore.domain.jobs import Kind, Task, Verdict
from dropscore.domain.rules import Actuals, Rules
from dropscore.folders import make_root
from dropscore.receipt import Receipt
from dropscore.service import Daily, Limit, Place, Plan, Retention, audit
from dropscore.service.publish import WrongBytes, _keep_rows
from service_house import House, aged, answer, keep, kept_up, make_house

RULES = Rules(actuals=Actuals("id", "outcome"))
DELETE, UNDO = (f"01KA000000000000000000000{n}" for n in "12")


def keeping(task: Task) -> None:
    """Answer as usual, and leave something to be kept."""
    answer(task, Verdict.DELIVERED)
    keep(task)


@pytest.fixture
def house(tmp_path: Path) -> House:
    made = make_house(tmp_path, work=keeping, rules=RULES)
    make_root(made.root, ("credit",), ("credit",))
    made.restart()
    return made


def _one(house: House) -> Receipt:
    (receipt,) = house.receipts()
    return receipt


def _kept(house: House) -> list[str]:
    return [path.name for path in sorted((house.root.state / "predictions").rglob("*")) if path.is_file()]


def _differences(house: House) -> list[str]:
    found = audit.audit(house.root, house.ledger, ["credit"])
    return [f"{one.place}: {one.what}" for one in found.differences]


def test_what_is_kept_lies_in_its_place_and_in_the_receipt(house: House) -> None:
    house.drop()
    house.turn()
    receipt = _one(house)
    assert receipt.kept is not None and receipt.kept.role == "kept"
    place = house.root.path / receipt.kept.path
    assert place == house.root.rows_kept(Kind.SCORE, "credit", receipt.job)
    assert durable.sha256_of(place) == receipt.kept.sha256
    assert _differences(house) == []
    assert house.files(house.root.processing) == []


def test_a_worker_is_told_where_only_in_a_route_that_keeps(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    house.drop()
    house.turn()
    assert house.tasks[0].state == "" and _one(house).kept is None


def test_drops_of_actuals_have_a_folder_and_a_kind_of_their_own(house: House) -> None:
    inbox = house.root.inbox / "credit" / "actuals"
    (inbox / "may.csv").write_bytes(b"id,outcome\n1,2\n")
    house.turn()
    receipt = _one(house)
    assert (receipt.kind, receipt.verdict, receipt.name) == (Kind.ACTUALS, Verdict.DELIVERED, "may.csv")
    assert receipt.kept is not None and receipt.kept.path.startswith("state/actuals/credit/")
    assert house.tasks[0].kind is Kind.ACTUALS and house.tasks[0].state == str(house.root.state)
    assert _differences(house) == []


def test_a_route_without_actuals_does_not_look_there(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    (house.root.inbox / "credit" / "actuals").mkdir()
    (house.root.inbox / "credit" / "actuals" / "may.csv").write_bytes(b"id,outcome\n1,2\n")
    house.turn()
    assert house.receipts() == [] and house.tasks == []


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda path: path.unlink(), "What was kept of the job is gone."),
        (lambda path: path.write_bytes(b"x"), "It is not what was put there."),
        (lambda path: path.with_name("01KA0000000000000000000009.parquet").write_bytes(b"x"), "It belongs to no job."),
    ],
    ids=["gone", "changed", "strange"],
)
def test_the_audit_finds_what_is_wrong(house: House, spoil: object, told: str) -> None:
    house.drop()
    house.turn()
    receipt = _one(house)
    assert receipt.kept is not None and callable(spoil)
    spoil(house.root.path / receipt.kept.path)
    (difference,) = _differences(house)
    assert difference.endswith(told)


def test_it_goes_into_the_trash_with_its_job_and_comes_back(house: House) -> None:
    house.drop()
    house.turn()
    receipt = _one(house)
    house.ask(DELETE, verb="delete", job=receipt.job, by="ops")
    assert _kept(house) == []
    assert f"{receipt.job}.parquet" in [path.name for path in house.root.trash.rglob("*")]
    assert _differences(house) == []
    house.ask(UNDO, verb="undo", job=receipt.job, by="ops")
    assert _kept(house) == [f"{receipt.job}.parquet"]
    assert _differences(house) == []


@pytest.mark.parametrize("trashed", [False, True])
def test_it_is_removed_when_its_term_is_over(house: House, trashed: bool) -> None:
    house.drop()
    house.turn()
    receipt = _one(house)
    if trashed:
        house.ask(DELETE, verb="delete", job=receipt.job, by="ops")
    aged(house, receipt.job, days=31)
    limits = {("credit", Place.KEPT): Limit(30.0)}
    keep = Retention({Place.TRASH: Limit(30.0)} if trashed else {}, limits)
    house.plan = house.service.plan = house.service._hands.plan = _with(house, Daily(retention=keep))
    kept_up(house)
    assert not list(house.root.state.rglob(f"{receipt.job}.parquet"))
    assert not list(house.root.trash.rglob(f"{receipt.job}.parquet"))
    assert _differences(house) == []
    told = [json.loads(line) for line in house.root.events(receipt.job).read_text().splitlines()]
    assert any(f"{receipt.job}.parquet" in path for event in told for path in event.get("paths", ()))


def _with(house: House, daily: Daily) -> Plan:
    return replace(house.plan, daily=daily)


def test_a_younger_one_stays(house: House) -> None:
    house.drop()
    house.turn()
    receipt = _one(house)
    aged(house, receipt.job, days=29)
    keep = Retention({}, {("credit", Place.KEPT): Limit(30.0)})
    house.plan = house.service.plan = house.service._hands.plan = _with(house, Daily(retention=keep))
    kept_up(house)
    assert _kept(house) == [f"{receipt.job}.parquet"]


def test_other_bytes_than_the_verdict_says_are_never_put_in_place(house: House, tmp_path: Path) -> None:
    house.drop()
    house.turn()
    receipt = _one(house)
    assert receipt.kept is not None
    (tmp_path / "other").write_bytes(b"other")
    with pytest.raises(WrongBytes):
        _keep_rows(house.root, tmp_path / "other", receipt.kept)
    assert durable.sha256_of(house.root.path / receipt.kept.path) == receipt.kept.sha256
    assert _differences(house) == []
