"""One attempt of a job: recorded before the work, counted when it kills its worker, struck off at an orderly stop."""

from __future__ import annotations

import errno
from concurrent.futures import Future
from pathlib import Path

import structlog

from dropscore import durable
from dropscore.domain.errors import Overran, Unavailable, WorkerDied
from dropscore.domain.jobs import BundleRef, Lineage, Task
from dropscore.folders import now_utc, write_plain
from dropscore.intake import claim as claims
from dropscore.receipt import ModelFact, Outcome
from dropscore.service.account import receipt_at_work
from dropscore.service.again import answered, keep_verdict
from dropscore.service.hands import Hands
from dropscore.service.incidents import as_unavailable
from dropscore.service.job import Job, Stage, read_verdict
from dropscore.service.plan import Route, bundle_of

log = structlog.get_logger()

_DISKS = (errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.ESTALE, errno.ENODEV)
_MACHINES = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ETIMEDOUT, errno.EHOSTDOWN, errno.ENOTCONN)
_WORLDS = frozenset(_DISKS + _MACHINES)
"""What a worker may meet that is neither the drop's fault nor a fault of ours: it is waited for, and never counted."""
MOST_DEATHS = 3
MOST_CRASHES = 2
MOST_CRASHES_ALONE = 3


def work(hands: Hands, job: Job, now: float) -> bool:
    if job.future is None:
        _start_attempt(hands, job)
        return True
    future, job.future = job.future, None
    try:
        future.result()
        outcome = read_verdict(job.folder, job.claim)
    except Unavailable:
        _strike(job)
        raise
    except (WorkerDied, Overran) as death:
        _count_death(job, now, str(death) or type(death).__name__)
        return True
    except Exception as error:  # a fault of ours: for the maintainer, and never the sender's
        if isinstance(error, OSError) and error.errno in _WORLDS:
            _strike(job)
            raise
        log.exception("attempt failed", job=job.claim.job, code=job.claim.code)
        _count_death(job, now, f"an internal error ({type(error).__name__}), see the log")
        return True
    _take_verdict(job, outcome)
    return True


def _take_verdict(job: Job, outcome: Outcome) -> None:
    job.outcome = outcome
    job.finished = now_utc()
    job.claim = job.claim.model_copy(update={"at_work": False, "alone": False})
    job.go_on(Stage.STAGE)


def _start_attempt(hands: Hands, job: Job) -> None:
    route = job.route
    if route is None:
        raise Unavailable(f"route:{job.claim.route}", f"The route {job.claim.route} is no longer configured.")
    if job.claim.model is None:
        bundle = bundle_of(route)
        model = ModelFact(name=bundle.name, version=bundle.version, sha256=bundle.sha256)
        job.claim = job.claim.model_copy(update={"model": model, "model_path": bundle.path})
    number = job.claim.attempt + 1
    alone = job.claim.crashes >= MOST_CRASHES
    job.claim = job.claim.model_copy(update={"attempt": number, "alone": alone})
    known = answered(hands, job, route)
    # Written down before the work: a drop that takes the whole machine with it must be known when it is up again.
    job.claim = job.claim.model_copy(update={"at_work": known is None})
    attempt = job.folder / f"attempt-{number}"
    job.started = now_utc()
    if known is not None:
        _write_down(job, attempt)
        keep_verdict(job, known)
        _take_verdict(job, known)
        return
    job.future = Future()
    job.future.add_done_callback(lambda _: hands.wake())
    task = _task(hands, job, route, attempt)
    hands.helpers.submit(_hand_over, hands, job, task, route.deadline_seconds, job.future)
    log.info("working", job=job.claim.job, code=job.claim.code, route=route.name, attempt=number)


def _write_down(job: Job, attempt: Path) -> None:
    claims.write_claim(job.folder, job.claim)
    durable.make_directory(attempt)
    write_plain(job.folder / "receipt.json", receipt_at_work(job.claim).model_dump(mode="json", exclude_none=True))


def _hand_over(hands: Hands, job: Job, task: Task, deadline: float, answer: Future[object]) -> None:
    """Write the attempt down, and give it to a worker. Runs in a helper thread: it waits for the disk."""
    try:
        _write_down(job, Path(task.folder))
        worker = job.worker = hands.submit(task, deadline)
    except OSError as error:
        answer.set_exception(as_unavailable(error, Stage.WORK))
    except BaseException as error:  # whatever it is, the loop is to meet it
        answer.set_exception(error)
    else:
        worker.add_done_callback(lambda done: _pass_on(done, answer))


def _pass_on(done: Future[object], answer: Future[object]) -> None:
    if done.cancelled():
        answer.cancel()
    elif (error := done.exception()) is not None:
        answer.set_exception(error)
    else:
        answer.set_result(done.result())


def _task(hands: Hands, job: Job, route: Route, attempt: Path) -> Task:
    claim = job.claim
    assert claim.model is not None
    return Task(
        job=claim.job,
        code=claim.code,
        route=claim.route,
        kind=claim.kind,
        name=claim.name,
        input=str(job.folder / claims.INPUT),
        folder=str(attempt),
        bundle=BundleRef(claim.model_path or "", claim.model.name, claim.model.version, claim.model.sha256),
        sha256=claim.sha256 or "",
        expected_sha256=claim.expected_sha256,
        rules=route.rules,
        trusted=route.trusted,
        claimed_at=claim.claimed.isoformat(),
        final_newline_waited=claim.newline_waited,
        fixes=str(hands.plan.root.fixes),
        state=str(hands.plan.root.state) if route.rules.actuals else "",
        no_mend=claim.no_mend,
        again_of=claim.again_of,
        lineage=Lineage(claim.lineage.retry_of, claim.lineage.mends, claim.lineage.late_of, claim.lineage.answers),
    )


def _strike(job: Job) -> None:
    """Take back that an attempt is at work: it ended in an orderly way, and does not count."""
    job.claim = job.claim.model_copy(update={"at_work": False, "alone": False})
    claims.write_claim(job.folder, job.claim)


def strike_off(job: Job) -> None:
    """Hand a job back at an orderly stop."""
    if job.claim.at_work:
        _strike(job)


def _count_death(job: Job, now: float, why: str) -> None:
    deaths = job.claim.deaths + 1
    job.claim = job.claim.model_copy(update={"at_work": False, "alone": False, "deaths": deaths})
    claims.write_claim(job.folder, job.claim)
    log.warning("worker ended", job=job.claim.job, code=job.claim.code, deaths=deaths, why=why)
    if deaths >= MOST_DEATHS:
        hold(job, f"{job.claim.name} is held: a worker ended three times on it ({why}).")
    else:
        job.retry_at = now + min(2.0**deaths, 30.0)


def hold(job: Job, sentence: str) -> None:
    """Set a job aside for the operator. It stays in `processing/`, and stops nobody else."""
    job.claim = job.claim.model_copy(update={"held": sentence, "at_work": False})
    claims.write_claim(job.folder, job.claim)
    job.go_on(Stage.HELD)


def work_again(job: Job, code: str | None = None) -> None:
    """What an attempt made is of no use: make it again, under another code where one is given."""
    if code is not None:
        job.claim = job.claim.model_copy(update={"code": code})
    claims.write_claim(job.folder, job.claim)
    job.outcome = None
    job.go_on(Stage.WORK)
