"""A route's challenger is shown each job after it was published: one at a time, in quiet moments, by a worker.

What comes of it is kept for operators under `state/challenged/`. It is no part of any drop's way: whatever goes wrong
is written down there, or logged, and the job knows nothing of it.
"""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from ulid import ULID

from dropscore import durable
from dropscore.domain.errors import Unavailable
from dropscore.domain.jobs import CHALLENGED, CHALLENGED_ROWS, ChallengeTask, Kind, Verdict
from dropscore.figures import Challenged, Compared
from dropscore.folders import Root, is_job, month_of, new_job, now_utc, pick_bundle
from dropscore.receipt import Receipt, dump
from dropscore.service import kept, moves
from dropscore.service.daily import Place
from dropscore.service.hands import Hands
from dropscore.service.job import Job, any_at_work
from dropscore.service.plan import Route

log = structlog.get_logger()

MOST_WAITING = 1_000
"""Jobs that wait to be shown; what comes beyond is left out, and logged."""
LONGEST_WAIT, LEAST_SECONDS, TIMES_AS_LONG = 600.0, 60.0, 5.0
"""How long it waits for a quiet moment; what it may take: so many times what the job took, and a minute at least."""
LOOKED_BACK = timedelta(days=2)


@dataclass(slots=True)
class _Shown:
    receipt: Receipt
    route: Route
    since: float
    folder: Path
    found: Future[object] | None = None
    """The input that is kept, as a helper finds it by its hash."""
    future: Future[object] | None = None


