"""A service on a real root with a real ledger; only the worker is a stand-in, told what to answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from dropscore import durable
from dropscore.domain.jobs import DriftTask, Task, TemplateTask, Verdict
from dropscore.folders import Root, make_root, now_utc
from dropscore.ledger import Ledger
from dropscore.receipt import Counts, Event, Made, Outcome, Receipt, Times, dump
from dropscore.service import Plan, Route, Service
from dropscore.service.account import receipt_path

Work = Callable[[Task], None]


def answer(task: Task, verdict: Verdict = Verdict.DELIVERED, mends: str | None = None, fix_csv: bool = False) -> None:
    """Do what a worker does: write a file and a verdict into the attempt's folder."""
    folder = Path(task.folder)
    content = Path(task.input).read_bytes()
    rows = max(0, content.count(b"\n") - 1)
    files = []
    if verdict is Verdict.DELIVERED:
        (folder / "result.xlsx").write_bytes(b"result of " + content)
        files.append(_made(folder, "result", "result.xlsx", ".xlsx"))
    elif verdict is Verdict.REJECTED:
        (folder / "fix.xlsx").write_bytes(b"fix of " + content)
        files.append(_made(folder, "fix", "fix.xlsx", ".fix.xlsx"))
    if fix_csv:
        (folder / "fix.csv").write_bytes(b"all of " + content)
        files.append(_made(folder, "fix", "fix.csv", ".fix.csv"))
    refused = verdict is Verdict.REJECTED
    outcome = Outcome(
        job=task.job,
        attempt=int(folder.name.rpartition("-")[2]),
        verdict=verdict,
        sentence=f"{verdict}.",
        counts=Counts(rows=rows, scored=0 if refused else rows, set_aside=rows if refused else 0),
        files=tuple(files),
        mends=mends,
        handed_out=((2, rows + 1),) if refused and rows else (),
    )
    durable.write_new(folder / "verdict.json", dump(outcome))


def keep(task: Task) -> None:
    """Leave something to be kept, and say so in the verdict that `answer` wrote."""
    folder = Path(task.folder)
    (folder / "kept.parquet").write_bytes(b"kept of " + Path(task.input).read_bytes())
    outcome = Outcome.model_validate_json((folder / "verdict.json").read_bytes())
    kept = _made(folder, "kept", "kept.parquet", ".parquet")
    durable.write_new(folder / "verdict.json", dump(outcome.model_copy(update={"kept": kept})))


def _made(folder: Path, role: str, name: str, suffix: str) -> Made:
    path = folder / name
    facts = {"bytes": path.stat().st_size, "sha256": durable.sha256_of(path)}
    return Made.model_validate({"role": role, "name": name, "suffix": suffix, **facts})


def no_template(task: TemplateTask) -> None:
    raise RuntimeError("no templates in this house")


class NoWaker:
    """Never waits: tests turn the loop themselves."""

    def wait(self, timeout: float) -> bool:
        return True

    def wake(self) -> None:
        return

    def watch(self, folders: object) -> None:
        return


