"""The stream of changes of a list, for pages that are open."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import StreamingResponse

from dropscore.web.context import Here
from dropscore.web.dress import shown_to
from dropscore.web.hub import MOST_VIEWERS, Hub, channel_of
from dropscore.web.people import sessions, users
from dropscore.web.query import query_from
from dropscore.web.visitors import Visiting

router = APIRouter()
HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}
_RETRY_MS = 3000


@router.get("/live")
async def live(request: Request, web: Here, visitor: Visiting) -> StreamingResponse:
    hub: Hub = request.app.state.hub
    if hub.viewers >= MOST_VIEWERS:
        raise HTTPException(503, "Too many pages are open. This one is not kept up to date.")
    language = shown_to(request, web, visitor).language
    channel = channel_of(visitor.who, query_from(request.query_params), language)

    def alive() -> bool:
        """Whether the session is still good, and its user may still see what this stream tells."""
        user = users.find(web.people, visitor.user.name)
        same = user is not None and (user.role, user.routes) == (visitor.user.role, visitor.user.routes)
        return same and sessions.alive(web.people, visitor.who.session, web.terms)

    async def stream() -> AsyncIterator[str]:
        yield f"retry: {_RETRY_MS}\n\n"
        async for message in hub.messages(channel, alive):
            yield f"data: {message}\n\n" if message else ": still here\n\n"

    return StreamingResponse(stream(), media_type="text/event-stream", headers=HEADERS)