class Challenging:
    def __init__(self, hands: Hands, jobs: Mapping[str, Job]) -> None:
        self._hands = hands
        self._jobs = jobs
        self._waiting: deque[str] = deque()
        self._shown: _Shown | None = None
        self._left_out = 0

    def start(self) -> None:
        """Go on where an earlier run ended."""
        if not any(route.challenger for route in self._hands.plan.routes):
            return
        root, oldest = self._hands.plan.root, now_utc() - LOOKED_BACK
        with suppress(OSError):
            jobs = [job for month in kept.months(root)[-2:] for job in kept.jobs_of(root, month)]
            for job in [job for job in jobs if claimed_at(job) >= oldest][-MOST_WAITING:]:
                with suppress(OSError, ValueError):
                    found = kept.read_kept(root, job)
                    if found is not None:
                        self.published(found.receipt)

    def published(self, receipt: Receipt) -> None:
        """Take note of a job, if its route has a challenger that has not seen it."""
        route = self._hands.plan.route(receipt.route)
        if route is None or not route.challenger or receipt.kind is not Kind.SCORE:
            return
        if receipt.verdict not in (Verdict.DELIVERED, Verdict.PARTIAL) or receipt.model is None:
            return
        if receipt.model.version == route.challenger or challenged(self._hands.plan.root, receipt)[0].exists():
            return
        if len(self._waiting) < MOST_WAITING:
            self._waiting.append(receipt.job)
        else:
            self._left_out += 1
            log.warning("a challenger is not shown all jobs", route=route.name, left_out=self._left_out)

    @property
    def idle(self) -> bool:
        return self._shown is None and all(job in self._jobs for job in self._waiting)

    def work_once(self, now: float) -> bool:
        """Do what can be done now. True if anything moved."""
        if self._shown is None:
            self._shown = self._next(now)
            return self._shown is not None
        shown = self._shown
        quiet = not any_at_work(self._jobs.values()) or now - shown.since >= LONGEST_WAIT
        if shown.found is None:
            if quiet:
                shown.found = self._hands.help(moves.input_of, self._hands.plan.root, shown.receipt)
            return quiet
        waited_for = shown.future or shown.found
        if not waited_for.done():
            return False
        try:
            done = self._go_on(shown)
        except Exception as fault:  # whatever it is, drops go on
            self._give_up(shown, fault)
            done = True
        if done:
            self._shown = None
            shutil.rmtree(shown.folder, ignore_errors=True)
        return True

    def _next(self, now: float) -> _Shown | None:
        """Return the next job that has ended, if its route still has a challenger."""
        root = self._hands.plan.root
        for job in [job for job in self._waiting if job not in self._jobs]:
            self._waiting.remove(job)
            with suppress(OSError, ValueError):
                found = kept.read_kept(root, job)
                route = None if found is None else self._hands.plan.route(found.receipt.route)
                if found is not None and route is not None and route.challenger:
                    return _Shown(found.receipt, route, now, root.templates / new_job())
        return None

    def _go_on(self, shown: _Shown) -> bool:
        """Have the job shown, then keep what came of it. True after that."""
        root, receipt, route = self._hands.plan.root, shown.receipt, shown.route
        if shown.future is None:
            assert shown.found is not None and receipt.model is not None
            source = shown.found.result()
            if source is None:
                return True  # a reader or retention was quicker
            durable.make_directory(root.templates)
            durable.make_directory(shown.folder)
            task = ChallengeTask(
                folder=str(shown.folder),
                receipt=str(root.kept_receipt(receipt.job)),
                input=str(source),
                champion=pick_bundle(route.model, receipt.model.version),
                challenger=pick_bundle(route.model, route.challenger),
                rules=route.rules,
                trusted=route.trusted,
                state=str(root.state) if route.rules.actuals else "",
            )
            own = sum(receipt.durations.values())
            shown.future = self._hands.submit(task, max(LEAST_SECONDS, TIMES_AS_LONG * own))
            shown.future.add_done_callback(lambda _: self._hands.wake())
            return False
        shown.future.result()
        self._keep(shown)
        return True

    def _keep(self, shown: _Shown) -> None:
        """Put what the worker made in its place, the summary last: with it the job counts as shown."""
        place, rows = challenged(self._hands.plan.root, shown.receipt)
        durable.make_directories(place.parent, mode=0o750)
        if (shown.folder / CHALLENGED_ROWS).exists():
            durable.sync_file(shown.folder / CHALLENGED_ROWS)
            durable.rename(shown.folder / CHALLENGED_ROWS, rows)
        durable.rename(shown.folder / CHALLENGED, place)
        self._forget_old(shown.route)

    def _give_up(self, shown: _Shown, fault: Exception) -> None:
        """Write down that a job could not be shown: it is told with the others, and not tried for ever."""
        matter = fault.matter if isinstance(fault, Unavailable) else f"{type(fault).__name__}: {str(fault)[:200]}"
        log.warning("a challenger could not be shown a job", job=shown.receipt.job, route=shown.route.name, why=matter)
        before, after = shown.receipt.model.version if shown.receipt.model else "", shown.route.challenger
        compared = Compared(code=shown.receipt.code, name=shown.receipt.name, before=before, after=after)
        place, _ = challenged(self._hands.plan.root, shown.receipt)
        with suppress(OSError):
            durable.make_directories(place.parent, mode=0o750)
            durable.write_new(place, dump(Challenged(job=shown.receipt.job, compared=compared, failed=matter)))

    def _forget_old(self, route: Route) -> None:
        """Remove what is older than the route's term for predictions."""
        daily = self._hands.plan.daily
        days = daily.retention.limit(route.name, Place.KEPT).days if daily is not None else 0
        if not days:
            return
        oldest = now_utc() - timedelta(days=days)
        for month in sorted((self._hands.plan.root.state / "challenged" / route.name).iterdir()):
            if month.name > f"{oldest:%Y-%m}":
                return
            for path in month.iterdir():
                if is_job(path.stem) and claimed_at(path.stem) < oldest:
                    path.unlink(missing_ok=True)


def claimed_at(job: str) -> datetime:
    """Return the moment that stands in a job's id."""
    return ULID.from_str(job).datetime.astimezone(UTC)


def challenged(root: Root, receipt: Receipt) -> tuple[Path, Path]:
    """Return where it is kept what a challenger made of a job: the summary, and the rows."""
    folder = root.state / "challenged" / receipt.route / month_of(receipt.job)
    return folder / f"{receipt.job}.json", folder / f"{receipt.job}.parquet"