@dataclass
class House:
    root: Root
    plan: Plan
    work: Work = answer
    now: float = 1000.0
    tasks: list[Task] = field(default_factory=list)
    make_template: Callable[[TemplateTask], None] = no_template
    templates: list[TemplateTask] = field(default_factory=list)
    look_back: Callable[[DriftTask], None] = lambda _: None
    """What a worker says of the last days: nothing."""

    def __post_init__(self) -> None:
        self.ledger = Ledger(f"sqlite:///{self.root.ledger}")
        self.service = self.restart()

    def restart(self) -> Service:
        """Start the service anew, as after a crash: nothing but the folders is left of the earlier one."""
        self.service = Service(
            *(self.plan, self._submit, self.ledger, NoWaker()),
            clock=lambda: self.now,
            read_ledger=lambda: closing(Ledger.open(f"sqlite:///{self.root.ledger}", reading=True)),
        )
        self.service.start()
        return self.service

    def _submit(self, task: Task | TemplateTask | DriftTask, deadline: float) -> Future[object]:
        future: Future[object] = Future()
        try:
            if isinstance(task, DriftTask):
                self.look_back(task)
            elif isinstance(task, TemplateTask):
                self.templates.append(task)
                self.make_template(task)
            else:
                self.tasks.append(task)
                self.work(task)
            future.set_result(None)
        except Exception as error:
            future.set_exception(error)
        return future

    def turn(self, rounds: int = 400) -> None:
        """Let time pass and the loop turn until nothing moves any more."""
        quiet = 0
        for _ in range(rounds):
            self.now += 1.0
            moved = self.service.work_once(taking=True)
            helping = [job.future for job in self.service.jobs.values() if job.future is not None]
            for future in helping:
                future.exception(timeout=10)
            quiet = 0 if moved or helping else quiet + 1
            if quiet > 12:
                return

    def drop(self, name: str = "sales.csv", content: bytes = b"a,b\n1,2\n", route: str = "credit") -> Path:
        path = self.root.of_route(self.root.inbox, route) / name
        path.write_bytes(content)
        return path

    def files(self, folder: Path) -> list[str]:
        return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())

    def receipts(self) -> list[Receipt]:
        kept = sorted(self.root.receipts.rglob("*.json"))
        return [Receipt.model_validate_json(path.read_bytes()) for path in kept]

    def ask(self, request: str, **words: object) -> dict[str, object]:
        """Put a request, turn the loop, and return its answer."""
        durable.write_new(self.root.requests / f"{request}.json", json.dumps(words).encode())
        self.turn()
        return dict(json.loads((self.root.requests_done / f"{request}.json").read_bytes()))


def make_house(tmp_path: Path, *routes: str, work: Work = answer, **settings: object) -> House:
    root = Root(tmp_path / "root")
    names = routes or ("credit",)
    make_root(root, names)
    model = tmp_path / "model" / "credit" / "1.0.0"
    model.mkdir(parents=True)
    (model / "manifest.json").write_text(json.dumps({"name": "credit", "version": "1.0.0"}))
    plan = Plan(root, tuple(Route(name, model.parent, **settings) for name in names))  # type: ignore[arg-type]
    return House(root, plan, work)


def upload(house: House, job: str = "01KA0000000000000000000009", content: bytes = b"a,b\n1,2\n") -> str:
    """Have a file uploaded as the panel does it, and turn the loop until it is done; return the job."""
    folder = house.root.uploads / job
    folder.mkdir()
    (folder / "data").write_bytes(content)
    meta = {"name": "upload.csv", "route": house.plan.routes[0].name, "user": "ada", "via": "panel"}
    (folder / "meta.json").write_text(json.dumps(meta))
    house.ask(job, verb="submit", by="ada")
    return job


def aged(house: House, job: str, days: float) -> None:
    """Let what happened to a job have happened so long ago."""
    age(house.root, house.ledger, job, days)


def age(root: Root, ledger: Ledger, job: str, days: float) -> None:
    """Let a job be so much older: its receipt, its published one, its events and the ledger say so."""
    past = timedelta(days=days)
    kept = root.kept_receipt(job)
    receipt = Receipt.model_validate_json(kept.read_bytes())
    times = {name: moment - past for name in Times.model_fields if (moment := getattr(receipt.times, name))}
    older = receipt.model_copy(update={"times": Times.model_validate(times)})
    name = Path(receipt_path(root, receipt)).name
    for path in (kept, *(path for top in TOPS for path in (root.path / top).rglob(name))):
        durable.write_new(path, dump(older))
    events = root.events(job)
    told: list[Event] = []
    if events.exists():
        told = [Event.model_validate_json(line) for line in events.read_bytes().splitlines()]
        told = [one.model_copy(update={"at": one.at - past}) for one in told]
        events.write_text("".join(f"{one.model_dump_json(exclude_none=True)}\n" for one in told))
    ledger.rebuild([(older, told)], now_utc())


TOPS = ("outbox", "failed", "archive", "trash")


def kept_up(house: House, *duties: str) -> None:
    """Have the daemon's upkeep done, and turn the loop until it is."""
    house.service._hands.upkeep_wanted.update(duties or ("retention",))
    for _ in range(2000):
        house.now += 1.0
        house.service.work_once(taking=True)
        chunk = house.service._upkeep._chunk
        if chunk is not None:
            chunk.exception(timeout=60)
        elif house.service._upkeep.idle:
            return
    raise AssertionError("upkeep goes on and on")
