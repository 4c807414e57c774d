"""The stages of a job, each a function that does one small thing and says whether anything moved.

Long work (copying, hashing, scoring) is handed to helper threads and workers; the step comes back to its future.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import structlog

from dropscore import durable
from dropscore.domain.errors import Unavailable
from dropscore.domain.jobs import State
from dropscore.folders import Root, from_base64, now_utc
from dropscore.intake import claim as claims
from dropscore.journal import Claim, Staged
from dropscore.receipt import Times, dump
from dropscore.service import drifting, mending, publish
from dropscore.service.account import note_held, receipt_at_work, receipt_of
from dropscore.service.attempts import hold, work, work_again
from dropscore.service.codes import draw_code
from dropscore.service.hands import Hands
from dropscore.service.job import Job, Stage
from dropscore.service.recover import never_taken
from dropscore.service.staging import staging_for

log = structlog.get_logger()


def copy(hands: Hands, job: Job, now: float) -> bool:
    if job.future is None:
        job.copied = None
    try:
        if not hands.done(job, "copy", _copy, hands, job):
            return True
    except claims.StillWritten:
        job.wait(now, "")
        return True
    except claims.NotOurs:
        put_back(job, now)
        return True
    except FileNotFoundError:
        _miss(job, now)
        return True
    assert job.copied is not None
    if not _checksum_holds(hands, job.copied, now):
        put_back(job, now)
        return True
    if not _is_as_promised(job.copied):
        claims.adopt_copy(job.folder, job.copied)
    job.claim = job.copied
    job.go_on(Stage.WORK)
    return True


def _copy(hands: Hands, job: Job) -> None:
    """Copy, and adopt the copy unless somebody has to decide about it first."""
    copied = _copier(hands, job.claim)(job.folder, job.claim)
    if _is_as_promised(copied):
        claims.adopt_copy(job.folder, copied)
    job.copied = copied


def _is_as_promised(copied: Claim) -> bool:
    return not copied.expected_sha256 or copied.expected_sha256 == copied.sha256 or copied.inbox is None


def _miss(job: Job, now: float) -> None:
    """There is nothing to copy: a claim that was never completed, a retry's source taken away, or a mount away."""
    if job.claim.source:
        hold(job, f"{job.claim.name} is held: the file that was to be tried again is gone. Drop it again, or delete.")
    elif job.claim.inbox is not None and never_taken(job.claim):
        put_back(job, now)
    else:
        raise Unavailable(f"input:{job.claim.route}", f"The input of {job.claim.name} is away.")


def put_back(job: Job, now: float) -> None:
    """Undo a claim: what was dropped is in the inbox again, under its name."""
    sidecars = tuple(from_base64(name) for name in job.claim.sidecars)
    if not claims.put_back(job.claim, from_base64(job.claim.name_base64), sidecars):
        # The sender has dropped the same name again meanwhile. Ours stays claimed, and is found as such at start.
        log.warning("could not put back: the name is taken", job=job.claim.job, name=job.claim.name)
        job.wait(now, "")
        return
    durable.remove_tree(job.folder, job.folder.with_name(f".trash-{job.claim.job}"))
    job.go_on(Stage.DONE)


def _checksum_holds(hands: Hands, claim: Claim, now: float) -> bool:
    """Say whether our copy is what the sender's checksum promised, or will never be: then a worker rejects it."""
    if _is_as_promised(claim):
        return True
    key = (claim.inbox or "", claim.name_base64)
    facts = (claim.inode, claim.size, claim.mtime_ns, claim.expected_sha256)
    seen = hands.mismatches.get(key)
    if seen is None or seen[0] != facts:
        hands.mismatches[key] = (facts, now)
        return False
    if now - seen[1] < hands.plan.checksum_grace:
        return False
    del hands.mismatches[key]
    return True


def _copier(hands: Hands, claim: Claim) -> Callable[[Path, Claim], Claim]:
    if claim.upload:
        return lambda folder, claim: claims.copy_plain(folder, claim, Path(claim.upload or "") / "data")
    if claim.source:
        return lambda folder, claim: claims.copy_plain(folder, claim, hands.plan.root.path / (claim.source or ""))
    return claims.copy


