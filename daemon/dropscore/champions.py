"""Which version of its model a route uses where people have decided it: since when, by whom, and why.

`state/champions.json` holds every switch of every route, the latest last. A route that was never switched uses the
newest version but its challenger; one whose version stands in the configuration is switched there alone.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from dropscore import durable
from dropscore.domain.errors import Refused, Unavailable
from dropscore.record import Moment, Record

FILE = "champions.json"


class Switch(Record):
    """One switch. `before` is the version that it replaced."""

    version: str
    before: str
    by: str
    why: str
    at: Moment
    back: bool = False
    """Whether it was a step back (`rollback`)."""
    request: str = ""
    """The id of the request, so that one that is repeated after a crash is carried out once."""


class Champions(Record):
    champions: Literal[1] = 1
    routes: dict[str, tuple[Switch, ...]] = Field(default_factory=dict)

    def version_of(self, route: str) -> str | None:
        """Return the version that people have chosen; None: nobody has."""
        switches = self.routes.get(route)
        return switches[-1].version if switches else None


def read(state: Path) -> Champions:
    """Return what is written down; nothing, where nobody has ever switched.

    Raises:
        Unavailable: the file cannot be read. To go on without it might score with a model that was taken back.
    """
    path = state / FILE
    try:
        return Champions.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return Champions()
    except (OSError, ValidationError) as fault:
        why = os.strerror(fault.errno or 0) if isinstance(fault, OSError) else "it is damaged"
        matter = f"{path} cannot be read ({why}): which model each route uses is not known."
        then = "Put it there again as it was, or set `version` in each route."
        raise Unavailable("champions", matter, then) from fault


def write(state: Path, champions: Champions) -> None:
    durable.write_new(state / FILE, champions.model_dump_json(indent=2).encode() + b"\n")


def switched(champions: Champions, route: str, switch: Switch) -> Champions:
    """Return what is known after a switch. Refused: the route uses that version already."""
    if switch.version == switch.before:
        raise Refused(f"The route {route} uses version {switch.version} already.")
    known = champions.routes.get(route, ())
    return champions.model_copy(update={"routes": {**champions.routes, route: (*known, switch)}})


def former(champions: Champions, route: str) -> str:
    """Return the version to step back to: the one before the last switch that was no step back itself.

    Refused: there is none.
    """
    standing: list[Switch] = []
    for switch in champions.routes.get(route, ()):
        if switch.back:
            standing.pop()
        else:
            standing.append(switch)
    if not standing:
        raise Refused(f"The route {route} has no switch that could be taken back.")
    return standing[-1].before
