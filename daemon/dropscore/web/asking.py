"""Requests to the daemon, and what came of them. See `dropscore.service.requests` for the other side."""

from __future__ import annotations

import json
import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ulid import ULID

from dropscore import durable
from dropscore.folders import Root, holder_of, is_job
from dropscore.web.people.roles import Who

PATIENCE_SECONDS = 2.0
_LOOK_SECONDS = 0.03
RETRY, SUBMIT, ARCHIVE, DELETE, UNDO, PROCESS = "retry", "submit", "archive", "delete", "undo", "process"


@dataclass(frozen=True, slots=True)
class Pending:
    """A request that the daemon has not taken yet."""

    request: str
    verb: str
    by: str
    job: str
    upload: str
    routes: tuple[str, ...] = ()
    """Those whose waiting drops are to be taken."""


def ask(root: Root, who: Who, verb: str, request: str | None = None, **more: Any) -> str:
    """Put down a request, durable, and return its id. Refused by nobody: the daemon answers later."""
    name = request or str(ULID())
    document = {"request": name, "verb": verb, "by": who.name, "via": who.via, **more}
    durable.write_new(root.requests / f"{name}.json", json.dumps(document).encode())
    return name


def answer(root: Root, request: str) -> dict[str, Any] | None:
    """Return the daemon's answer (`ok`, `sentence`, …), or None where there is none yet."""
    try:
        found: dict[str, Any] = json.loads((root.requests_done / f"{request}.json").read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    return found


def await_answers(
    root: Root, requests: Collection[str], seconds: float = PATIENCE_SECONDS
) -> dict[str, dict[str, Any]]:
    """Return the answers that come within the time; without a daemon, at once those that are there."""
    until = time.monotonic() + seconds
    found: dict[str, dict[str, Any]] = {}
    while True:
        for request in requests:
            if request not in found and (told := answer(root, request)) is not None:
                found[request] = told
        if len(found) == len(requests) or time.monotonic() >= until or holder_of(root) is None:
            return found
        time.sleep(_LOOK_SECONDS)


def pending(root: Root) -> list[Pending]:
    """Return the requests that wait for the daemon, oldest first."""
    found = []
    for path in sorted(root.requests.glob("*.json")):
        if not is_job(path.stem):
            continue
        with suppress(FileNotFoundError, ValueError):
            found.append(_read(path))
    return found


@lru_cache(10_000)
def _read(path: Path) -> Pending:
    """Read a request. It never changes while it lies there, and lists of many are looked at all the time."""
    document = json.loads(path.read_bytes())
    if not isinstance(document, dict):
        raise ValueError("a request is an object")
    texts = {name: str(document.get(name, "")) for name in ("verb", "by", "job", "upload")}
    routes = document.get("routes")
    named = tuple(map(str, routes)) if isinstance(routes, list) else ()
    return Pending(request=path.stem, **texts, routes=named)


def withdraw(root: Root, request: str) -> bool:
    """Take a request back. False: the daemon has taken it already, or there is none."""
    if not is_job(request):
        return False
    try:
        (root.requests / f"{request}.json").unlink()
    except FileNotFoundError:
        return False
    durable.sync_directory(root.requests)
    # The daemon may have read it just before; then its answer comes at once, whatever we withdrew.
    if holder_of(root) is not None:
        time.sleep(4 * _LOOK_SECONDS)
    return answer(root, request) is None
