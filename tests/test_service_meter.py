"""What the service tells whoever counts: each job once, each step, and how things stand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dropscore.domain.errors import Unavailable
from dropscore.domain.jobs import DRIFT_ROUTE, DriftTask, Task, Verdict
from dropscore.intake.scan import Completeness
from dropscore.receipt import Receipt
from dropscore.service import Service
from service_house import House, NoWaker, answer, make_house


class Counting:
    def __init__(self) -> None:
        self.receipts: list[Receipt] = []
        self.steps: list[Mapping[str, float]] = []
        self.status: Mapping[str, Any] = {}
        self.columns: dict[tuple[str, int], int] = {}

    def published(self, receipt: Receipt) -> None:
        self.receipts.append(receipt)

    def done(self, seconds: Mapping[str, float]) -> None:
        self.steps.append(seconds)

    def stands(self, status: Mapping[str, Any]) -> None:
        self.status = status

    def drifted(self, route: str, days: int, columns: int) -> None:
        self.columns[route, days] = columns


def metered(house: House) -> Counting:
    """Start the house's service anew, with somebody who counts."""
    counting = Counting()
    house.service = Service(house.plan, house._submit, house.ledger, NoWaker(), clock=lambda: house.now, meter=counting)
    house.service.start()
    return counting


def test_each_job_is_told_once_with_its_steps(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    counting = metered(house)
    house.drop("a.csv")
    house.turn()
    house.work = lambda task: answer(task, Verdict.REJECTED)
    house.drop("b.csv")
    house.turn()
    assert [receipt.verdict for receipt in counting.receipts] == ["delivered", "rejected"]
    assert len(counting.steps) == 2
    assert counting.steps[0].keys() >= {"copy", "publish", "archive", "account"}


def test_a_job_is_told_when_it_is_published_also_while_the_ledger_is_away(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    counting = metered(house)
    account = house.ledger.account_all

    def away(*_: object, **__: object) -> None:
        raise Unavailable("ledger", "It is away.")

    house.ledger.account_all = away  # type: ignore[method-assign]
    house.drop()
    house.turn()
    assert (len(counting.receipts), len(counting.steps)) == (1, 0)
    house.ledger.account_all = account  # type: ignore[method-assign]
    house.now += 600.0
    house.turn()
    assert (len(counting.receipts), len(counting.steps)) == (1, 1)


def test_a_held_job_and_a_failed_attempt_are_no_published_jobs(tmp_path: Path) -> None:
    def fail(task: Task) -> None:
        raise RuntimeError("a fault of ours")

    house = make_house(tmp_path, work=fail)
    counting = metered(house)
    house.drop()
    house.turn()
    assert (counting.receipts, counting.steps) == ([], [])
    assert [job["stage"] for job in counting.status["jobs"]] == ["held"]


def test_the_queue_is_counted_by_route_and_reason(tmp_path: Path) -> None:
    house = make_house(tmp_path, "credit", "leads", complete=Completeness.MARKER)
    counting = metered(house)
    for number in range(3):
        house.drop(f"d{number}.csv")
    house.drop("c.csv", route="credit/check")
    house.drop("d.csv.part")
    house.drop("e.csv", route="leads")
    house.service.work_once(taking=True)
    house.now += 40.0
    house.service.work_once(taking=True)
    queue = {(entry["route"], entry["waiting"]): entry for entry in counting.status["queue"]}
    assert {key: entry["count"] for key, entry in queue.items()} == {
        ("credit", "marker-missing"): 4,
        ("credit", "in-flight"): 1,
        ("leads", "marker-missing"): 1,
    }
    assert queue["credit", "marker-missing"]["seconds"] == 40.0
    assert json.loads(house.root.status.read_bytes())["queue"] == counting.status["queue"]


def test_what_the_last_days_say_is_told(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    counting = metered(house)
    column = {"column": "income", "state": "drift"}

    def look_back(task: DriftTask) -> None:
        columns = [column, {**column, "state": "steady"}]
        windows = [{"days": 7, "jobs": 1, "drift": {"state": "drift", "columns": columns}}]
        (Path(task.folder) / DRIFT_ROUTE.format(route="credit")).write_text(json.dumps({"windows": windows}))

    house.look_back = look_back
    house.now += 60.0
    house.turn()
    assert counting.columns == {("credit", 7): 1}
