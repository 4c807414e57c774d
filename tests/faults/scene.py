"""One root with every kind of drop in it, and the real service on it; only the worker is a stand-in."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from dropscore import durable
from dropscore.domain import jobs as domain
from dropscore.domain.jobs import TEMPLATE, TEMPLATE_MADE, DriftTask, Kind, Task, TemplateTask, Verdict
from dropscore.domain.rules import Actuals, Rules
from dropscore.figures import Report
from dropscore.folders import CLAIMS, Root, is_job, make_root, now_utc, write_plain
from dropscore.intake.names import NOTICE
from dropscore.intake.scan import Completeness
from dropscore.ledger import Ledger
from dropscore.receipt import Receipt
from dropscore.service import Daily, Limit, Place, Plan, Retention, Route, Service, upkeep
from service_house import NoWaker, age, answer, keep

PLAIN, MARKED = "credit", "marked"
AGED = ("old-aged.csv", "old-gone.csv", "old-upload.csv")
"""Jobs that have been kept for long enough: in outbox and archive, in the trash, with copies for the panel."""
OLD = ("old-good.csv", "old-bad.csv", "old-archive.csv", "old-delete.csv", *AGED)
HOSTILE = b"a\nb\x1b\xff;-rf %n" + b"x" * 237 + b".csv"
RETRY, ARCHIVE, DELETE = (f"01KA000000000000000000000{n}" for n in "123")
UPLOAD = "01KA0000000000000000000004"
OLD_UPLOAD, OLD_DELETE = (f"01KA000000000000000000000{n}" for n in "56")
STUCK = "stuck.csv"
"""A drop that waits for its marker for ever: a notice is laid beside it."""
ROUNDS = 400


@dataclass(frozen=True, slots=True)
class Drop:
    """What is dropped, and what must come of it."""

    content: bytes
    verdict: Verdict


def drops(old_bad: str) -> dict[str, Drop]:
    """By path from the root on. `old_bad` is the job that one of them mends."""
    return {
        f"inbox/{PLAIN}/good.csv": Drop(b"good,1\n1,2\n", Verdict.DELIVERED),
        f"inbox/{PLAIN}/bad.csv": Drop(b"bad,1\nx,\n", Verdict.REJECTED),
        f"inbox/{PLAIN}/{os.fsdecode(HOSTILE)}": Drop(b"good,2\n1,2\n", Verdict.DELIVERED),
        f"inbox/{PLAIN}/mend.csv": Drop(f"mend {old_bad}\n1,2\n".encode(), Verdict.DELIVERED),
        f"inbox/{PLAIN}/check/look.csv": Drop(b"good,3\n1,2\n", Verdict.CHECKED),
        f"inbox/{PLAIN}/actuals/true.csv": Drop(b"good,7\n1,2\n", Verdict.DELIVERED),
        f"inbox/{MARKED}/marked.csv": Drop(b"good,4\n1,2\n", Verdict.DELIVERED),
        f"inbox/{MARKED}/{STUCK}": Drop(b"good,6\n1,2\n", Verdict.DELIVERED),
        f"state/uploads/{UPLOAD}/data": Drop(b"good,5\n1,2\n", Verdict.DELIVERED),
    }


def plan_of(root: Root, model: Path) -> Plan:
    keeping = Rules(actuals=Actuals("id", "outcome"))
    routes = (Route(PLAIN, model, rules=keeping), Route(MARKED, model, complete=Completeness.MARKER))
    keep = Retention({place: Limit(days=0.5) for place in Place})
    daily = Daily(retention=keep, after_start_seconds=0.0)
    return Plan(root, routes, daily=daily, waiting_notice=3.0)


def score(task: Task) -> None:
    """What a worker would answer is told by the content itself."""
    head = Path(task.input).read_bytes().split(b"\n")[0]
    if task.kind is Kind.CHECK:
        answer(task, Verdict.CHECKED)
    elif head.startswith(b"bad"):
        answer(task, Verdict.REJECTED)
    else:
        mends = head.split()[1].decode() if head.startswith(b"mend ") and not task.no_mend else None
        answer(task, Verdict.DELIVERED, mends=mends)
        if task.state:
            keep(task)


class Inline(Executor):
    """Does at once what helper threads do, so that a run has the same operations in the same order every time."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


Apart = Callable[[], AbstractContextManager[None]]
"""Enclose what is not the service's own doing: the worker's and the reader's."""


