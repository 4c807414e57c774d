"""One's own account: password, language, look, sessions."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from dropscore.domain.errors import Refused
from dropscore.web.context import Here, Web
from dropscore.web.dress import page, shown_to
from dropscore.web.forms import Form
from dropscore.web.pages.door import enter
from dropscore.web.people import audit, sessions, throttle, users
from dropscore.web.visitors import Visiting, Visitor
from dropscore.web.words import LANGUAGES

router = APIRouter()
THEMES = ("auto", "light", "dark")


@router.get("/account")
def account(request: Request, web: Here, visitor: Visiting, saved: str = "") -> HTMLResponse:
    return _page(request, web, visitor, saved=bool(saved))


def _page(
    request: Request, web: Web, visitor: Visitor, fault: str = "", saved: bool = False, status: int = 200
) -> HTMLResponse:
    found = sessions.of_user(web.people, visitor.user.name)
    values = {"sessions": found, "fault": fault, "saved": saved, "themes": THEMES}
    return page(request, web, "account.html", visitor, status=status, **values)


@router.post("/account/prefer")
def prefer(web: Here, visitor: Visiting, form: Form) -> Response:
    language, theme = form.one("language"), form.one("theme")
    if (language and language not in LANGUAGES) or theme not in THEMES:
        raise HTTPException(422, "There is no such choice.")
    users.prefer(web.people, visitor.user.name, language, theme)
    return RedirectResponse("/account?saved=1", 303)


@router.post("/account/password")
def password(request: Request, web: Here, visitor: Visiting, form: Form) -> Response:
    say = shown_to(request, web, visitor).say
    name, who = visitor.user.name, visitor.who
    try:
        fine = sessions.change_password(web.people, name, form.one("old"), form.one("new"), who.session, who.address)
    except Refused as refusal:
        return _page(request, web, visitor, say(str(refusal)), status=422)
    except throttle.Wait as wait:
        fault = say("Too many failed logins. Try again in {n} seconds.", n=f"{wait.seconds:.0f}")
        return _page(request, web, visitor, fault, status=429)
    audit.note(web.people, who, "change password", ok=fine)
    if not fine:
        return _page(request, web, visitor, say("The old password is wrong."), status=422)
    return _go_on(request, web, visitor)


def _go_on(request: Request, web: Web, visitor: Visitor) -> Response:
    """Go on in a fresh session: whoever proves the password is logged in anew."""
    agent = request.headers.get("user-agent", "")
    secret = sessions.open_session(web.people, visitor.user.name, visitor.who.address, agent)
    return enter(request, web, secret, "/account?saved=1")


@router.post("/account/end-others")
def end_others(request: Request, web: Here, visitor: Visiting, form: Form) -> Response:
    """End one's other sessions; whoever found an open page cannot lock its owner out, for it takes the password."""
    name, who, say = visitor.user.name, visitor.who, shown_to(request, web, visitor).say
    try:
        fine = sessions.proves(web.people, name, form.one("password"), who.address)
    except throttle.Wait as wait:
        fault = say("Too many failed logins. Try again in {n} seconds.", n=f"{wait.seconds:.0f}")
        return _page(request, web, visitor, fault, status=429)
    audit.note(web.people, who, "end other sessions", ok=fine)
    if not fine:
        return _page(request, web, visitor, say("The old password is wrong."), status=422)
    sessions.end_others(web.people, name, who.session)
    return _go_on(request, web, visitor)
