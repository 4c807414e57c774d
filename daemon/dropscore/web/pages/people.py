"""Users, tokens and the audit log, for admins."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from dropscore.domain.errors import Refused
from dropscore.web.context import Here, Web
from dropscore.web.dress import page, shown_to
from dropscore.web.forms import Fields, Form
from dropscore.web.people import audit, sessions, tokens, users
from dropscore.web.people.roles import EVERY_ROUTE, Role, Scope
from dropscore.web.visitors import Ruling, Visitor

router = APIRouter()
_LINES = 100


@router.get("/people")
def people_page(request: Request, web: Here, visitor: Ruling) -> HTMLResponse:
    return _page(request, web, visitor)


def _page(
    request: Request, web: Web, visitor: Visitor, *, status: int = 200, fault: str = "", link: str = "", token: str = ""
) -> HTMLResponse:
    values: dict[str, Any] = {
        "users": users.everybody(web.people),
        "tokens": tokens.all_of(web.people),
        "routes": list(web.settings.routes),
        "roles": list(Role),
        "scopes": list(Scope),
        "every": EVERY_ROUTE,
        "fault": fault,
        "link": link,
        "token": token,
        "hours": users.LINK_HOURS,
    }
    return page(request, web, "people.html", visitor, status=status, **values)


def _routes(web: Web, form: Fields) -> list[str]:
    """Return the routes that were ticked. Refused: none, or one that is not configured."""
    chosen = form.all("route")
    if not chosen:
        raise Refused("Choose at least one route.")
    if any(route != EVERY_ROUTE and route not in web.settings.routes for route in chosen):
        raise Refused("There is no such route.")
    return chosen


def _role(form: Fields) -> Role:
    if form.one("role") not in set(Role):
        raise Refused("There is no such role.")
    return Role(form.one("role"))


def _address(request: Request, web: Web, secret: str) -> str:
    return f"{web.settings.web.public_url or str(request.base_url).rstrip('/')}/setup/{secret}"


@router.post("/people")
def add_user(request: Request, web: Here, visitor: Ruling, form: Form) -> Response:
    try:
        secret = users.add(web.people, form.one("name").strip(), _role(form), _routes(web, form))
    except Refused as refusal:
        return _refused(request, web, visitor, refusal)
    audit.note(web.people, visitor.who, "add user", form.one("name"))
    return _page(request, web, visitor, link=_address(request, web, secret))


def _refused(request: Request, web: Web, visitor: Visitor, refusal: Refused) -> HTMLResponse:
    say = shown_to(request, web, visitor).say
    return _page(request, web, visitor, status=422, fault=say(str(refusal)))


@router.post("/people/{name}/change")
def change_user(request: Request, web: Here, visitor: Ruling, name: str, form: Form) -> Response:
    try:
        users.change(web.people, name, _role(form), _routes(web, form), bool(form.one("disabled")))
    except Refused as refusal:
        return _refused(request, web, visitor, refusal)
    audit.note(web.people, visitor.who, "change user", name)
    return RedirectResponse("/people", 303)


@router.post("/people/{name}/link")
def new_link(request: Request, web: Here, visitor: Ruling, name: str) -> Response:
    secret = users.renew_link(web.people, name)
    audit.note(web.people, visitor.who, "new set-up link", name)
    return _page(request, web, visitor, link=_address(request, web, secret))


@router.post("/people/{name}/end-sessions")
def end_sessions(web: Here, visitor: Ruling, name: str) -> Response:
    sessions.end_others(web.people, name, visitor.who.session)
    audit.note(web.people, visitor.who, "end sessions", name)
    return RedirectResponse("/people", 303)


@router.post("/people/{name}/remove")
def remove_user(request: Request, web: Here, visitor: Ruling, name: str) -> Response:
    try:
        users.remove(web.people, name)
    except Refused as refusal:
        return _refused(request, web, visitor, refusal)
    audit.note(web.people, visitor.who, "remove user", name)
    return RedirectResponse("/people", 303)


@router.post("/tokens")
def add_token(request: Request, web: Here, visitor: Ruling, form: Form) -> Response:
    days = form.one("days").strip()
    try:
        if days and not days.isdigit():
            raise Refused("Days are a whole number.")
        good = float(days) if days else None
        name, scopes = form.one("name"), form.all("scope")
        secret = tokens.add(web.people, name, scopes, _routes(web, form), visitor.user.name, good)
    except Refused as refusal:
        return _refused(request, web, visitor, refusal)
    audit.note(web.people, visitor.who, "add token", name)
    return _page(request, web, visitor, token=secret)


@router.post("/tokens/{name}/revoke")
def revoke_token(web: Here, visitor: Ruling, name: str) -> Response:
    tokens.revoke(web.people, name)
    audit.note(web.people, visitor.who, "revoke token", name)
    return RedirectResponse("/people", 303)


@router.get("/audit")
def audit_page(request: Request, web: Here, visitor: Ruling, who: str = "", before: int | None = None) -> HTMLResponse:
    lines = audit.lines(web.people, who=who, before=before, limit=_LINES + 1)
    more = lines[_LINES - 1].id if len(lines) > _LINES else None
    return page(request, web, "audit.html", visitor, lines=lines[:_LINES], more=more, who=who)
