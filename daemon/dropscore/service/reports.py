"""Each route's report on its models: made anew by a worker when what is kept of actuals has changed.

It is a help and no part of any drop's way: whatever goes wrong is logged and tried again later, and while anything is
at work it waits. The route's owner hears once of each figure that falls outside the interval of training.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from dropscore import durable
from dropscore.domain.jobs import REPORT_MADE, ReportTask
from dropscore.domain.measured import outside_sentence
from dropscore.domain.notes import Note, NoteKind, note_id
from dropscore.figures import Report
from dropscore.folders import Root, new_job, write_plain
from dropscore.service.hands import Hands
from dropscore.service.job import Job, any_at_work
from dropscore.service.plan import Route

log = structlog.get_logger()

LOOK_SECONDS, RETRY_SECONDS = 2.0, 600.0
LONGEST_WAIT = 600.0
"""How long a report waits for a moment in which nothing is at work."""
DEADLINE_SECONDS = 1800.0


@dataclass(slots=True)
class _Wanted:
    route: Route
    mark: str
    """Of the actuals that the report is made of."""
    since: float
    folder: Path
    future: Future[object] | None = None


class Reports:
    """One report at a time; of what each was made is kept in a file, so that a restart makes none again."""

    def __init__(self, hands: Hands, jobs: dict[str, Job]) -> None:
        self._hands = hands
        self._jobs = jobs
        self._kept = hands.plan.root.state / "reports.json"
        self._made = _read(self._kept)
        self._wanted: list[_Wanted] = []
        self._not_before: dict[str, float] = {}
        self._next_look = self._now = 0.0

    @property
    def idle(self) -> bool:
        """Whether nothing is to be made now. What has failed is for later."""
        return not self._wanted and not any(self._look(route, self._now) for route in self._hands.plan.routes)

    def work_once(self, now: float) -> bool:
        """Do what can be done now. True if anything moved."""
        self._now = now
        if not self._wanted:
            if now < self._next_look:
                return False
            self._next_look = now + LOOK_SECONDS
            self._wanted = [found for route in self._hands.plan.routes if (found := self._look(route, now))]
        if not self._wanted:
            return False
        wanted = self._wanted[0]
        if wanted.future is None:
            if any_at_work(self._jobs.values()) and now - wanted.since < LONGEST_WAIT:
                return False
        elif not wanted.future.done():
            return False
        try:
            done = self._go_on(wanted)
        except Exception as fault:  # whatever it is, drops go on
            self._not_before[wanted.route.name] = now + RETRY_SECONDS
            log.warning("no report could be made", route=wanted.route.name, why=f"{type(fault).__name__}: {fault}")
            done = True
        if done:
            if wanted.route.challenger:  # which is shown every job: not each is worth another report
                self._not_before[wanted.route.name] = now + RETRY_SECONDS
            self._wanted.remove(wanted)
            shutil.rmtree(wanted.folder, ignore_errors=True)
        return True

    def _look(self, route: Route, now: float) -> _Wanted | None:
        """Return what is to be made for a route, if anything."""
        told = route.rules.actuals is not None or route.challenger
        if not told or now < self._not_before.get(route.name, 0.0):
            return None
        mark = mark_of(self._hands.plan.root, route.name)
        if not mark or self._made.get(route.name) == mark:
            return None
        return _Wanted(route, mark, now, self._hands.plan.root.templates / new_job())

    def _go_on(self, wanted: _Wanted) -> bool:
        """Have it made; then put it in its place and owe what its owner is to be told. True after that."""
        root, route = self._hands.plan.root, wanted.route
        if wanted.future is None:
            durable.make_directory(root.templates)
            durable.make_directory(wanted.folder)
            rules = route.rules
            task = ReportTask(str(wanted.folder), str(root.state), route.name, rules.language, rules.zone)
            wanted.future = self._hands.submit(task, DEADLINE_SECONDS)
            wanted.future.add_done_callback(lambda _: self._hands.wake())
            return False
        wanted.future.result()
        content = (wanted.folder / REPORT_MADE).read_bytes()
        report = Report.model_validate_json(content)
        self._hands.ledger.owe(notes_of(report, route.rules.language))
        place = root.report(route.name)
        durable.make_directories(place.parent, mode=0o750)
        durable.write_new(place, content)
        self._made[route.name] = wanted.mark
        write_plain(self._kept, self._made)
        outside = sum(len(judged.outside) for judged in report.models)
        log.info("report made", route=route.name, pairs=report.matched, outside=outside)
        return True


def mark_of(root: Root, route: str) -> str:
    """Return what changes when actuals come, or go, or a challenger is shown a job; empty: there is nothing to tell."""
    months = []
    for what in ("actuals", "challenged"):
        with suppress(OSError):
            for month in (root.state / what / route).iterdir():
                found = month.stat()
                months.append((what, month.name, found.st_mtime_ns))
    return hashlib.sha256(repr(sorted(months)).encode()).hexdigest()[:16] if months else ""


def notes_of(report: Report, language: str) -> list[Note]:
    """Return what the owner of a route is owed: each figure of a version once, whatever it does later."""
    return [
        Note(
            id=note_id(NoteKind.MODEL, f"{report.route}/{judged.model}/{judged.version}/{figure.name}"),
            kind=NoteKind.MODEL,
            route=report.route,
            at=report.made.isoformat(),
            sentence=outside_sentence(language, judged.model, judged.version, judged.recent_pairs, figure.model_dump()),
            todo=_TODO.get(language, _TODO["en"]).format(route=report.route),
        )
        for judged in report.models
        for figure in judged.recent
        if figure.outside
    ]


_TODO = {
    "en": "Look at the report: `dropscore model report {route}`, or *Models* in the panel.",
    "es": "Mire el informe: `dropscore model report {route}`, o *Modelos* en el panel.",
}


def _read(path: Path) -> dict[str, str]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}  # at worst a report is made once more
    return {str(name): str(mark) for name, mark in found.items()} if isinstance(found, dict) else {}
