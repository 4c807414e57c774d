"""Waiting drops are taken at once: without their quiet time, if they are complete."""

from __future__ import annotations

from collections.abc import Collection

from fastapi import HTTPException

from dropscore.web import asking
from dropscore.web.context import Web
from dropscore.web.people import audit
from dropscore.web.people.roles import Power, Who


def ask_to_take(web: Web, who: Who, routes: Collection[str], name: str | None = None) -> str:
    """Ask the daemon to take the drops that wait in these routes, or the one of that name; return the request's id.

    No routes: all that the asker sees. HTTPException 403: that takes an operator; 404: a route is not there for them;
    422: a name without its route, or a route without its name where one is meant.
    """
    if not who.may(Power.OPERATE):
        raise HTTPException(403, "Your role does not allow this.")
    if any(route not in web.settings.routes or not who.sees(route) for route in routes):
        raise HTTPException(404, "There is no such route.")
    if name is not None and (len(routes) != 1 or not name):
        raise HTTPException(422, "A drop is named by its route and its name.")
    wanted = [route for route in web.settings.routes if who.sees(route) and (not routes or route in routes)]
    audit.note(web.people, who, asking.PROCESS, " ".join(wanted) if name is None else f"{wanted[0]}/{name}")
    return asking.ask(web.root, who, asking.PROCESS, routes=wanted, name=name)
