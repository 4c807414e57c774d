"""Templates: a route's empty table, as the daemon laid it into the inbox, or as a line of names."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

from dropscore.domain.errors import Unavailable
from dropscore.domain.jobs import TEMPLATE
from dropscore.web.context import Web


def workbook_of(web: Web, route: str) -> os.stat_result | None:
    """Return what is known of a route's template; None where the daemon has laid none yet.

    Senders may put files into that folder, and one of them might be called so: only the daemon's own is a template.
    """
    try:
        found = _place(web, route).lstat()
        daemons = found.st_uid == web.root.state.stat().st_uid
    except OSError:
        return None
    return found if stat.S_ISREG(found.st_mode) and daemons else None


def open_workbook(web: Web, route: str) -> int | None:
    """Return a handle on a route's template, or None."""
    known = workbook_of(web, route)
    if known is None:
        return None
    try:
        handle = os.open(_place(web, route), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    if os.path.samestat(os.fstat(handle), known):
        return handle
    os.close(handle)  # it was replaced in between: whoever asks again gets the new one
    return None


def _place(web: Web, route: str) -> Path:
    return web.root.of_route(web.root.inbox, route) / TEMPLATE


def columns_of(bundle: Path) -> list[str]:
    """Return the names of the columns that a bundle's model reads. Unavailable: its manifest is damaged."""
    try:
        manifest = json.loads((bundle / "manifest.json").read_bytes())
        return [str(field["name"]) for field in manifest["schema"]["fields"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Unavailable(f"model:{bundle.parent.name}", f"The manifest of {bundle} cannot be read.") from error
