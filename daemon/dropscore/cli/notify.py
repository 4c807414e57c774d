"""`notify run`: the notifier, a process of its own. `notify test`: one message to every address."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click
import structlog

from dropscore import durable, logs
from dropscore.cli.errors import Code
from dropscore.cli.output import plain, put_json, put_table, say
from dropscore.cli.place import Place, config_option, json_option, open_place
from dropscore.domain.notes import Note
from dropscore.folders import Root
from dropscore.ledger import Ledger
from dropscore.notifier import child
from dropscore.notifier.companion import the_only_one, when_gone
from dropscore.notifier.loop import run as run_notifier
from dropscore.notifier.loop import send_test
from dropscore.notifier.messages import Style
from dropscore.notifier.rounds import Manner, Memory, work_once
from dropscore.notifier.standing import write_standing
from dropscore.receipt import Event
from dropscore.settings import Settings, ledger_url, recipients_of

log = structlog.get_logger()
_ROUNDS_AT_ONCE = 100
STANDING_SECONDS = 5.0
GRACE_SECONDS = 5.0


@click.group()
def command() -> None:
    """Send the messages owed, or a test message."""


@command.command()
@config_option
@click.option("--once", is_flag=True, help="Send what is owed now, then end.")
@click.option("--parent", type=int, hidden=True, help="End when this process, which started us, has ended.")
def run(config: Path | None, once: bool, parent: int | None) -> int:
    """Run the notifier: it tells people what the ledger owes them."""
    place = open_place(config)
    settings = place.settings
    logs.set_up(settings.log.level, settings.log.format)
    ledger = Ledger(ledger_url(settings))
    manner = manner_of(settings, grouped=not once)
    stop = _stop_of(parent)
    patience = manner.deadline_seconds + GRACE_SECONDS if once else None
    try:
        with the_only_one(place.root.notifier_lock, stop, patience) as alone:
            if not alone:
                return _not_alone(stop)
            if once:
                _send_what_is_owed(ledger, place, manner)
            else:
                _run_until_told(ledger, place, manner, stop)
    finally:
        ledger.close()
    return Code.FINE


def _not_alone(stop: threading.Event) -> int:
    if not stop.is_set():
        say("Another notifier of this root is at work: it sends what is owed.")
    return Code.FINE


def _stop_of(parent: int | None) -> threading.Event:
    """Return what is set by SIGTERM or SIGINT, or when the process that started us is gone.

    A daemon that was killed starts another notifier when it is back, and that one waits for our end. So what is
    being sent has a few seconds to come to its end, and to be marked as sent, and is then ended.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())

    def give_up_in_time() -> None:
        stop.wait()
        time.sleep(GRACE_SECONDS)
        child.end_all()

    threading.Thread(target=give_up_in_time, name="grace", daemon=True).start()
    if parent is not None:
        when_gone(parent, stop.set)
    return stop


def _run_until_told(ledger: Ledger, place: Place, manner: Manner, stop: threading.Event) -> None:
    told = -STANDING_SECONDS

    def alive(memory: Memory) -> None:
        nonlocal told
        if time.monotonic() - told >= STANDING_SECONDS:
            write_standing(place.root.notifier, ledger, memory, datetime.now(UTC))
            told = time.monotonic()

    log.info("the notifier runs")
    recorder = recorder_of(place.root)
    run_notifier(ledger, recipients_of(place.settings), manner, stop, record_sent=recorder, alive=alive)


def _send_what_is_owed(ledger: Ledger, place: Place, manner: Manner) -> None:
    recipients, memory = recipients_of(place.settings), Memory()
    for _ in range(_ROUNDS_AT_ONCE):
        if not work_once(ledger, recipients, manner, datetime.now(UTC), memory, recorder_of(place.root)):
            return


def manner_of(settings: Settings, *, grouped: bool = True) -> Manner:
    """Return how people are told; ungrouped, whatever is owed goes out at once."""
    zones = {name: route.zone for name, route in settings.routes.items() if route.zone}
    style = Style(zone=settings.zone, zones=zones, root=str(settings.root))
    deadline = settings.notify.send_deadline_seconds
    if not grouped:
        return Manner(group_seconds=0, urgent_seconds=0, deadline_seconds=deadline, style=style)
    return Manner(group_seconds=settings.notify.group_seconds, deadline_seconds=deadline, style=style)


def recorder_of(root: Root) -> Callable[[Sequence[Note], datetime], None]:
    """Return what makes durable that notes were sent: a line in each job's events."""

    def record(notes: Sequence[Note], at: datetime) -> None:
        for note in notes:
            if note.job is None:
                continue
            path = root.events(note.job)
            path.parent.mkdir(parents=True, exist_ok=True)
            event = Event(at=at, event="notified", notification=note.id)
            durable.append_line(path, event.model_dump_json(exclude_none=True).encode())

    return record


@command.command()
@config_option
@json_option
def test(config: Path | None, as_json: bool) -> int:
    """Send a test message to every address that is configured."""
    place = open_place(config)
    tried = send_test(recipients_of(place.settings), manner_of(place.settings))
    if as_json:
        put_json([one._asdict() for one in tried])
    elif not tried:
        say("No address is configured: set [notify] operators, or a route's owners.")
    else:
        rows = [(one.who, one.where, "sent" if one.ok else "FAILED", plain(one.detail)) for one in tried]
        put_table(("for", "address", "", "detail"), rows)
    return Code.FINE if tried and all(one.ok for one in tried) else Code.ERROR
