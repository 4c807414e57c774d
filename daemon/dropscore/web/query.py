"""What a list of files is asked for: it lives in the URL, so that a link shows the same list again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from dropscore.domain.jobs import State


class View(StrEnum):
    FRONT = "front"
    ATTENTION = "attention"
    PROGRESS = "progress"
    DONE = "done"
    REPLACED = "replaced"
    ARCHIVED = "archived"
    TRASH = "trash"
    ALL = "all"


STATES: Mapping[View, tuple[State, ...]] = {
    View.ATTENTION: (State.REJECTED, State.PARTIAL, State.HELD),
    View.PROGRESS: (State.WORKING,),
    View.DONE: (State.DELIVERED, State.CHECKED, State.ANSWERED),
    View.REPLACED: (State.MENDED,),
    View.ARCHIVED: (State.ARCHIVED,),
    View.TRASH: (State.TRASHED,),
    View.ALL: tuple(State),
}
PERIODS = {"24h": timedelta(hours=24), "7d": timedelta(days=7), "30d": timedelta(days=30)}
PER_PAGE = 50
FRONT_ROWS = 15


@dataclass(frozen=True, slots=True)
class Query:
    view: View = View.FRONT
    text: str = ""
    routes: tuple[str, ...] = ()
    states: tuple[State, ...] = ()
    """Narrower than the view; none means all of the view's."""
    sender: str = ""
    since: str = ""
    before: str = ""
    """The id of the last job of the page above."""

    @property
    def filtered(self) -> bool:
        return bool(self.text or self.routes or self.states or self.sender or self.since)

    def wanted_states(self, view: View) -> tuple[State, ...]:
        states = STATES[view]
        return tuple(state for state in states if state in self.states) if self.states else states

    def since_moment(self, now: datetime) -> datetime | None:
        return now - PERIODS[self.since] if self.since in PERIODS else None

    def url(self, path: str = "/", **changes: object) -> str:
        """Return the address of this list, with some of it changed."""
        query = replace(self, **changes)  # type: ignore[arg-type]
        pairs = [("view", str(query.view))] if query.view is not View.FRONT else []
        pairs += [("q", query.text)] if query.text else []
        pairs += [("route", route) for route in query.routes]
        pairs += [("state", str(state)) for state in query.states]
        pairs += [("sender", query.sender)] if query.sender else []
        pairs += [("since", query.since)] if query.since else []
        pairs += [("before", query.before)] if query.before else []
        return f"{path}?{urlencode(pairs)}" if pairs else path


def query_from(params: QueryParams | Mapping[str, str]) -> Query:
    """Return what the URL asks for. What it cannot mean is left out."""
    many = params.getlist if isinstance(params, QueryParams) else lambda name: [params[name]] if name in params else []
    view = params.get("view", "")
    known_states = {str(state): state for state in State}
    query = Query(
        view=View(view) if view in set(View) else View.FRONT,
        text=params.get("q", "").strip()[:200],
        routes=tuple(sorted({route[:128] for route in many("route") if route})),
        states=tuple(sorted({known_states[name] for name in many("state") if name in known_states})),
        sender=params.get("sender", "").strip()[:128],
        since=params.get("since", "") if params.get("since", "") in PERIODS else "",
        before=params.get("before", "")[:26],
    )
    return replace(query, view=View.ALL) if query.view is View.FRONT and query.filtered else query
