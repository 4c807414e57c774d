"""`state/notifier.json`: how the notifier stands, for metrics. Made again every few seconds, so not durable."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from pathlib import Path

from dropscore.domain.errors import Unavailable
from dropscore.folders import write_plain
from dropscore.ledger import Ledger
from dropscore.notifier.messages import Audience
from dropscore.notifier.rounds import Memory


def write_standing(path: Path, ledger: Ledger, memory: Memory, now: datetime) -> None:
    """Replace the file. What the ledger would have to tell is null while it is away; a full disk stops nothing."""
    owed, oldest = None, None
    with suppress(Unavailable):
        owed, oldest = ledger.owing(), ledger.owing_since()
    document = {
        "written": now.isoformat(),
        "sent": {audience: memory.sent[audience] for audience in Audience},
        "failed": {audience: memory.failed[audience] for audience in Audience},
        "owed": owed,
        "oldest_owed": oldest.isoformat() if oldest else None,
    }
    with suppress(OSError):
        write_plain(path, document)
