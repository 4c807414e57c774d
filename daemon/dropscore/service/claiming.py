"""From a complete drop in an inbox to a job: written down, then taken."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator, Sequence
from concurrent.futures import wait
from contextlib import suppress
from pathlib import Path

import structlog

from dropscore import durable
from dropscore.folders import as_base64, new_job, now_utc, shown
from dropscore.intake import claim as claims
from dropscore.intake.scan import Completeness, Inbox
from dropscore.intake.settle import Decision
from dropscore.journal import Claim
from dropscore.receipt import Sender
from dropscore.service.codes import draw_code
from dropscore.service.hands import Hands
from dropscore.service.job import Job, Stage
from dropscore.service.plan import Route

log = structlog.get_logger()

_MOST_CHECKSUM_BYTES = 4096


def claim_each(
    hands: Hands, chosen: Sequence[tuple[Route, Decision]], asked: str | None
) -> Iterator[Job | OSError | None]:
    """Make complete drops jobs, side by side, so that the file system makes one sync of many.

    Yields for each, in their order, the job; None: the drop has gone, or is no plain file of its own, and lies where
    it lay; an OSError: the world is at fault, and the inbox is as it was.
    """
    begun = [
        (route, decision, hands.helpers.submit(_claim, hands, route, decision, asked)) for route, decision in chosen
    ]
    wait([future for *_, future in begun])
    for route, decision, future in begun:
        try:
            claim = future.result()
        except OSError as error:
            yield error
        else:
            folder = hands.plan.root.job(claim.job) if claim else None
            yield Job(claim, folder, route, Stage.COPY, decision.seen.size) if claim and folder else None


def _claim_of(hands: Hands, route: Route, decision: Decision, asked: str | None) -> Claim:
    seen, inbox = decision.seen, decision.seen.inbox
    sidecars = (decision.sidecar,) if decision.sidecar else ()
    return Claim(
        job=new_job(),
        code=draw_code(hands.plan.root),
        route=route.name,
        kind=inbox.kind,
        name=shown(seen.name),
        name_base64=as_base64(seen.name),
        sender=Sender(name=_user(seen.uid), uid=seen.uid),
        claimed=now_utc(),
        inbox=str(inbox.path),
        sidecars=tuple(as_base64(name) for name in sidecars),
        expected_sha256=promised(inbox, decision),
        newline_waited=decision.newline_waited,
        asked=asked,
    )


def _claim(hands: Hands, route: Route, decision: Decision, asked: str | None) -> Claim | None:
    claim = _claim_of(hands, route, decision, asked)
    folder = hands.plan.root.job(claim.job)
    name, sidecars = decision.seen.name, (decision.sidecar,) if decision.sidecar else ()
    try:
        claims.intend(folder, claim)
        claims.take(claim, name, sidecars)
    except (claims.NotOurs, FileNotFoundError):
        _undo(folder, claim, name, sidecars)
        return None
    except OSError:
        _undo(folder, claim, name, sidecars)
        raise
    log.info("claimed", job=claim.job, code=claim.code, route=claim.route, name=claim.name, bytes=decision.seen.size)
    return claim


def _undo(folder: Path, claim: Claim, name: str, sidecars: tuple[str, ...]) -> None:
    """Leave the inbox as it was. What cannot be undone now is undone at the next start."""
    with suppress(OSError):
        claims.put_back(claim, name, sidecars)
        durable.remove_tree(folder, folder.with_name(f".trash-{claim.job}"))


def is_mismatched(hands: Hands, decision: Decision) -> bool:
    """Whether a drop of that name was found not to match its checksum."""
    return _key(decision) in hands.mismatches


def still_mismatched(hands: Hands, decision: Decision, now: float) -> bool:
    """Whether this very content was found not to match its checksum, and the wait for another is not over."""
    known = hands.mismatches.get(_key(decision))
    if known is None:
        return False
    facts, since = known
    seen = decision.seen
    same = facts == (seen.inode, seen.size, seen.mtime_ns, promised(seen.inbox, decision))
    return same and now - since < hands.plan.checksum_grace


def _key(decision: Decision) -> tuple[str, str]:
    return (str(decision.seen.inbox.path), as_base64(decision.seen.name))


def promised(inbox: Inbox, decision: Decision) -> str | None:
    """Return the SHA-256 that the sidecar names, in lower case; a text that names none matches nothing."""
    if inbox.rule is not Completeness.CHECKSUM or decision.sidecar is None:
        return None
    try:
        with durable.opened(inbox.path / decision.sidecar) as handle:
            words = os.read(handle, _MOST_CHECKSUM_BYTES).decode("ascii", "replace").split()
    except OSError:
        return "unreadable"
    return words[0].lower().removeprefix("\\") if words else "empty"


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
