"""Templates in the inboxes: laid once, made again when something changes, never taken, never in anybody's way."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dropscore.domain.errors import Unavailable, WorkerDied
from dropscore.domain.jobs import TEMPLATE, TEMPLATE_MADE, Task, TemplateTask
from dropscore.domain.rules import Rules
from dropscore.service.templates import LONGEST_WAIT, LOOK_SECONDS, RETRY_SECONDS, lay
from service_house import House, make_house


def made(task: TemplateTask) -> None:
    (Path(task.folder) / TEMPLATE_MADE).write_text(f"{task.bundle.version} {task.rules.language}")


class AtOnce(Executor):
    """Helps without a thread, so that every round of a test does the same."""

    def submit(self, function: Any, /, *arguments: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(function(*arguments, **named))
        except Exception as error:
            future.set_exception(error)
        return future


def built(tmp_path: Path, *routes: str, make: Callable[[TemplateTask], None] = made) -> House:
    house = make_house(tmp_path, *routes)
    house.make_template = make
    house.service._hands.helpers = AtOnce()
    return house


def restart(house: House) -> None:
    house.restart()
    house.service._hands.helpers = AtOnce()


@pytest.fixture
def house(tmp_path: Path) -> House:
    return built(tmp_path, "credit", "sales")


def new_version(house: House, version: str) -> None:
    folder = house.plan.routes[0].model / version
    folder.mkdir()
    (folder / "manifest.json").write_text(json.dumps({"name": "credit", "version": version}))


def template(house: House, route: str = "credit") -> Path:
    return house.root.inbox / route / TEMPLATE


def wait(house: House, seconds: float) -> None:
    house.now += seconds
    house.turn()


def test_each_inbox_gets_its_template_and_no_job_comes_of_it(house: House) -> None:
    house.turn()
    assert [template(house, route).read_text() for route in ("credit", "sales")] == ["1.0.0 en"] * 2
    wait(house, 100)
    assert (house.tasks, house.receipts(), len(house.templates)) == ([], [], 2)
    assert list((house.root.state / "templates").iterdir()) == []
    waiting = json.loads(house.root.status.read_bytes())["waiting"]
    assert [entry["name"] for entry in waiting] == []


def test_drops_are_delivered_beside_it(house: House) -> None:
    house.turn()
    house.drop()
    house.turn()
    assert [receipt.verdict for receipt in house.receipts()] == ["delivered"]
    assert template(house).exists()


def test_a_restart_does_not_do_it_again(house: House) -> None:
    house.turn()
    template(house).unlink()
    restart(house)
    wait(house, 1000)
    assert len(house.templates) == 2
    assert not template(house).exists()


def test_a_damaged_memory_lays_it_once_more(house: House) -> None:
    house.turn()
    (house.root.state / "templates.json").write_text("[")
    restart(house)
    house.turn()
    assert len(house.templates) == 4


def test_a_new_version_of_the_model_is_found_at_the_next_look(house: House) -> None:
    house.turn()
    house.now += LOOK_SECONDS
    house.service.work_once(taking=True)  # a look, at nothing new
    new_version(house, "1.1.0")
    house.now += LOOK_SECONDS - 1
    house.service.work_once(taking=True)
    assert len(house.templates) == 2
    house.now += 1
    house.turn()
    assert template(house).read_text() == "1.1.0 en"
    assert len(house.templates) == 4


def test_other_rules_make_another_template_for_that_route_alone(house: House) -> None:
    house.turn()
    spanish = replace(house.plan.routes[1], rules=Rules(language="es"))
    house.service.reload(replace(house.plan, routes=(house.plan.routes[0], spanish)))
    wait(house, LOOK_SECONDS)
    assert template(house, "sales").read_text() == "1.0.0 es"
    assert len(house.templates) == 3


def refuse(task: TemplateTask) -> None:
    raise Unavailable("model:credit", "The model is away.")


def die(task: TemplateTask) -> None:
    raise WorkerDied("it is gone")


def make_nothing(task: TemplateTask) -> None:
    return


@pytest.mark.parametrize("fail", [refuse, die, make_nothing])
def test_a_failure_is_tried_again_later_and_stops_no_drop(tmp_path: Path, fail: Callable[[TemplateTask], None]) -> None:
    house = built(tmp_path, make=fail)
    for _ in range(3):
        house.service.work_once(taking=True)
    began = house.now
    house.drop()
    house.turn()
    assert [receipt.verdict for receipt in house.receipts()] == ["delivered"]
    assert len(house.templates) == 1
    assert json.loads(house.root.status.read_bytes())["incidents"] == []
    house.now = began + RETRY_SECONDS + LOOK_SECONDS
    house.turn()
    assert len(house.templates) == 2
    wait(house, RETRY_SECONDS)  # the pause has doubled
    assert len(house.templates) == 2
    house.make_template = made
    wait(house, 2 * RETRY_SECONDS)
    assert template(house).read_text() == "1.0.0 en"
    assert list((house.root.state / "templates").iterdir()) == []


def test_operators_hear_of_a_model_that_cannot_be_explained_before_a_drop_waits_for_it(tmp_path: Path) -> None:
    def refuse_to_explain(task: TemplateTask) -> None:
        made(task)
        if task.rules.explain:
            raise Unavailable("explain:credit", "It cannot be explained: it is a forest.")

    house = built(tmp_path, make=refuse_to_explain)
    explaining = replace(house.plan.routes[0], rules=Rules(explain=2))
    house.service.reload(replace(house.plan, routes=(explaining,)))
    house.turn()
    assert [one["key"] for one in json.loads(house.root.status.read_bytes())["incidents"]] == ["explain:credit"]
    house.service.reload(replace(house.plan, routes=(replace(explaining, rules=Rules()),)))
    wait(house, LOOK_SECONDS)
    assert json.loads(house.root.status.read_bytes())["incidents"] == []
    assert template(house).exists()


def test_a_model_that_is_away_gets_its_template_when_it_comes(house: House) -> None:
    model = house.plan.routes[0].model
    model.rename(model.with_name("away"))
    house.turn()
    assert house.templates == []
    model.with_name("away").rename(model)
    wait(house, LOOK_SECONDS)
    assert len(house.templates) == 2


def test_it_waits_while_a_drop_is_at_work_but_not_for_ever(tmp_path: Path) -> None:
    working: Future[object] = Future()
    house = built(tmp_path)
    submit = house._submit

    def slow(task: Task | TemplateTask, deadline: float) -> Future[object]:
        return submit(task, deadline) if isinstance(task, TemplateTask) else working

    house.service._hands.submit = slow
    house.service._templates._next_look = house.now + 60
    house.drop()
    for _ in range(80):
        house.now += 1.0
        house.service.work_once(taking=True)
        for job in house.service.jobs.values():
            if job.worker is None and job.future is not None:
                job.future.exception(timeout=10)
    assert [job.worker for job in house.service.jobs.values()] == [working]
    assert house.templates == []
    house.now += LONGEST_WAIT
    house.service.work_once(taking=True)
    assert len(house.templates) == 1
    working.set_exception(WorkerDied("over"))


def test_once_waits_for_what_is_being_made(house: House) -> None:
    making: list[Future[object]] = []

    def slow(task: TemplateTask, deadline: float) -> Future[object]:
        made(task)
        making.append(Future())
        return making[-1]

    house.service._hands.submit = slow
    for _ in range(30):
        house.now += 1.0
        house.service.work_once(taking=True)
    assert not house.service._empty()
    making[0].set_result(None)
    house.turn()
    assert len(making) == 2
    assert not house.service._empty()
    making[1].set_result(None)
    house.turn()
    assert house.service._empty()
    assert template(house, "sales").exists()


# --- laying -------------------------------------------------------------------------------------------------


@pytest.fixture
def inbox(house: House) -> Path:
    return house.root.inbox / "credit"


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    path = tmp_path / TEMPLATE_MADE
    path.write_bytes(b"new")
    return path


@pytest.mark.parametrize(("folder", "file"), [(0o3770, 0o640), (0o3775, 0o644)])
def test_those_who_may_drop_may_read_it(inbox: Path, workbook: Path, folder: int, file: int) -> None:
    inbox.chmod(folder)
    lay(workbook, inbox)
    assert (inbox / TEMPLATE).stat().st_mode & 0o7777 == file
    assert (inbox / TEMPLATE).stat().st_gid == inbox.stat().st_gid


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a folder to any group")
def test_it_has_the_folder_s_group(inbox: Path, workbook: Path) -> None:
    os.chown(inbox, -1, 54321)
    lay(workbook, inbox)
    assert (inbox / TEMPLATE).stat().st_gid == 54321


def test_where_the_group_cannot_be_given_the_folder_decides(
    inbox: Path, workbook: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbid(*_: object) -> None:
        raise PermissionError(1, "no member of that group")

    monkeypatch.setattr(os, "fchown", forbid)
    lay(workbook, inbox)
    assert (inbox / TEMPLATE).stat().st_mode & 0o7777 == 0o644


def test_it_replaces_what_has_its_name_and_follows_no_link(inbox: Path, workbook: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(b"precious")
    (inbox / TEMPLATE).symlink_to(tmp_path / "elsewhere")
    lay(workbook, inbox)
    assert (inbox / TEMPLATE).read_bytes() == b"new"
    assert not (inbox / TEMPLATE).is_symlink()
    assert (tmp_path / "elsewhere").read_bytes() == b"precious"


def test_a_folder_of_its_name_stays_and_drops_go_on(house: House) -> None:
    template(house).mkdir()
    house.turn()
    house.drop()
    house.turn()
    assert template(house).is_dir()
    assert [receipt.verdict for receipt in house.receipts()] == ["delivered"]
    assert template(house, "sales").exists()