class Run:
    """One life of the service on a root."""

    def __init__(self, plan: Plan, apart: Apart = nullcontext, between: Callable[[], None] = lambda: None) -> None:
        self.plan = plan
        self.now = 1000.0
        self._apart = apart
        self._between = between
        self.ledger = Ledger(f"sqlite:///{plan.root.ledger}")
        self.service = Service(plan, self._submit, self.ledger, NoWaker(), clock=lambda: self.now)
        self.service._hands.helpers = Inline()

    def _submit(self, task: Task | domain.Aside, deadline: float) -> Future[object]:
        future: Future[object] = Future()
        with self._apart():
            try:
                if isinstance(task, TemplateTask):
                    (Path(task.folder) / TEMPLATE_MADE).write_bytes(b"template")
                elif isinstance(task, domain.ReportTask):
                    report = Report(route=task.route, made=now_utc())
                    (Path(task.folder) / domain.REPORT_MADE).write_text(report.model_dump_json())
                elif not isinstance(task, DriftTask):  # which finds nothing new here
                    score(task)
                future.set_result(None)
            except Exception as error:
                future.set_exception(error)
        return future

    def until_empty(self, rounds: int = ROUNDS) -> bool:
        """Start, and turn until nothing is left to do. False: something was left after all these rounds."""
        self.service.start()
        done = 0
        for _ in range(rounds):
            moved = self.service.work_once(taking=True)
            with self._apart():
                self._between()
                done = done + 1 if not moved and self._is_done() else 0
            if done > 1:
                break
            waits = [job.retry_at - self.now for job in self.service.jobs.values() if job.retry_at > self.now]
            if self.service._upkeep.faults:
                waits.append(upkeep.RETRY_SECONDS)
            self.now += 0.01 if moved else max(2.0, min(waits, default=0.0))
        self.ledger.close()
        return done > 1

    def _is_done(self) -> bool:
        service, root = self.service, self.plan.root
        told = not (root.inbox / MARKED / STUCK).exists() or bool(notices(root))
        kept_up = self.plan.daily is None or (told and not aged_files(root))
        return at_rest(root) and kept_up and not service._incidents.owed and service._upkeep.idle


def at_rest(root: Root) -> bool:
    """Whether no drop, no request, no job and no claimed inode is left."""
    return not leftovers(root)


def leftovers(root: Root) -> list[str]:
    found = [*root.processing.iterdir(), *root.requests.glob("*.json"), *root.uploads.iterdir()]
    for folder in (root.outbox / ".staging", root.failed / ".staging"):
        found += folder.glob("*/*")
        found += folder.parent.rglob(".dropscore-probe*")
    for path in root.inbox.rglob("*"):
        ours = path.parent.name == CLAIMS
        stays = path.name in (TEMPLATE, STUCK, f"{STUCK}{NOTICE}") or (ours and path.name == "id")
        drop = path.is_file() and not stays
        if drop or (ours and is_job(path.name)):
            found.append(path)
    return [os.fsencode(path.relative_to(root.path)).decode("utf-8", "backslashreplace") for path in found]


def notices(root: Root) -> list[Path]:
    """Return the notices beside drops that wait."""
    return sorted(path for path in root.inbox.rglob(f"*{NOTICE}") if path.parent.name != CLAIMS)


def aged_files(root: Root) -> list[str]:
    """Return every file, from the root on, that retention has to remove."""
    found: list[str] = []
    for receipt in kept_receipts(root):
        if receipt.name in AGED:
            folders = [root.outbox, root.archive, root.trash / receipt.job, root.results / receipt.job]
            found += [root.relative(path) for folder in folders for path in folder.rglob(f"*{receipt.code}*")]
            kept = [root.state / "predictions", root.trash / receipt.job]
            found += [root.relative(path) for folder in kept for path in folder.rglob(f"{receipt.job}.parquet")]
    return found


def _put(root: Root, path: str, content: bytes) -> None:
    (root.path / path).write_bytes(content)


def _upload(root: Root, job: str, name: str, content: bytes, via: str = "cli") -> None:
    (root.uploads / job).mkdir()
    meta = {"name": name, "route": PLAIN, "user": "ada", "via": via, "sha256": None}
    _put(root, f"state/uploads/{job}/meta.json", json.dumps(meta).encode())
    _put(root, f"state/uploads/{job}/data", content)


