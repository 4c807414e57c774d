"""Each route's `_TEMPLATE.xlsx`: made by a worker when the model or the route's rules change, and laid in the inbox.

It is a help and no part of any drop's way: whatever goes wrong is logged and tried again later, and while
anything is at work, a template waits.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import structlog

from dropscore import __version__, durable
from dropscore.domain.errors import Unavailable
from dropscore.domain.jobs import TEMPLATE, TEMPLATE_MADE, BundleRef, TemplateTask
from dropscore.domain.reasons import EXPLAIN
from dropscore.folders import CLAIMS, new_job, write_plain
from dropscore.service.hands import Hands
from dropscore.service.job import Job, any_at_work
from dropscore.service.plan import Route, bundle_of

log = structlog.get_logger()

LOOK_SECONDS = 30.0
LONGEST_WAIT = 600.0
"""How long a template waits for a moment in which nothing is at work."""
DEADLINE_SECONDS = 300.0
RETRY_SECONDS = 60.0
LONGEST_RETRY = 3600.0


@dataclass(slots=True)
class _Wanted:
    route: Route
    bundle: BundleRef
    mark: str
    """Of all that the template depends on."""
    since: float
    folder: Path
    future: Future[object] | None = None
    made: bool = False


class Templates:
    """One template at a time; what was laid is kept in a file, so that a restart does not do it again."""

    def __init__(self, hands: Hands, jobs: dict[str, Job]) -> None:
        self._hands = hands
        self._jobs = jobs
        self._kept = hands.plan.root.state / "templates.json"
        self._making = hands.plan.root.templates
        shutil.rmtree(self._making, ignore_errors=True)  # what an earlier run left half done
        self._laid = _read(self._kept)
        self._wanted: list[_Wanted] = []
        self._failures: dict[str, tuple[str, int, float]] = {}
        """By route: the mark that failed, how often, and when it may be tried again."""
        self._unexplained: dict[str, Unavailable] = {}
        """By route: why its model cannot give the reasons that the route asks for."""
        self._next_look = 0.0

    @property
    def idle(self) -> bool:
        """Whether nothing is to be made now. What has failed is for later."""
        return not self._wanted

    @property
    def faults(self) -> list[Unavailable]:
        """What operators are to hear before a drop waits for it."""
        explaining = [route.name for route in self._hands.plan.routes if route.rules.explain]
        return [fault for name, fault in self._unexplained.items() if name in explaining]

    def work_once(self, now: float) -> bool:
        """Do what can be done now. True if anything moved."""
        if not self._wanted:
            if now >= self._next_look:
                self._next_look = now + LOOK_SECONDS
                self._wanted = [found for route in self._hands.plan.routes if (found := self._look(route, now))]
            if not self._wanted:
                return False
        wanted = self._wanted[0]
        if wanted.future is None and any_at_work(self._jobs.values()) and now - wanted.since < LONGEST_WAIT:
            return False
        if wanted.future is not None and not wanted.future.done():
            return False
        try:
            done = self._go_on(wanted)
        except Exception as fault:  # whatever it is, drops go on
            self._fail(wanted, fault, now)
            done = True
        if done:
            self._wanted.remove(wanted)
            shutil.rmtree(wanted.folder, ignore_errors=True)
        return True

    def _look(self, route: Route, now: float) -> _Wanted | None:
        """Return what is to be made for a route, if anything."""
        try:
            bundle = bundle_of(route)
        except Unavailable:
            return None  # its drops tell the operator
        mark = _mark(bundle, route)
        if self._laid.get(route.name) == mark:
            return None
        failed, _, until = self._failures.get(route.name, ("", 0, 0.0))
        if failed == mark and now < until:
            return None
        return _Wanted(route, bundle, mark, now, self._making / new_job())

    def _go_on(self, wanted: _Wanted) -> bool:
        """Take the next step: have it made, have it laid, keep in mind that it was. True after the last."""
        if wanted.future is None:
            durable.make_directory(self._making)
            durable.make_directory(wanted.folder)
            task = TemplateTask(str(wanted.folder), wanted.bundle, wanted.route.rules, wanted.route.trusted)
            wanted.future = self._hands.submit(task, DEADLINE_SECONDS)
            wanted.future.add_done_callback(lambda _: self._hands.wake())
            return False
        wanted.future.result()
        if not wanted.made:
            wanted.made = True
            inbox = self._hands.plan.root.of_route(self._hands.plan.root.inbox, wanted.route.name)
            wanted.future = self._hands.help(lay, wanted.folder / TEMPLATE_MADE, inbox)
            return False
        self._laid[wanted.route.name] = wanted.mark
        self._failures.pop(wanted.route.name, None)
        self._unexplained.pop(wanted.route.name, None)
        write_plain(self._kept, self._laid)
        log.info("template laid", route=wanted.route.name, model=wanted.bundle.name, version=wanted.bundle.version)
        return True

    def _fail(self, wanted: _Wanted, fault: Exception, now: float) -> None:
        failed, times, _ = self._failures.get(wanted.route.name, ("", 0, 0.0))
        times = times + 1 if failed == wanted.mark else 1
        pause = min(RETRY_SECONDS * 2.0 ** (times - 1), LONGEST_RETRY)
        self._failures[wanted.route.name] = (wanted.mark, times, now + pause)
        if isinstance(fault, Unavailable) and fault.key.startswith(EXPLAIN):
            self._unexplained[wanted.route.name] = fault
        why = f"{type(fault).__name__}: {fault}"
        log.warning("no template could be laid", route=wanted.route.name, why=why, again_in_seconds=pause)


def lay(made: Path, inbox: Path) -> None:
    """Put a template into an inbox, over the last one. It is staged where nobody else can reach it.

    Raises:
        OSError: the inbox is away or full, or somebody's folder has that name.
    """
    staged = inbox / CLAIMS / f".{TEMPLATE}.part"
    with durable.opened(made) as handle:
        durable.copy_new(handle, staged)
    open_to_senders(staged, inbox)
    durable.rename(staged, inbox / TEMPLATE)


def open_to_senders(path: Path, inbox: Path) -> None:
    """Let the folder's group read it. Where that group cannot be given, the folder alone decides who comes near."""
    folder = inbox.stat()
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        mode = 0o644 if folder.st_mode & 0o004 else 0o640
        try:
            os.fchown(handle, -1, folder.st_gid)
        except PermissionError:
            mode = 0o644
        os.fchmod(handle, mode)
    finally:
        os.close(handle)


def _mark(bundle: BundleRef, route: Route) -> str:
    """Return what changes when a template has to be made again: the model, the route's rules, or this program."""
    rules = hashlib.sha256(f"{__version__} {route.rules!r}".encode()).hexdigest()
    return f"{bundle.sha256}:{rules[:16]}"


def _read(path: Path) -> dict[str, str]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}  # at worst a template is laid once more
    return {str(name): str(mark) for name, mark in found.items()} if isinstance(found, dict) else {}
