"""Jobs: list, look, download, and what can be asked of them."""

from __future__ import annotations

from datetime import UTC
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Path, Query, Response
from fastapi.responses import Response as Plain
from pydantic import AwareDatetime, BaseModel, Field

from dropscore.domain.jobs import State
from dropscore.receipt import Receipt
from dropscore.web import asking, downloads, seen
from dropscore.web.api.callers import Operator, Reader
from dropscore.web.api.documents import Asked, Health, JobDocument, JobPage, asked_of, document_of, document_of_seen
from dropscore.web.api.problems import DOCUMENTED, MEDIA_TYPE, ProblemDetails
from dropscore.web.context import Here
from dropscore.web.pages.actions import sees_request, take_back
from dropscore.web.people import audit
from dropscore.web.taking import ask_to_take

router = APIRouter(responses=DOCUMENTED)
JobName = Annotated[str, Path(description="A job's id or its code.", max_length=64)]
_RECEIPT_ONLY = {"model": ProblemDetails, "description": "Taken away; the receipt is here", "content": {MEDIA_TYPE: {}}}
_KINDS: dict[str, Any] = {kind: {} for kind in (*downloads.TYPES.values(), "application/octet-stream")}
_FILES: dict[int | str, dict[str, Any]] = {200: {"content": _KINDS}, 410: _RECEIPT_ONLY}


@router.get("/health", responses={503: {"model": Health}}, operation_id="health")
def health(web: Here, response: Response) -> Health:
    """Is it alive? Needs no token, and tells nothing of any file. 503: something is missing, and what."""
    daemon = web.watcher.look()
    try:
        with web.ledgers.one() as ledger:
            ledger.ready()
        readable = True
    except Exception:  # whatever it is, the answer is that it cannot be read
        readable = False
    response.status_code = 200 if daemon.runs and readable else 503
    return Health(
        ok=daemon.runs and readable,
        daemon=daemon.runs,
        ledger=readable,
        scanned=daemon.scanned,
        incidents=len(daemon.incidents),
    )


@router.get("/jobs", operation_id="list_jobs")
def list_jobs(
    web: Here,
    who: Reader,
    state: Annotated[list[State] | None, Query()] = None,
    route: Annotated[list[str] | None, Query()] = None,
    sender: Annotated[str | None, Query(max_length=128)] = None,
    q: Annotated[str, Query(description="Part of a code, a name or a sender.", max_length=200)] = "",
    since: Annotated[AwareDatetime | None, Query(description="Received since then.")] = None,
    cursor: Annotated[str | None, Query(max_length=26, description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> JobPage:
    """List jobs, newest first. Routes that the token has not are left out."""
    routes = who.routes if route is None else [name for name in route if who.sees(name)]
    with web.ledgers.one() as ledger:
        rows = ledger.jobs(
            states=state or None,
            routes=routes,
            sender=sender,
            text=q,
            since=since.astimezone(UTC) if since else None,
            before=cursor,
            limit=limit + 1,
        )
    items = [document_of(row) for row in rows[:limit]]
    return JobPage(items=items, next=items[-1].job if len(rows) > limit else None)


@router.get("/jobs/{job}", operation_id="get_job")
def get_job(web: Here, who: Reader, job: JobName) -> JobDocument:
    """Return one job, also while it is at work. 404: there is none, or its upload has not been taken yet."""
    return document_of_seen(seen.find(web, who, job))


@router.get("/jobs/{job}/receipt", operation_id="get_receipt")
def get_receipt(web: Here, who: Reader, job: JobName) -> Receipt:
    return seen.find(web, who, job).receipt


@router.get("/jobs/{job}/files/{part}", operation_id="get_file", responses=_FILES, response_class=Plain)
def get_file(
    web: Here,
    who: Reader,
    job: JobName,
    part: Annotated[str, Path(description="`result`, `fix`, `input`, or a name from the receipt.", max_length=200)],
) -> Plain:
    """Download a file of a job. `X-SHA256` is its hash from the receipt."""
    found = seen.find(web, who, job)
    answer = downloads.send(web.root, found, part)
    audit.note(web.people, who, "download", f"{found.receipt.code} {part}")
    return answer


Verb = Literal["retry", "archive", "delete", "undo"]


@router.post("/jobs/{job}/{verb}", operation_id="act_on_job", responses={202: {"model": Asked}})
def act(web: Here, who: Operator, job: JobName, verb: Verb, response: Response) -> Asked:
    """Retry, archive, delete (into the trash) or undo. 202: it waits for the daemon. 409: the daemon refused."""
    found = seen.find(web, who, job)
    audit.note(web.people, who, verb, found.receipt.code)
    return _asked(web, asking.ask(web.root, who, verb, job=found.job), response)


class ToProcess(BaseModel):
    """Which waiting drops are to be taken at once: all of them, a route's, or one by its route and name."""

    route: str | None = Field(default=None, max_length=128, description="Else: all routes that the token has.")
    name: str | None = Field(default=None, max_length=255, description="As dropped. Else: all that are complete.")


@router.post("/process", operation_id="process", responses={202: {"model": Asked}})
def process(web: Here, who: Operator, wanted: ToProcess, response: Response) -> Asked:
    """Take waiting drops at once, without their quiet time: one, a route's, or all that the token may see.

    Only complete drops are taken: what is still being written goes on waiting, and `left` says why. 409: the one
    that was named is not there, or is not complete.
    """
    routes = [] if wanted.route is None else [wanted.route]
    return _asked(web, ask_to_take(web, who, routes, wanted.name), response)


@router.get("/requests/{request}", operation_id="get_request")
def get_request(web: Here, who: Operator, request: Annotated[str, Path(pattern="^[0-9A-Z]{26}$")]) -> Asked:
    """Return what came of a request."""
    answer = asking.answer(web.root, request)
    if answer is None:
        waiting = next((one for one in asking.pending(web.root) if one.request == request), None)
        visible = waiting is not None and sees_request(web, who, waiting)
    else:
        receipt = seen.read_receipt(web.root, str(answer.get("job") or ""))
        routes = [str(one["route"]) for one in answer.get("jobs") or ()] + ([receipt.route] if receipt else [])
        visible = all(who.sees(route) for route in routes)
    if not visible:
        raise HTTPException(404, "There is no such request.")
    return asked_of(request, answer)


@router.delete("/requests/{request}", operation_id="withdraw_request", status_code=204)
def withdraw(web: Here, who: Operator, request: Annotated[str, Path(pattern="^[0-9A-Z]{26}$")]) -> None:
    """Take back a request that the daemon has not taken. 409: it has."""
    take_back(web, who, request)


def _asked(web: Here, request: str, response: Response) -> Asked:
    answer = asking.await_answers(web.root, [request]).get(request)
    if answer is None:
        response.status_code = 202
    elif not answer.get("ok"):
        raise HTTPException(409, str(answer.get("sentence", "")))
    return asked_of(request, answer)
