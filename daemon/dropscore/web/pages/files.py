"""The files: what needs attention, what is in progress, what is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from dropscore.domain.jobs import State
from dropscore.web import asking
from dropscore.web.board import Board, board
from dropscore.web.context import Here, Web
from dropscore.web.dress import page, shown_to
from dropscore.web.pages.actions import UNDOABLE
from dropscore.web.query import STATES, Query, View, query_from
from dropscore.web.visitors import Visiting, Visitor
from dropscore.web.words import Say

router = APIRouter()
_MOST_SENTENCES = 5


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a click."""

    id: str
    fine: bool
    sentences: tuple[str, ...]
    waiting: int
    undo: bool


@router.get("/")
def files(request: Request, web: Here, visitor: Visiting) -> HTMLResponse:
    query = query_from(request.query_params)
    found = board(web, visitor.who, query, web.watcher.look())
    return page(request, web, "files.html", visitor, **list_values(request, web, visitor, query, found))


def list_values(request: Request, web: Web, visitor: Visitor, query: Query, found: Board) -> dict[str, Any]:
    say = shown_to(request, web, visitor).say
    return {
        "query": query,
        "board": found,
        "titles": titles(say),
        "empties": empties(say),
        "routes": [name for name in web.settings.routes if visitor.who.sees(name)],
        "states": STATES[query.view] if query.view is not View.FRONT else tuple(State),
        "here": query.url(),
        "live": query.url("").removeprefix("?"),
        "told": told_of(web, visitor, request.query_params.get("batch", "")),
    }


def titles(say: Say) -> dict[View, str]:
    return {
        View.FRONT: say("Now"),
        View.ATTENTION: say("Needs attention"),
        View.PROGRESS: say("In progress"),
        View.DONE: say("Done"),
        View.REPLACED: say("Replaced"),
        View.ARCHIVED: say("Archived"),
        View.TRASH: say("Trash"),
        View.ALL: say("All"),
    }


def empties(say: Say) -> dict[View, str]:
    """Return what stands where a list is empty."""
    none = say("No files match.")
    return dict.fromkeys(View, none) | {
        View.ATTENTION: say("Nothing needs your attention."),
        View.PROGRESS: say("Nothing is in progress."),
        View.TRASH: say("The trash is empty."),
    }


def told_of(web: Web, visitor: Visitor, batch: str) -> Told | None:
    """Return what came of the requests of one click, as far as it is known now."""
    found = web.batches.get(batch)
    if found is None or found.who != visitor.who.name:
        return None
    answers = [asking.answer(web.root, request) for request in found.requests]
    known = [answer for answer in answers if answer is not None]
    failed = [answer for answer in known if not answer.get("ok")]
    shown = [str(answer.get("sentence", "")) for answer in (*failed, *known)]
    sentences = list(dict.fromkeys(shown))
    if len(sentences) > _MOST_SENTENCES:
        sentences = [*sentences[:_MOST_SENTENCES], f"… {len(sentences) - _MOST_SENTENCES:,}"]
    undo = found.verb in UNDOABLE and any(answer.get("ok") for answer in known)
    return Told(batch, not failed, tuple(sentences), len(answers) - len(known), undo)
