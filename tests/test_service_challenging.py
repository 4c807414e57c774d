"""A challenger is shown what was published: in quiet moments, once, and never at any drop's cost."""

from __future__ import annotations

import json
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dropscore.domain.errors import Unavailable
from dropscore.domain.jobs import CHALLENGED, CHALLENGED_ROWS, ChallengeTask
from dropscore.figures import Challenged, Compared
from dropscore.folders import month_of, new_job
from dropscore.receipt import dump
from dropscore.service import Daily, Limit, Place, Retention
from service_house import House, make_house


class Shower:
    """Stands in for the worker: writes what a challenger answers, or fails."""

    def __init__(self) -> None:
        self.tasks = list[ChallengeTask]()
        self.fault: Exception | None = None
        self.held: list[Future[object]] | None = None

    def __call__(self, task: ChallengeTask) -> Future[object]:
        self.tasks.append(task)
        future: Future[object] = Future()
        if self.held is not None:
            self.held.append(future)
        elif self.fault is not None:
            future.set_exception(self.fault)
        else:
            names = Compared(code="C", name="a.csv", before=task.champion.version, after=task.challenger.version)
            job = Path(task.receipt).stem
            (Path(task.folder) / CHALLENGED).write_bytes(dump(Challenged(job=job, compared=names)))
            (Path(task.folder) / CHALLENGED_ROWS).write_bytes(b"rows")
            future.set_result(None)
        return future


@pytest.fixture
def shower() -> Shower:
    return Shower()


@pytest.fixture
def house(tmp_path: Path, shower: Shower) -> House:
    made = make_house(tmp_path)
    folder = made.plan.routes[0].model / "2.0.0"
    folder.mkdir()
    (folder / "manifest.json").write_text(json.dumps({"name": "credit", "version": "2.0.0"}))
    made.plan = replace(made.plan, routes=(replace(made.plan.routes[0], challenger="2.0.0"),))
    submit = made._submit

    def either(task: Any, deadline: float) -> Future[object]:
        return shower(task) if isinstance(task, ChallengeTask) else submit(task, deadline)

    made._submit = either  # type: ignore[method-assign]
    made.restart()
    return made


def shown(house: House) -> list[Challenged]:
    found = sorted((house.root.state / "challenged" / "credit").glob("*/*.json"))
    return [Challenged.model_validate_json(path.read_bytes()) for path in found]


def test_each_job_is_shown_once_and_the_champion_s_answer_is_what_is_published(house: House, shower: Shower) -> None:
    house.drop()
    house.turn()
    (receipt,) = house.receipts()
    assert receipt.model is not None and receipt.model.version == "1.0.0"
    (task,) = shower.tasks
    assert (task.champion.version, task.challenger.version) == ("1.0.0", "2.0.0")
    assert Path(task.input).exists() and [one.job for one in shown(house)] == [receipt.job]
    assert len(list((house.root.state / "challenged").rglob("*.parquet"))) == 1
    house.turn()
    house.restart()
    house.turn()
    assert len(shower.tasks) == 1
    assert not list(house.root.templates.iterdir())


def test_what_was_not_shown_before_a_restart_is_shown_after_it(house: House, shower: Shower) -> None:
    shower.held = []
    house.drop()
    house.turn()
    assert len(shower.tasks) == 1 and shown(house) == []
    shower.held = None
    house.restart()
    house.turn()
    assert len(shower.tasks) == 2 and len(shown(house)) == 1


@pytest.mark.parametrize("fault", [Unavailable("model:credit", "It is away."), RuntimeError("it fell over")])
def test_a_failure_is_written_down_and_touches_no_drop(house: House, shower: Shower, fault: Exception) -> None:
    shower.fault = fault
    house.drop("one.csv")
    house.turn()
    shower.fault = None
    house.drop("two.csv")
    house.turn()
    assert [receipt.verdict for receipt in house.receipts()] == ["delivered", "delivered"]
    assert [bool(one.failed) for one in shown(house)] == [True, False]
    assert json.loads(house.root.status.read_bytes())["incidents"] == []


def test_a_drop_that_is_only_checked_is_not_shown(house: House, shower: Shower) -> None:
    (house.root.inbox / "credit" / "check" / "a.csv").write_bytes(b"a\n1\n")
    house.turn()
    assert shower.tasks == []


def test_what_it_made_goes_with_a_job_that_is_deleted(house: House) -> None:
    house.drop()
    house.turn()
    (receipt,) = house.receipts()
    assert shown(house)
    assert house.ask(new_job(), verb="delete", job=receipt.job, by="ana")["ok"]
    assert shown(house) == [] and not list((house.root.state / "challenged").rglob("*.parquet"))


def test_what_is_older_than_the_route_s_term_goes(house: House) -> None:
    house.drop()
    house.turn()
    (old,) = (house.root.state / "challenged" / "credit").glob("*/*.json")
    long_ago = f"01{'0' * 24}"
    then = old.parents[1] / month_of(long_ago) / f"{long_ago}.json"
    then.parent.mkdir()
    then.write_bytes(old.read_bytes())
    daily = Daily(retention=Retention(routes={("credit", Place.KEPT): Limit(days=30)}))
    house.service.reload(replace(house.service.plan, daily=daily))
    house.drop("two.csv")
    house.turn()
    assert not then.exists() and len(shown(house)) == 2


def test_without_a_challenger_nobody_is_shown_anything(house: House, shower: Shower) -> None:
    house.service.reload(replace(house.plan, routes=(replace(house.plan.routes[0], challenger=""),)))
    house.drop()
    house.turn()
    assert shower.tasks == [] and not (house.root.state / "challenged").exists()
