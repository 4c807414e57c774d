"""One job: what was found, what came of it, what can be done."""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from dropscore.domain.jobs import State
from dropscore.receipt import Receipt, dump
from dropscore.web import downloads, drifting, mending, plots, preview, seen
from dropscore.web.context import Here, Web
from dropscore.web.dress import page, shown_to
from dropscore.web.pages.files import told_of
from dropscore.web.people import audit
from dropscore.web.people.roles import Power, Who
from dropscore.web.plots import Plot
from dropscore.web.seen import Seen
from dropscore.web.visitors import Visiting
from dropscore.web.words import Say

router = APIRouter()
ACTIONS = {
    "retry": frozenset({"rejected", "partial", "held", "delivered", "checked", "answered"}),
    "archive": frozenset({"delivered", "partial", "rejected", "checked", "answered", "mended"}),
    "undo": frozenset({"archived", "trashed"}),
    "delete": frozenset({"delivered", "partial", "rejected", "checked", "answered", "mended", "archived", "held"}),
}
_MOST_PROBLEMS = 100
_MOST_PLOTS = 4


@router.get("/jobs/{name}")
def job_page(request: Request, web: Here, visitor: Visiting, name: str) -> Response:
    if (web.root.requests / f"{name}.json").exists() and seen.read_receipt(web.root, name) is None:
        return RedirectResponse(f"/uploads/{name}", 303)
    found = seen.find(web, visitor.who, name)
    receipt = found.receipt
    rows, made = _model_first(_first_rows(web, found), tuple(receipt.profile.predictions))
    may_change = visitor.who.may_change(receipt.route, receipt.sender.name)
    values: dict[str, Any] = {
        "seen": found,
        "receipt": receipt,
        "offers": downloads.offers(web.root, found),
        "actions": [verb for verb, states in ACTIONS.items() if may_change and found.state in states],
        "mendable": visitor.who.may(Power.SUBMIT) and found.state in ("rejected", "partial"),
        "why_not_mendable": mending.why_not(receipt),
        "problems": receipt.problems[:_MOST_PROBLEMS],
        "rows": rows,
        "made": made,
        "plots": _plots(web, receipt, shown_to(request, web, visitor).say),
        "drift": drifting.shown_drift(web, receipt, shown_to(request, web, visitor).say),
        "told": told_of(web, visitor, request.query_params.get("batch", "")),
        "here": f"/jobs/{receipt.code}",
        "daemon": web.watcher.look(),
    }
    return page(request, web, "job.html", visitor, **values)


def _first_rows(web: Web, found: Seen) -> list[list[str]]:
    fact = next((f for f in found.receipt.files if f.role == "result" and f.path.endswith(".xlsx")), None)
    if fact is None or found.state == State.TRASHED:
        return []
    try:
        handle = downloads.open_fact(web.root, found, fact)
    except downloads.Gone:
        return []
    with os.fdopen(handle, "rb") as source:
        return preview.first_rows(source)


def _model_first(rows: list[list[str]], made: Collection[str]) -> tuple[list[list[str]], int]:
    """Return the rows with the model's columns in front, where they are seen first, and how many they are.

    They are the last columns of a result, and are known by their names.
    """
    if not rows:
        return rows, 0
    header = rows[0]
    count = next((number for number in range(len(header)) if header[-1 - number] not in made), len(header))
    wide = [row + [""] * (len(header) - len(row)) for row in rows]
    return [[*row[len(header) - count :], *row[: len(header) - count]] for row in wide], count


def _plots(web: Web, receipt: Receipt, say: Say) -> list[Plot]:
    """Return the predictions of this file beside those on the training data."""
    trained = None
    route = web.settings.routes.get(receipt.route)
    if route is not None and receipt.model is not None:
        trained = plots.trained_profile(route.model, receipt.model.version, receipt.model.sha256)
    names = (say("this file"), say("training data"))
    found = []
    for column, profile in receipt.profile.predictions.items():
        beside = trained.predictions.get(column) if trained else None
        plot = plots.compared(column, profile, beside, names)
        if plot is not None:
            found.append(plot)
    return found[:_MOST_PLOTS]


@router.get("/jobs/{name}/receipt")
def receipt_file(web: Here, visitor: Visiting, name: str) -> Response:
    found = seen.find(web, visitor.who, name)
    headers = {"content-disposition": f'attachment; filename="{found.receipt.code}.json"'}
    return Response(dump(found.receipt), media_type="application/json", headers=headers)


@router.get("/jobs/{name}/files/{part}")
def job_file(web: Here, visitor: Visiting, name: str, part: str) -> Response:
    return download(web, visitor.who, name, part)


def download(web: Web, who: Who, name: str, part: str) -> Response:
    found = seen.find(web, who, name)
    answer = downloads.send(web.root, found, part)
    audit.note(web.people, who, "download", f"{found.receipt.code} {part}")
    return answer
