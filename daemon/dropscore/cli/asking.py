"""Requests to the daemon, which alone moves files and writes job rows: put one down, wait for its answer."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from ulid import ULID

from dropscore import durable
from dropscore.cli.errors import DaemonDown
from dropscore.cli.place import Place
from dropscore.domain.errors import Refused
from dropscore.folders import Root, holder_of

PATIENCE_SECONDS = 60.0
_LOOK_SECONDS = 0.05


def expect_daemon(root: Root) -> None:
    """Raise DaemonDown where no daemon holds the root: nothing is written then."""
    if holder_of(root) is None:
        raise DaemonDown(f"no daemon runs on {root.path}. Start it with: dropscore run")


def ask(place: Place, verb: str, request: str | None = None, **more: Any) -> dict[str, Any]:
    """Put down a request and return the daemon's answer: `ok`, `sentence`, and what the verb adds.

    Raises:
        DaemonDown: no daemon runs, so nothing was asked.
        Refused: the daemon did not answer in time; the request was taken back, or is being carried out.
    """
    root = place.root
    expect_daemon(root)
    name = request or str(ULID())
    document = {"request": name, "verb": verb, "by": place.caller, "via": "cli", **more}
    path, done = root.requests / f"{name}.json", root.requests_done / f"{name}.json"
    durable.write_new(path, json.dumps(document).encode())
    answer = _await_answer(root, path, done)
    if answer is not None:
        return answer
    if _withdrawn(path):
        # The daemon may have read it just before: then its answer comes at once, whatever we withdrew.
        time.sleep(_LOOK_SECONDS * 4)
        answer = _answer(done)
        if answer is None and holder_of(root) is None:
            raise DaemonDown("the daemon ended before it took the request, which has been withdrawn.")
        if answer is None:
            raise Refused(f"the daemon has not answered within {PATIENCE_SECONDS:.0f} s; the request was withdrawn.")
        return answer
    answer = _answer(done)
    if answer is None:
        raise Refused("the daemon has taken the request and not answered yet. Look with `dropscore jobs`.")
    return answer


def _await_answer(root: Root, path: Path, done: Path) -> dict[str, Any] | None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        answer = _answer(done)
        if answer is not None:
            return answer
        if holder_of(root) is None:
            return None
        time.sleep(_LOOK_SECONDS)
    return None


def _answer(done: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(done.read_bytes())
    except FileNotFoundError:
        return None
    return found


def _withdrawn(path: Path) -> bool:
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    return True
