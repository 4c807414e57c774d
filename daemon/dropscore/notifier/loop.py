"""The notifier's loop, and trying every address by hand."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import NamedTuple

import structlog

from dropscore.domain.errors import Unavailable
from dropscore.domain.notes import Recipients
from dropscore.ledger import Ledger
from dropscore.notifier import child
from dropscore.notifier.addresses import everybody
from dropscore.notifier.messages import Message
from dropscore.notifier.redaction import safe_url
from dropscore.notifier.rounds import Manner, Memory, RecordSent, back_off, work_once

log = structlog.get_logger("dropscore.notifier")

_PAUSE_SECONDS = 1.0
_AT_ONCE = 4


class Tried(NamedTuple):
    """What came of trying one address: whose it is, what may be shown of it, and how it went."""

    who: str
    where: str
    ok: bool
    detail: str


def _now() -> datetime:
    return datetime.now(UTC)


def run(
    ledger: Ledger,
    recipients: Recipients,
    manner: Manner,
    stop: threading.Event,
    *,
    record_sent: RecordSent = lambda notes, at: None,
    alive: Callable[[Memory], None] = lambda memory: None,
    now: Callable[[], datetime] = _now,
) -> None:
    """Tell people what they are owed until `stop` is set. `alive` is called after every round that came to its end.

    A ledger that is away is waited for. A send that is under way ends first: at most the deadline.
    """
    memory, failures = Memory(), 0
    while not stop.is_set():
        try:
            busy = work_once(ledger, recipients, manner, now(), memory, record_sent)
        except Unavailable as error:
            failures += 1
            if failures == 1:
                log.warning("the ledger is away", reason=str(error))
            alive(memory)
            stop.wait(min(30.0, back_off(failures).total_seconds()))
            continue
        if failures:
            log.info("the ledger is back", tries=failures)
            failures = 0
        alive(memory)
        if not busy:
            stop.wait(_PAUSE_SECONDS)


def send_test(recipients: Recipients, manner: Manner) -> list[Tried]:
    """Send a test message to every address there is, and tell how each went."""
    found = everybody(recipients)

    def one(named: tuple[str, str]) -> Tried:
        who, url = named
        body = (
            "This is a test: nothing has happened.\n\n"
            f"You get this because this address is set for: {who}.\nA message about a drop ends with its code.\n"
        )
        answer = child.send(url, Message("TEST: Dropscore can reach you", body), manner.deadline_seconds)
        return Tried(who, safe_url(url), answer.ok, answer.detail)

    with ThreadPoolExecutor(_AT_ONCE) as threads:
        return list(threads.map(one, found))


def handshake(urls: Iterable[str], deadline: float = 10.0) -> list[Tried]:
    """Try addresses without telling anybody: log in to mail servers, connect to others."""

    def one(url: str) -> Tried:
        answer = child.handshake(url, deadline)
        return Tried("", safe_url(url), answer.ok, answer.detail)

    with ThreadPoolExecutor(_AT_ONCE) as threads:
        return list(threads.map(one, dict.fromkeys(urls)))