def stage(hands: Hands, job: Job, now: float) -> bool:
    assert job.outcome is not None
    root = hands.plan.root
    if job.future is None and job.staged is None and drifting.must_wait(job):
        job.claim = job.claim.model_copy(update={"drifted": True})
        hold(job, drifting.why_held(job))
        return True
    if job.future is None and job.staged is None:
        mends = job.outcome.mends
        if mends and not mending.take_place(root, job.claim, mends):
            job.claim = job.claim.model_copy(update={"no_mend": True})
            work_again(job)
            return True
        mending.hand_out(root, job.claim, job.outcome)
        times = Times(
            claimed=job.claim.claimed, started=job.started, finished=job.finished or now_utc(), published=now_utc()
        )
        job.receipt = receipt_of(root, job.claim, job.outcome, times, job.seconds)
        usual, target = publish.staging_top(root, job.claim.route, job.outcome)
        top = staging_for(hands.staging_tops, usual, target)
        job.future = hands.help(publish.stage, root, top, job.folder, job.claim, job.outcome, job.receipt)
        return True
    if job.staged is None:
        assert job.future is not None
        future, job.future = job.future, None
        try:
            staged = future.result()
        except (publish.Taken, publish.WrongBytes, FileNotFoundError) as fault:
            log.warning("staging starts again", job=job.claim.job, code=job.claim.code, why=repr(fault))
            work_again(job, draw_code(root) if isinstance(fault, publish.Taken) else None)
            return True
        assert isinstance(staged, Staged)
        job.staged = staged
        return True
    # A marker that failed half-way may be there: the set that it names must not be staged anew, only marked again.
    if hands.done(job, "publish", publish.mark, job.folder, job.staged):
        job.go_on(Stage.PUBLISH)
    return True


def publish_set(hands: Hands, job: Job, now: float) -> bool:
    assert job.staged is not None and job.receipt is not None
    if hands.done(job, "publish", publish.publish, hands.plan.root, job.staged, job.published):
        log.info("published", job=job.claim.job, code=job.claim.code, verdict=job.receipt.verdict)
        job.go_on(Stage.ARCHIVE)
    return True


def archive(hands: Hands, job: Job, now: float) -> bool:
    assert job.receipt is not None
    if hands.done(job, "archive", publish.archive_input, hands.plan.root, job.folder, job.receipt):
        job.go_on(Stage.ACCOUNT)
    return True


def tidy(hands: Hands, job: Job, now: float) -> bool:
    if hands.done(job, "tidy", _remove, hands.plan.root, job):
        job.go_on(Stage.DONE)
    return True


def _remove(root: Root, job: Job) -> None:
    """Remove a job's folders; what they held has been published, archived or put back."""
    if job.claim.upload:
        durable.remove_tree(Path(job.claim.upload), root.uploads / f".trash-{job.claim.job}")
    durable.remove_tree(job.folder, job.folder.with_name(f".trash-{job.claim.job}"))


def held(hands: Hands, job: Job, now: float) -> bool:
    """Tell the operator, once in the life of this process; the ledger owes it once however often it is told."""
    if job.receipt is not None:
        return False
    receipt = drifting.held_with(job, receipt_at_work(job.claim, State.HELD, job.claim.held))
    kept = hands.plan.root.kept_receipt(job.claim.job)
    durable.make_directory(kept.parent, mode=0o750)
    durable.write_new(kept, dump(receipt))
    note = note_held(receipt, job.claim.attempt)
    hands.ledger.account(receipt, (note,), kept=hands.plan.root.relative(kept))
    job.receipt = receipt
    return True


Step = Callable[[Hands, Job, float], bool]
STEPS: dict[Stage, Step] = {
    Stage.COPY: copy,
    Stage.WORK: work,
    Stage.STAGE: stage,
    Stage.PUBLISH: publish_set,
    Stage.ARCHIVE: archive,
    Stage.TIDY: tidy,
    Stage.HELD: held,
}
