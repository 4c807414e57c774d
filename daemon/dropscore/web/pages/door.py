"""In and out: log in, log out, set-up links."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from dropscore.domain.errors import Refused
from dropscore.web.context import Here, Web
from dropscore.web.dress import page, shown_to
from dropscore.web.forms import Form
from dropscore.web.people import audit, sessions, throttle, users
from dropscore.web.people.roles import Who
from dropscore.web.people.store import hashed
from dropscore.web.visitors import Visiting, address_of

router = APIRouter()


def local_path(path: str) -> str:
    """Return where to go after the login: only ever a page of this panel."""
    fine = path.startswith("/") and not path.startswith(("//", "/\\")) and not any(ord(c) < 32 for c in path)
    return path if fine else "/"


def _stranger(name: str, request: Request) -> Who:
    return Who(name[:64], "panel", frozenset(), frozenset(), address_of(request))


@router.get("/login")
def login_page(request: Request, web: Here, next: str = "/") -> HTMLResponse:
    return page(request, web, "login.html", next=local_path(next), name="", fault="")


@router.post("/login")
def log_in(request: Request, web: Here, form: Form) -> Response:
    name, back = form.one("name").strip(), local_path(form.one("next", "/"))
    say = shown_to(request, web, None).say
    agent = request.headers.get("user-agent", "")
    try:
        secret = sessions.log_in(web.people, name, form.one("password"), address_of(request), agent)
    except throttle.Wait as wait:
        audit.note(web.people, _stranger(name, request), "login", ok=False, note="throttled")
        fault = say("Too many failed logins. Try again in {n} seconds.", n=f"{wait.seconds:.0f}")
        answer = page(request, web, "login.html", status=429, next=back, name=name, fault=fault)
        answer.headers["retry-after"] = f"{wait.seconds + 0.5:.0f}"
        return answer
    audit.note(web.people, _stranger(name, request), "login", ok=secret is not None)
    if secret is None:
        fault = say("The name or the password is wrong.")
        return page(request, web, "login.html", status=401, next=back, name=name, fault=fault)
    return enter(request, web, secret, back)


def enter(request: Request, web: Web, secret: str, back: str) -> Response:
    """Go on with a fresh session; the one before ends."""
    old = request.cookies.get(web.cookie, "")
    if old:
        sessions.end(web.people, hashed(old))
    answer = RedirectResponse(back, 303)
    answer.set_cookie(
        web.cookie,
        secret,
        max_age=int(web.terms.absolute),
        path="/",
        secure=web.secure,
        httponly=True,
        samesite="lax",
    )
    return answer


@router.post("/logout")
def log_out(web: Here, visitor: Visiting) -> Response:
    sessions.end(web.people, visitor.who.session)
    audit.note(web.people, visitor.who, "logout")
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(web.cookie, path="/", secure=web.secure, httponly=True, samesite="lax")
    answer.headers["clear-site-data"] = '"cache", "storage"'
    return answer


@router.get("/setup/{secret}")
def setup_page(request: Request, web: Here, secret: str) -> HTMLResponse:
    return _setup(request, web, secret)


@router.post("/setup/{secret}")
def set_up(request: Request, web: Here, secret: str, form: Form) -> Response:
    try:
        name = users.use_link(web.people, secret, form.one("name").strip(), form.one("password"))
    except Refused as refusal:
        return _setup(request, web, secret, fault=str(refusal), name=form.one("name"))
    audit.note(web.people, _stranger(name, request), "set password", name)
    agent = request.headers.get("user-agent", "")
    return enter(request, web, sessions.open_session(web.people, name, address_of(request), agent), "/")


def _setup(request: Request, web: Web, secret: str, fault: str = "", name: str = "") -> HTMLResponse:
    say = shown_to(request, web, None).say
    link = users.look_at_link(web.people, secret)
    if link is None:
        sentence = say("This link is no longer good. Ask for a new one.")
        return page(
            request, web, "message.html", status=404, heading=say("This link is no longer good"), sentence=sentence
        )
    status = 422 if fault else 200
    return page(request, web, "setup.html", status=status, link=link, fault=say(fault) if fault else "", name=name)
