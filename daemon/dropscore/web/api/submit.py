"""Submitting: a file as the body or in a form, safe to repeat; and a whole call for small files."""

from __future__ import annotations

import hashlib
import os
import time
from typing import Annotated, Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Header, HTTPException, Query, Request
from fastapi.responses import JSONResponse, Response

from dropscore.domain.errors import Refused
from dropscore.domain.jobs import Kind, State, Verdict
from dropscore.folders import holder_of
from dropscore.receipt import Receipt
from dropscore.web import asking, downloads, preview, seen, uploads
from dropscore.web.api.callers import Submitter
from dropscore.web.api.documents import Scored, Submitted
from dropscore.web.api.problems import DOCUMENTED, MEDIA_TYPE, Problem, ProblemDetails
from dropscore.web.context import Here, Web
from dropscore.web.multipart import read_parts
from dropscore.web.people import audit, keys
from dropscore.web.people.roles import Who
from dropscore.web.seen import Seen
from dropscore.web.uploads import Incoming, Meta

router = APIRouter(responses=DOCUMENTED)
XLSX = downloads.TYPES[".xlsx"]
MOST_ROWS = 10_000
_LOOK_SECONDS = 0.05
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_FORM = {
    "schema": {
        "type": "object",
        "required": ["file"],
        "properties": {
            "file": {"type": "string", "format": "binary"},
            "route": {"type": "string"},
            "kind": {"type": "string", "enum": ["score", "check", "actuals"]},
        },
    }
}
BODY = {"requestBody": {"content": {"application/octet-stream": _BINARY, "multipart/form-data": _FORM}}}
_RAW = {"requestBody": {"required": True, "content": {"application/octet-stream": _BINARY, "text/csv": _BINARY}}}
_OTHER: dict[int | str, dict[str, Any]] = {
    415: {"model": ProblemDetails, "description": "Not that kind of body", "content": {MEDIA_TYPE: {}}},
    504: {"model": ProblemDetails, "description": "Not done yet", "content": {MEDIA_TYPE: {}}},
}
RouteName = Annotated[str, Query(max_length=128)]
FileName = Annotated[str, Query(description="The file's name, for people.", max_length=255)]
Sha256 = Annotated[str | None, Query(description="What the content must hash to.", pattern="^[0-9A-Fa-f]{64}$")]
Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=200)]


@router.post("/jobs", status_code=202, operation_id="submit", openapi_extra=BODY, responses=_OTHER)
async def submit(
    request: Request,
    web: Here,
    who: Submitter,
    route: RouteName = "default",
    name: FileName = "upload.csv",
    kind: Kind = Kind.SCORE,
    sha256: Sha256 = None,
    idempotency_key: Key = None,
) -> Submitted:
    """Hand in a file: as the body itself, or as `file` of a form. It is durable when this answers.

    With an `Idempotency-Key` the call may be repeated: the same content gives the same job, another is refused.
    """
    return await take(request, web, who, route, name, kind, sha256, idempotency_key)


async def take(
    request: Request, web: Web, who: Who, route: str, name: str, kind: Kind, sha256: str | None, key: str | None
) -> Submitted:
    """Receive a file and hand it to the daemon. The fields of a form count before the arguments."""
    await run_sync(uploads.expect_room, web, who)
    incoming, fields = await _receive(request, web, name, uploads.most_bytes(web))
    try:
        route, kind = fields.get("route", route), _kind(fields.get("kind", str(kind)))
        return await run_sync(_submit, web, who, incoming, route, kind, sha256, key)
    except BaseException:
        incoming.discard()
        raise


def _kind(text: str) -> Kind:
    if text not in set(Kind):
        raise HTTPException(422, "kind is score, check or actuals.")
    return Kind(text)


async def _receive(request: Request, web: Web, name: str, most: int) -> tuple[Incoming, dict[str, str]]:
    if request.headers.get("content-type", "").startswith("multipart/"):
        parts = await read_parts(request, lambda given: Incoming(web.root, most, given))
        if len(parts.files) != 1:
            parts.discard()
            raise HTTPException(422, "Send exactly one file, as `file`.")
        return parts.files[0], parts.fields
    incoming = Incoming(web.root, most, name)
    try:
        async for chunk in request.stream():
            incoming.write(chunk)
    except BaseException:
        incoming.discard()
        raise
    return incoming, {}


