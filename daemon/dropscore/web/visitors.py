"""Who visits the panel: the session's user, and what that user may see and do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, HTTPException, Request

from dropscore.ledger import JobRow
from dropscore.web.context import Here, Web
from dropscore.web.people import audit, sessions
from dropscore.web.people.roles import Power, Who
from dropscore.web.people.store import hashed
from dropscore.web.people.users import User


class LogInFirst(Exception):
    """There is no session; `back` is where its owner wanted to go."""

    def __init__(self, back: str) -> None:
        super().__init__(back)
        self.back = back


@dataclass(frozen=True, slots=True)
class Visitor:
    who: Who
    user: User


def address_of(request: Request) -> str:
    return request.client.host if request.client else ""


def visitor(request: Request, web: Here) -> Visitor:
    """Return who is logged in. LogInFirst: nobody is."""
    secret = request.cookies.get(web.cookie, "")
    user = sessions.holder(web.people, secret, web.terms) if secret else None
    if user is None:
        asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        raise LogInFirst(asked if request.method == "GET" else _came_from(request))
    return Visitor(user.who(address_of(request), hashed(secret)), user)


def _came_from(request: Request) -> str:
    """Return the page of this panel whose form was sent: after the login its reader goes on there."""
    page = urlsplit(request.headers.get("referer", ""))
    if page.netloc != request.headers.get("host"):
        return "/"
    return page.path + (f"?{page.query}" if page.query else "")


Visiting = Annotated[Visitor, Depends(visitor)]


def needs(power: Power) -> Callable[..., Visitor]:
    """Return a dependency that lets through only who has that power."""

    def check(request: Request, web: Here, found: Visiting) -> Visitor:
        if not found.who.may(power):
            audit.note(web.people, found.who, f"{request.method} {request.url.path}", ok=False, note=f"needs {power}")
            raise HTTPException(403, "Your role does not allow this.")
        return found

    return check


Sending = Annotated[Visitor, Depends(needs(Power.SUBMIT))]
Changing = Annotated[Visitor, Depends(needs(Power.OWN))]
Operating = Annotated[Visitor, Depends(needs(Power.OPERATE))]
Ruling = Annotated[Visitor, Depends(needs(Power.ADMIN))]


def job_for(web: Web, who: Who, name: str) -> JobRow:
    """Return a job by code or id. 404: there is none, or it is another route's, which is not there for them."""
    with web.ledgers.one() as ledger:
        row = ledger.job(name)
    if row is None or not who.sees(row.route):
        raise HTTPException(404, "There is no such job.")
    return row
