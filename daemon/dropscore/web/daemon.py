"""What the daemon says of itself in `state/status.json`, and whether it runs at all."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import Any

from dropscore.folders import Root, holder_of


@dataclass(frozen=True, slots=True)
class Daemon:
    """Without a daemon there are no jobs at work and nothing is known of what waits."""

    runs: bool
    scanned: str | None = None
    written: str | None = None
    """When it said all this."""
    began: str | None = None
    jobs: tuple[dict[str, Any], ...] = ()
    waiting: tuple[dict[str, Any], ...] = ()
    waiting_count: int = 0
    incidents: tuple[dict[str, Any], ...] = field(default=())


class Watcher:
    """Reads the status only when it has changed."""

    def __init__(self, root: Root) -> None:
        self._root = root
        self._guard = threading.Lock()
        self._seen: tuple[int, int] | None = None
        self._document: dict[str, Any] = {}

    def look(self) -> Daemon:
        runs = holder_of(self._root) is not None
        document = self._read()
        if not runs:
            return Daemon(False, scanned=document.get("scanned"))
        return Daemon(
            runs=True,
            scanned=document.get("scanned"),
            written=document.get("written"),
            began=document.get("began"),
            jobs=tuple(document.get("jobs", ())),
            waiting=tuple(document.get("waiting", ())),
            waiting_count=int(document.get("waiting_count", 0)),
            incidents=tuple(document.get("incidents", ())),
        )

    def _read(self) -> dict[str, Any]:
        with self._guard:
            try:
                found = self._root.status.stat()
                if (found.st_mtime_ns, found.st_ino) != self._seen:
                    self._document = dict(json.loads(self._root.status.read_bytes()))
                    self._seen = (found.st_mtime_ns, found.st_ino)
            except (OSError, ValueError, TypeError):
                return {}
            return self._document