def _submit(
    web: Web, who: Who, incoming: Incoming, route: str, kind: Kind, expected: str | None, key: str | None
) -> Submitted:
    uploads.expect_route(web, who, route)
    if kind is Kind.ACTUALS and not web.settings.routes[route].actuals.key:
        raise HTTPException(422, "This route takes no actuals: it keeps no predictions.")
    name = uploads.clean_name(incoming.name)
    if expected and expected.lower() != incoming.sha256:
        raise Problem(422, "checksum-differs", f"The content has the SHA-256 {incoming.sha256}, not {expected}.")
    job, replayed = incoming.id, False
    if key:
        mark = hashlib.sha256("\0".join((route, name, str(kind), incoming.sha256)).encode()).hexdigest()
        job = keys.claim(web.people, who.name, key, mark, incoming.id, lambda upload: _known(web, upload))
        replayed = job != incoming.id
    if replayed:
        incoming.discard()
    else:
        uploads.accept(web, who, incoming, Meta(who.name, route, name, kind, "api", idempotency_key=key))
        audit.note(web.people, who, f"upload ({kind})", f"{route}/{name}", note=job)
    waits = holder_of(web.root) is None
    return Submitted(job=job, sha256=incoming.sha256, bytes=incoming.bytes, waits_for_daemon=waits, replayed=replayed)


def _known(web: Web, upload: str) -> bool:
    """Whether an upload was ever handed to the daemon."""
    root = web.root
    waits = (root.requests / f"{upload}.json").exists() or asking.answer(root, upload) is not None
    return waits or root.job(upload).exists() or root.kept_receipt(upload).exists()


@router.post(
    "/score",
    operation_id="score",
    openapi_extra=_RAW,
    response_model=Scored,
    responses={**_OTHER, 200: {"content": {XLSX: {}}}, 202: {"model": Submitted}},
)
async def score(
    request: Request,
    web: Here,
    who: Submitter,
    route: RouteName = "default",
    name: FileName = "score.csv",
    wait: Annotated[float, Query(ge=0, le=120, description="Seconds.")] = 30,
) -> Response:
    """Score a small file in one call: the table in, its predictions out, as JSON or (by `Accept`) as a workbook.

    422: the file was rejected; the problem holds its receipt. 202: it is not done yet, and goes on by itself.
    """
    uploads.expect_route(web, who, route)
    await run_sync(uploads.expect_room, web, who)
    incoming, _ = await _receive(request, web, name, web.settings.web.score_mb * 1_000_000)
    try:
        submitted = await run_sync(_submit, web, who, incoming, route, Kind.SCORE, None, None)
    except BaseException:
        incoming.discard()
        raise
    workbook = XLSX in request.headers.get("accept", "")
    found = await run_sync(_await_end, web, who, submitted.job, wait)
    if found is None:
        return JSONResponse(submitted.model_dump(mode="json"), 202)
    return await run_sync(_scored, web, found, workbook)


def _await_end(web: Web, who: Who, job: str, seconds: float) -> Seen | None:
    """Return the job once it has its verdict and its files are published; None where that takes longer."""
    until = time.monotonic() + seconds
    while True:
        answer = asking.answer(web.root, job)
        if answer is not None and not answer.get("ok"):
            raise Refused(str(answer.get("sentence", "")))
        receipt = _published(web, job)
        if receipt is not None:
            return Seen(receipt, None)
        if time.monotonic() >= until or holder_of(web.root) is None:
            return None
        time.sleep(_LOOK_SECONDS)


def _published(web: Web, job: str) -> Receipt | None:
    if not web.root.kept_receipt(job).exists():
        return None
    receipt = seen.read_receipt(web.root, job)
    if receipt is None or receipt.verdict is None:
        return None
    result = next((fact for fact in receipt.files if fact.role == "result"), None)
    there = result is None or downloads.place_of(web.root, Seen(receipt, None), result) is not None
    return receipt if there or not web.root.job(job).exists() else None


def _scored(web: Web, found: Seen, workbook: bool) -> Response:
    receipt = found.receipt
    if receipt.verdict is Verdict.REJECTED or receipt.state is State.HELD:
        raise Problem(422, "rejected", receipt.sentence, receipt)
    if workbook:
        return downloads.send(web.root, found, "result")
    fact = next((f for f in receipt.files if f.role == "result" and f.path.endswith(".xlsx")), None)
    if fact is None:
        raise Refused("The route writes no workbook: ask for the job's files.")
    with os.fdopen(downloads.open_fact(web.root, found, fact), "rb") as source:
        table = preview.typed_rows(source, MOST_ROWS)
    truncated = len(table) - 1 < receipt.counts.scored
    document = Scored(receipt=receipt, columns=[str(c) for c in table[0]], rows=table[1:], truncated=truncated)
    return Response(document.model_dump_json(exclude_none=True), media_type="application/json")
