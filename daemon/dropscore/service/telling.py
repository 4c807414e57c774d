"""What happens to a job later is appended to its events first, once, and only then told to the ledger."""

from __future__ import annotations

from pathlib import Path

from dropscore import durable
from dropscore.receipt import Event
from dropscore.service.kept import events_of


def tell_once(events: Path, event: Event) -> Event:
    """Append an event durably, unless it was told before; return what stands there now.

    That is the earlier one, with its own moment, where something is done over after a crash or an outage: the ledger
    knows an event by all that it says, and would take another moment for another event.
    """
    for known in events_of(events):
        if known.model_copy(update={"at": event.at}) == event:
            durable.renew(events)  # whoever wrote it may have failed to sync it
            return known
    durable.make_directories(events.parent, mode=0o750)
    durable.append_line(events, event.model_dump_json(exclude_none=True).encode())
    return event