def _make_old(plan: Plan, jobs: dict[str, str]) -> None:
    """Have one job deleted, and let three be two days old; retention is due."""
    root = plan.root
    request = {"verb": "delete", "job": jobs["old-gone.csv"], "by": "ops"}
    durable.write_new(root.requests / f"{OLD_DELETE}.json", json.dumps(request).encode())
    assert Run(replace(plan, daily=None)).until_empty()
    ledger = Ledger(f"sqlite:///{root.ledger}")
    for name in AGED:
        age(root, ledger, jobs[name], days=2.0)
    ledger.close()
    long_ago = (now_utc() - timedelta(days=2)).isoformat()
    write_plain(root.state / "upkeep.json", {"retention": long_ago, "audit": long_ago})


def make_seed(folder: Path) -> Plan:
    """Make a root in `folder/root` with a past, and with the drops and requests of `drops` waiting in it."""
    root = Root(folder / "root")
    make_root(root, (PLAIN, MARKED), (PLAIN,))
    model = folder / "model" / "credit" / "1.0.0"
    model.mkdir(parents=True)
    (model / "manifest.json").write_text(json.dumps({"name": "credit", "version": "1.0.0"}))
    plan = plan_of(root, model.parent)
    for name in OLD[:-1]:
        _put(root, f"inbox/{PLAIN}/{name}", f"{name.removeprefix('old-')}\n1,2\n".encode())
    _upload(root, OLD_UPLOAD, "old-upload.csv", b"old-upload.csv\n1,2\n", via="panel")
    durable.write_new(root.requests / f"{OLD_UPLOAD}.json", json.dumps({"verb": "submit", "by": "ops"}).encode())
    assert Run(replace(plan, daily=None)).until_empty()
    jobs = {receipt.name: receipt.job for receipt in kept_receipts(root)}
    _make_old(plan, jobs)
    wanted = drops(jobs["old-bad.csv"])
    _upload(root, UPLOAD, "upload.csv", wanted[f"state/uploads/{UPLOAD}/data"].content)
    for path, drop in wanted.items():
        _put(root, path, drop.content)
    _put(root, f"inbox/{MARKED}/marked.csv.done", b"")
    requests = {
        RETRY: {"verb": "retry", "job": jobs["old-good.csv"]},
        ARCHIVE: {"verb": "archive", "job": jobs["old-archive.csv"]},
        DELETE: {"verb": "delete", "job": jobs["old-delete.csv"]},
        UPLOAD: {"verb": "submit"},
    }
    for ulid, request in requests.items():
        durable.write_new(root.requests / f"{ulid}.json", json.dumps({**request, "by": "ops"}).encode())
    return plan


def restore(seed: Path, root: Path) -> None:
    """Lay the seed's root out anew. Its inboxes have other inodes now, so what was known of them goes."""
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(seed, root, symlinks=True)
    (root / "state" / "folders.json").unlink(missing_ok=True)


def kept_receipts(root: Root) -> list[Receipt]:
    found = []
    for path in sorted(root.receipts.rglob("*.json")):
        if not path.name.startswith("."):
            found.append(Receipt.model_validate_json(path.read_bytes()))
    return found


class Reader:
    """Whoever takes results away: never what was there before, so that only the run's own files are taken."""

    def __init__(self, root: Root, aside: Path) -> None:
        self._root = root
        self.aside = aside
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
        self._known = set(self.visible())

    @classmethod
    def knowing(cls, root: Root, aside: Path, seed: Path) -> Reader:
        """Return one who was there before the service began, and takes only now."""
        reader = cls(root, aside)
        before = Reader(Root(seed), aside)
        reader._known = {root.path / path.relative_to(seed) for path in before._known}
        return reader

    def visible(self) -> list[Path]:
        folders = [top / route for top in (self._root.outbox, self._root.failed) for route in (PLAIN, MARKED)]
        found = []
        for folder in folders:
            with suppress(FileNotFoundError):
                found += [path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")]
        return sorted(found)

    def take(self, wanted: Callable[[Path], bool] = lambda path: True) -> None:
        for path in self.visible():
            if path not in self._known and wanted(path):
                target = self.aside / path.relative_to(self._root.path)
                target.parent.mkdir(parents=True, exist_ok=True)
                # A second copy of one name would overwrite the first here: it is kept, to be found.
                while target.exists():
                    target = target.with_name(f"{target.name}+")
                shutil.move(path, target)
