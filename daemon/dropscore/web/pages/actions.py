"""Retry, archive, delete, bring back: each is a request to the daemon, for one file or for many."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from fastapi import APIRouter, HTTPException, Path, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import QueryParams
from ulid import ULID

from dropscore.domain.errors import Refused
from dropscore.folders import is_job
from dropscore.ledger import JobRow
from dropscore.web import asking, seen, uploads
from dropscore.web.board import routes_for
from dropscore.web.context import Batch, Here, Web
from dropscore.web.dress import page
from dropscore.web.forms import Form
from dropscore.web.pages.door import local_path
from dropscore.web.people import audit
from dropscore.web.people.roles import Power, Who
from dropscore.web.query import Query, View, query_from
from dropscore.web.taking import ask_to_take
from dropscore.web.visitors import Changing, Operating, Visiting

router = APIRouter()
VERBS = (asking.RETRY, asking.ARCHIVE, asking.DELETE, asking.UNDO)
UNDOABLE = (asking.DELETE, asking.ARCHIVE)
MOST_AT_ONCE = 2000
_MOST_BATCHES = 200
_HANDS = 16
Verb = Annotated[str, Path(pattern="^(retry|archive|delete|undo)$")]


def carry_out(web: Web, who: Who, verb: str, jobs: list[str]) -> str:
    """Ask for a verb on each job; return the id of the batch."""
    # Each is made durable by itself; a disk does that for several at the same time.
    with ThreadPoolExecutor(_HANDS) as hands:
        requests = list(hands.map(lambda job: asking.ask(web.root, who, verb, job=job), jobs))
    return keep_batch(web, Batch(who.name, verb, requests, jobs))


def keep_batch(web: Web, made: Batch) -> str:
    """Keep what one click asked for, wait a moment for the answers, and return the id of the batch."""
    batch = str(ULID())
    web.batches[batch] = made
    while len(web.batches) > _MOST_BATCHES:
        web.batches.pop(next(iter(list(web.batches))), None)  # somebody else may do the same just now
    asking.await_answers(web.root, made.requests)
    return batch


def go_back(back: str, batch: str) -> Response:
    """Return to the list, with the message about what was done."""
    parts = urlsplit(local_path(back))
    pairs = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != "batch"]
    return RedirectResponse(f"{parts.path}?{urlencode([*pairs, ('batch', batch)])}", 303)


@router.post("/jobs/{name}/{verb}")
def act(web: Here, visitor: Changing, name: str, verb: Verb, form: Form) -> Response:
    found = seen.find(web, visitor.who, name)
    if not visitor.who.may_change(found.receipt.route, found.receipt.sender.name):
        audit.note(web.people, visitor.who, verb, found.receipt.code, ok=False, note="of somebody else")
        raise HTTPException(403, "Only its sender or an operator may do that.")
    audit.note(web.people, visitor.who, verb, found.receipt.code)
    batch = carry_out(web, visitor.who, verb, [found.job])
    return go_back(form.one("back", f"/jobs/{found.receipt.code}"), batch)


@router.post("/bulk")
def act_on_many(request: Request, web: Here, visitor: Changing, form: Form) -> Response:
    verb, back = form.one("verb"), local_path(form.one("back", "/"))
    if verb not in VERBS:
        raise HTTPException(422, "There is no such action.")
    if form.one("all"):
        query = query_from(QueryParams(urlsplit(back).query))
        jobs = [row.job for row in matching(web, visitor.who, query)]
        if jobs and not form.one("sure"):
            values: dict[str, Any] = {"verb": verb, "back": back, "count": len(jobs), "most": MOST_AT_ONCE}
            return page(request, web, "sure.html", visitor, **values)
    else:
        jobs = _allowed(web, visitor.who, form.all("job"))
    if not jobs:
        raise Refused("No file was selected that you may change.")
    audit.note_all(web.people, visitor.who, verb, jobs, note="one of many")
    return go_back(back, carry_out(web, visitor.who, verb, jobs))


@router.post("/process")
def take_now(web: Here, visitor: Operating, form: Form) -> Response:
    """Take waiting drops at once: `drop` is one, as `route/name`; else all of these routes, or all that are seen."""
    drop = form.one("drop")
    route, _, name = drop.partition("/")
    routes = [route] if drop else form.all("route")
    request = ask_to_take(web, visitor.who, routes, name if drop else None)
    return go_back(form.one("back", "/"), keep_batch(web, Batch(visitor.who.name, asking.PROCESS, [request], [])))


def _allowed(web: Web, who: Who, jobs: list[str]) -> list[str]:
    """Return those of the jobs that the asker may change."""
    found = []
    for job in jobs[:MOST_AT_ONCE]:
        receipt = seen.read_receipt(web.root, job)
        if receipt is not None and who.may_change(receipt.route, receipt.sender.name):
            found.append(job)
    return found


def matching(web: Web, who: Who, query: Query) -> list[JobRow]:
    """Return all jobs of a list, on every page, that the reader may change; at most 2,000, the newest."""
    if query.view in (View.FRONT, View.PROGRESS):
        raise Refused("Choose a list first: in this one, files cannot be changed all at once.")
    sender = query.sender or (None if who.may(Power.OPERATE) else who.name)
    with web.ledgers.one() as ledger:
        rows = ledger.jobs(
            states=query.wanted_states(query.view),
            routes=routes_for(who, query),
            sender=sender,
            text=query.text,
            since=query.since_moment(web.people.clock()),
            limit=MOST_AT_ONCE,
        )
    return [row for row in rows if who.may_change(row.route, row.sender)]


@router.post("/batches/{batch}/undo")
def undo_batch(web: Here, visitor: Changing, batch: str, form: Form) -> Response:
    """Take back what one click did."""
    found = _own_batch(web, visitor.who, batch)
    if found.verb not in UNDOABLE:
        raise Refused("That cannot be undone.")
    answers = [asking.answer(web.root, request) for request in found.requests]
    done = [job for job, answer in zip(found.jobs, answers, strict=True) if answer and answer.get("ok")]
    done = _allowed(web, visitor.who, done)
    audit.note_all(web.people, visitor.who, asking.UNDO, done)
    return go_back(form.one("back", "/"), carry_out(web, visitor.who, asking.UNDO, done))


@router.post("/batches/{batch}/withdraw")
def withdraw_batch(web: Here, visitor: Changing, batch: str, form: Form) -> Response:
    found = _own_batch(web, visitor.who, batch)
    for request in found.requests:
        if asking.answer(web.root, request) is None:
            asking.withdraw(web.root, request)
    audit.note(web.people, visitor.who, "withdraw", batch)
    return RedirectResponse(local_path(form.one("back", "/")), 303)


def _own_batch(web: Web, who: Who, batch: str) -> Batch:
    found = web.batches.get(batch)
    if found is None or found.who != who.name:
        raise HTTPException(404, "There is no such request.")
    return found


@router.post("/requests/{request_id}/withdraw")
def withdraw(web: Here, visitor: Visiting, request_id: str, form: Form) -> Response:
    """Take back an upload that the daemon has not taken."""
    take_back(web, visitor.who, request_id)
    return RedirectResponse(local_path(form.one("back", "/")), 303)


def take_back(web: Web, who: Who, request_id: str) -> None:
    """Withdraw one's own request, or, for operators, one of their routes.

    Raises:
        HTTPException: 404. There is none. Refused: the daemon has taken it.
    """
    found = next((one for one in asking.pending(web.root) if one.request == request_id), None)
    if found is None or not is_job(request_id):
        raise HTTPException(404, "There is no such request: the daemon may have taken it.")
    if not sees_request(web, who, found) or not (found.by == who.name or who.may(Power.OPERATE)):
        raise HTTPException(404, "There is no such request: the daemon may have taken it.")
    target = found.job or found.upload or " ".join(found.routes)
    audit.note(web.people, who, "withdraw", f"{found.verb} {target}")
    taken = not asking.withdraw(web.root, request_id)
    if taken or (found.verb == asking.SUBMIT and web.root.job(found.upload).exists()):
        raise Refused("The daemon has taken it already.")
    if found.verb == asking.SUBMIT:
        uploads.forget(web.root, found.upload)


def sees_request(web: Web, who: Who, found: asking.Pending) -> bool:
    """Whether a request is about routes that the asker sees, and about nothing else."""
    routes = found.routes
    if found.verb == asking.SUBMIT:
        from_meta = uploads.read_meta(web.root, found.upload)
        routes = (str(from_meta["route"]),) if "route" in from_meta else ()
    elif found.verb != asking.PROCESS:
        receipt = seen.read_receipt(web.root, found.job)
        routes = (receipt.route,) if receipt else ()
    return bool(routes) and all(who.sees(route) for route in routes)
