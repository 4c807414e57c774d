"""Reports are made when actuals came, in a quiet moment, and their owner hears once of each figure that fell."""

from __future__ import annotations

import errno
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dropscore import durable
from dropscore.domain.errors import Unavailable
from dropscore.domain.jobs import REPORT_MADE, ReportTask, Task
from dropscore.domain.notes import NoteKind
from dropscore.domain.rules import Actuals, Rules
from dropscore.figures import Figure, Judgement, Report
from dropscore.folders import make_root
from dropscore.receipt import dump
from dropscore.service.reports import RETRY_SECONDS, mark_of, notes_of
from service_house import House, make_house
from test_service_kept import keeping

RULES = Rules(actuals=Actuals("id", "outcome"))


def _report(value: float = 0.5) -> Report:
    known = {"name": "accuracy", "value": value, "low": value - 0.05, "high": value + 0.05, "trained": 0.75}
    bounds = {"trained_low": 0.7, "trained_high": 0.8, "outside": "lower" if value < 0.7 else ""}
    figure = Figure.model_validate({**known, **bounds})
    judged = Judgement(model="credit", version="1.0.0", pairs=90, recent_pairs=80, recent=(figure,), outside=("x",))
    return Report(route="credit", made=datetime(2026, 3, 1, tzinfo=UTC), matched=90, models=(judged,))


class Maker:
    """Stands in for the worker: writes what it is told, and counts."""

    def __init__(self) -> None:
        self.report, self.tasks = _report(), list[ReportTask]()
        self.fault: Exception | None = None

    def __call__(self, task: ReportTask) -> None:
        self.tasks.append(task)
        if self.fault is not None:
            raise self.fault
        (Path(task.folder) / REPORT_MADE).write_bytes(dump(self.report))


@pytest.fixture
def maker() -> Maker:
    return Maker()


@pytest.fixture
def house(tmp_path: Path, maker: Maker) -> House:
    made = make_house(tmp_path, work=keeping, rules=RULES)
    make_root(made.root, ("credit",), ("credit",))
    submit = made._submit

    def either(task: Any, deadline: float) -> Future[object]:
        if not isinstance(task, ReportTask):
            return submit(task, deadline)
        future: Future[object] = Future()
        try:
            maker(task)
            future.set_result(None)
        except Exception as fault:
            future.set_exception(fault)
        return future

    made._submit = either  # type: ignore[method-assign]
    made.restart()
    return made


def _drop_actuals(house: House, name: str = "may.csv") -> None:
    (house.root.inbox / "credit" / "actuals" / name).write_bytes(f"id,outcome\n{name},2\n".encode())
    house.turn()


def _owed(house: House) -> list[str]:
    return [
        owed.note.id for owed in house.ledger.owed(datetime(2100, 1, 1, tzinfo=UTC)) if owed.note.kind is NoteKind.MODEL
    ]


def test_without_actuals_none_is_made(house: House, maker: Maker) -> None:
    house.drop()
    house.turn()
    assert maker.tasks == [] and mark_of(house.root, "credit") == ""


def test_actuals_make_one_and_it_lies_where_the_panel_looks(house: House, maker: Maker) -> None:
    _drop_actuals(house)
    (task,) = maker.tasks
    assert (task.route, task.state) == ("credit", str(house.root.state))
    assert Report.model_validate_json(house.root.report("credit").read_bytes()) == maker.report
    assert not list(house.root.templates.iterdir())
    house.turn()
    assert len(maker.tasks) == 1


def test_more_actuals_make_another_also_after_a_restart(house: House, maker: Maker) -> None:
    _drop_actuals(house)
    house.restart()
    house.turn()
    assert len(maker.tasks) == 1
    _drop_actuals(house, "june.csv")
    assert len(maker.tasks) == 2


def test_the_owner_hears_once_of_each_figure(house: House, maker: Maker) -> None:
    _drop_actuals(house)
    assert _owed(house) == ["credit/credit/1.0.0/accuracy:model"]
    maker.report = _report(0.4)
    _drop_actuals(house, "june.csv")
    assert _owed(house) == ["credit/credit/1.0.0/accuracy:model"]


def test_inside_training_nobody_hears(house: House, maker: Maker) -> None:
    maker.report = _report(0.75)
    _drop_actuals(house)
    assert _owed(house) == [] and len(maker.tasks) == 1


def test_while_the_ledger_is_away_nothing_is_forgotten(
    house: House, maker: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as away:

        def refuse(notes: object) -> None:
            raise Unavailable("ledger", "away")

        away.setattr(house.ledger, "owe", refuse)
        _drop_actuals(house)
        assert not house.root.report("credit").exists()
    house.now += RETRY_SECONDS
    house.turn()
    assert _owed(house) == ["credit/credit/1.0.0/accuracy:model"] and house.root.report("credit").exists()


def test_a_failure_stops_no_drop_and_is_tried_again_later(house: House, maker: Maker) -> None:
    maker.fault = ValueError("no")
    _drop_actuals(house)
    house.drop()
    house.turn()
    assert len(house.receipts()) == 2 and len(maker.tasks) == 1
    maker.fault = None
    house.now += RETRY_SECONDS
    house.turn()
    assert house.root.report("credit").exists()


def test_one_whose_folder_could_not_be_synced_is_made_again(
    house: House, maker: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []

    def refuse(path: Path) -> None:
        if path.name == "reports":
            raise OSError(errno.EIO, "refused")

    with monkeypatch.context() as refusing:
        refusing.setattr(durable, "sync_directory", refuse)
        _drop_actuals(house)
    house.restart()
    monkeypatch.setattr(durable, "sync_directory", synced.append)
    house.turn()
    assert len(maker.tasks) == 2 and house.root.report("credit").parent in synced


def test_it_waits_while_anything_is_at_work(house: House, maker: Maker) -> None:
    _drop_actuals(house)
    submit, working = house._submit, Future[object]()
    house._submit = lambda task, deadline: working if isinstance(task, Task) else submit(task, deadline)  # type: ignore
    house.restart()
    house.drop()
    _rounds(house)
    (house.root.state / "reports.json").unlink()
    house.service._reports._made.clear()
    _rounds(house)
    assert len(maker.tasks) == 1
    working.set_exception(RuntimeError("over"))


def _rounds(house: House) -> None:
    """Let the loop turn without waiting for what is at work."""
    for _ in range(40):
        house.now += 1.0
        house.service.work_once(taking=True)


def test_the_message_says_what_fell_and_where_to_look() -> None:
    (note,) = notes_of(_report(), "en")
    assert note.sentence == (
        "credit 1.0.0: Accuracy is 0.500 (95 % interval 0.450 to 0.550, 80 pairs), lower than in training "
        "(0.700 to 0.800)."
    )
    assert "dropscore model report credit" in note.todo and note.route == "credit"
    (spanish,) = notes_of(_report(), "es")
    assert "más bajo" in spanish.sentence
