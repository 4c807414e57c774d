"""Upload: many files at once, checked before they are scored if the sender wants."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from dropscore.domain.errors import Refused
from dropscore.domain.jobs import Kind, State, Verdict
from dropscore.folders import is_job
from dropscore.receipt import Receipt
from dropscore.web import asking, blanks, downloads, seen, uploads
from dropscore.web.context import Here, Web
from dropscore.web.dress import page
from dropscore.web.multipart import MOST_FILES, read_parts
from dropscore.web.people import audit
from dropscore.web.people.roles import Who
from dropscore.web.uploads import Incoming, Meta
from dropscore.web.visitors import Sending, Visiting, Visitor

router = APIRouter()
_SEPARATOR = "."


@dataclass(frozen=True, slots=True)
class Uploaded:
    """One upload as its sender sees it. Without a receipt the daemon has not taken it."""

    id: str
    name: str
    kind: str
    receipt: Receipt | None
    answer: str
    """Why the daemon refused it, if it did."""
    request: bool
    """Whether it can still be withdrawn."""

    @property
    def finished(self) -> bool:
        settled = self.receipt is not None and self.receipt.state not in (State.WORKING,)
        return settled or bool(self.answer) or (self.receipt is None and not self.request)

    @property
    def scorable(self) -> bool:
        return self.receipt is not None and self.receipt.verdict is Verdict.CHECKED


def _routes(web: Web, visitor: Visitor) -> list[str]:
    return [name for name in web.settings.routes if visitor.who.sees(name)]


@router.get("/upload")
def upload_page(request: Request, web: Here, visitor: Sending, route: str = "") -> HTMLResponse:
    routes = _routes(web, visitor)
    chosen = route if route in routes else (routes[0] if routes else "")
    values: dict[str, Any] = {
        "routes": [(name, blanks.workbook_of(web, name) is not None) for name in routes],
        "chosen": chosen,
    }
    return page(request, web, "upload.html", visitor, most=MOST_FILES, **values)


@router.post("/upload")
async def upload(request: Request, web: Here, visitor: Sending) -> Response:
    """Take a form with files; it works without JavaScript."""
    await run_sync(uploads.expect_room, web, visitor.who)
    most = uploads.most_bytes(web)
    parts = await read_parts(request, lambda name: Incoming(web.root, most, name))
    try:
        if not parts.files:
            raise Refused("Choose at least one file.")
        kind = Kind.CHECK if parts.fields.get("kind") == "check" else Kind.SCORE
        ids = await run_sync(_accept_all, web, visitor.who, parts.files, parts.fields.get("route", ""), kind)
    except BaseException:
        parts.discard()
        raise
    return RedirectResponse(f"/uploads/{_SEPARATOR.join(ids)}", 303)


def _accept_all(web: Web, who: Who, files: list[Incoming], route: str, kind: Kind) -> list[str]:
    uploads.expect_route(web, who, route)
    names = [uploads.clean_name(incoming.name) for incoming in files]
    ids = []
    for incoming, name in zip(files, names, strict=True):
        ids.append(uploads.accept(web, who, incoming, Meta(who.name, route, name, kind, "panel")))
        audit.note(web.people, who, f"upload ({kind})", f"{route}/{name}", note=incoming.id)
    return ids


@router.post("/upload/raw")
async def upload_raw(
    request: Request, web: Here, visitor: Sending, route: str, name: str, kind: Kind = Kind.SCORE
) -> Response:
    """Take one file as the body: the page's script sends it so, and shows how far it is."""
    uploads.expect_route(web, visitor.who, route)
    await run_sync(uploads.expect_room, web, visitor.who)
    clean = uploads.clean_name(name)
    incoming = Incoming(web.root, uploads.most_bytes(web), clean)
    try:
        async for chunk in request.stream():
            incoming.write(chunk)
        meta = Meta(visitor.who.name, route, clean, kind, "panel")
        await run_sync(uploads.accept, web, visitor.who, incoming, meta)
    except BaseException:
        incoming.discard()
        raise
    await run_sync(_note, web, visitor.who, kind, f"{route}/{clean}", incoming.id)
    return JSONResponse({"upload": incoming.id}, 202)


def _note(web: Web, who: Who, kind: Kind, target: str, upload: str) -> None:
    audit.note(web.people, who, f"upload ({kind})", target, note=upload)


@router.get("/uploads/{ids}")
def uploaded(request: Request, web: Here, visitor: Visiting, ids: str) -> HTMLResponse:
    found = [_look(web, visitor.who, upload) for upload in ids.split(_SEPARATOR)[:MOST_FILES]]
    known = [one for one in found if one is not None]
    if not known:
        raise HTTPException(404, "There is no such upload.")
    asking.await_answers(web.root, [one.id for one in known if one.request], 0.5)
    again = [_look(web, visitor.who, one.id) or one for one in known]
    daemon = web.watcher.look()
    return page(request, web, "uploaded.html", visitor, uploads=again, ids=ids, daemon=daemon)


def _look(web: Web, who: Who, upload: str) -> Uploaded | None:
    if not is_job(upload):
        return None
    receipt = seen.read_receipt(web.root, upload)
    if receipt is not None:
        return (
            Uploaded(upload, receipt.name, str(receipt.kind), receipt, "", False) if who.sees(receipt.route) else None
        )
    meta = uploads.read_meta(web.root, upload)
    if not meta or not who.sees(str(meta.get("route"))):
        return None
    answer = asking.answer(web.root, upload)
    refusal = str(answer["sentence"]) if answer and not answer.get("ok") else ""
    waits = (web.root.requests / f"{upload}.json").exists()
    return Uploaded(upload, str(meta.get("name")), str(meta.get("kind")), None, refusal, waits)


@router.post("/jobs/{name}/score")
def score_checked(web: Here, visitor: Sending, name: str) -> Response:
    """Score a file that was checked: the very bytes, from where the daemon keeps them."""
    return RedirectResponse(f"/uploads/{again_for_scoring(web, visitor.who, name)}", 303)


def again_for_scoring(web: Web, who: Who, name: str, via: str = "panel") -> str:
    found = seen.find(web, who, name)
    receipt = found.receipt
    if receipt.verdict is not Verdict.CHECKED:
        raise Refused("Only a file that was checked can be scored so.")
    offer = downloads.named(web.root, found, "input")
    handle = downloads.open_fact(web.root, found, offer.fact)
    with closing(os.fdopen(handle, "rb")):
        incoming = uploads.take_from(web, handle, offer.fact.bytes, receipt.name)
    if incoming.sha256 != receipt.input.sha256:
        incoming.discard()
        raise Refused("The checked file is no longer as it was: upload it again.")
    upload = uploads.accept(web, who, incoming, Meta(who.name, receipt.route, receipt.name, Kind.SCORE, via))
    audit.note(web.people, who, "score checked", receipt.code, note=upload)
    return upload
