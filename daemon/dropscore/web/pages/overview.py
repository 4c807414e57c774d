"""The overview."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from dropscore.domain.errors import Unavailable
from dropscore.web import overview
from dropscore.web.board import board
from dropscore.web.context import Here
from dropscore.web.dress import page, shown_to
from dropscore.web.query import Query
from dropscore.web.visitors import Visiting

router = APIRouter()


@router.get("/overview")
def overview_page(request: Request, web: Here, visitor: Visiting) -> HTMLResponse:
    say = shown_to(request, web, visitor).say
    daemon = web.watcher.look()
    found = board(web, visitor.who, Query(), daemon)
    counted: overview.Counted = request.app.state.counted
    try:
        received = counted.look(web, visitor.who.routes)
        plots = overview.plots_of(received, say)
    except Unavailable:
        received, plots = None, []
    values: dict[str, Any] = {
        "board": found,
        "daemon": daemon,
        "plots": plots,
        "disks": overview.disks(web),
        "models": overview.models(web, visitor.who),
        "age": overview.scan_age(daemon.scanned) if daemon.runs else None,
        "received": received,
    }
    return page(request, web, "overview.html", visitor, **values)
