"""Mend in the browser: the bad cells as an editable table."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from dropscore.domain.errors import Refused
from dropscore.domain.jobs import Kind
from dropscore.folders import stem_and_suffix
from dropscore.web import downloads, mending, seen, uploads
from dropscore.web.context import Here, Web
from dropscore.web.dress import page, shown_to
from dropscore.web.forms import Form
from dropscore.web.people import audit
from dropscore.web.seen import Seen
from dropscore.web.uploads import Incoming, Meta
from dropscore.web.visitors import Sending, Visitor

router = APIRouter()
_FIELD = "cell-"


@contextmanager
def _original(web: Web, found: Seen) -> Iterator[IO[bytes]]:
    """Open the original of a job that can be mended here. Refused: it cannot; Gone: it is no longer here."""
    reason = mending.why_not(found.receipt)
    if reason:
        raise Refused(reason)
    offer = downloads.named(web.root, found, "input")
    with os.fdopen(downloads.open_fact(web.root, found, offer.fact), "rb") as source:
        yield source


def _mendable(web: Web, visitor: Visitor, name: str) -> Seen:
    found = seen.find(web, visitor.who, name)
    if found.state not in ("rejected", "partial"):
        raise HTTPException(409, "This file has been mended, archived or deleted already.")
    return found


@router.get("/jobs/{name}/mend")
def mend_page(request: Request, web: Here, visitor: Sending, name: str) -> Response:
    found = _mendable(web, visitor, name)
    with _original(web, found) as source:
        cells = mending.cells_of(found.receipt, source)
    return page(request, web, "mend.html", visitor, receipt=found.receipt, cells=cells, field=_FIELD)


@router.post("/jobs/{name}/mend")
def mend(request: Request, web: Here, visitor: Sending, name: str, form: Form) -> Response:
    found = _mendable(web, visitor, name)
    receipt = found.receipt
    edits = form.starting(_FIELD)
    if not edits:
        raise Refused(shown_to(request, web, visitor).say("Nothing was changed."))
    with _original(web, found) as source:
        content = mending.mended(receipt, source, edits)
    stem, _ = stem_and_suffix(receipt.name)
    incoming = Incoming(web.root, max(len(content), uploads.most_bytes(web)))
    try:
        incoming.write(content)
        meta = Meta(visitor.who.name, receipt.route, f"{stem}.csv", Kind.SCORE, "panel", mends=receipt.job)
        upload = uploads.accept(web, visitor.who, incoming, meta)
    except BaseException:
        incoming.discard()
        raise
    audit.note(web.people, visitor.who, "mend", receipt.code, note=upload)
    return RedirectResponse(f"/uploads/{upload}", 303)
