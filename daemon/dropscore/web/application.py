"""The application: its pages, its API, its guard, and what is said when something fails."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlencode

import structlog
from anyio.to_thread import run_sync
from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from fastapi.staticfiles import StaticFiles

import dropscore
from dropscore.web import uploads
from dropscore.web.api.application import api_of
from dropscore.web.api.events import Feed
from dropscore.web.api.problems import answer_with
from dropscore.web.context import Web
from dropscore.web.dress import drawn, page, shown_to
from dropscore.web.failing import FAILURES, told
from dropscore.web.guard import Guard
from dropscore.web.hub import Hub
from dropscore.web.overview import Counted
from dropscore.web.pages import (
    account,
    actions,
    blanks,
    door,
    files,
    job,
    live,
    mend,
    overview,
    people,
    reports,
    upload,
)
from dropscore.web.visitors import LogInFirst

log = structlog.get_logger()
STATIC = Path(__file__).parent / "static"
_PAGES = (door, files, live, upload, blanks, mend, job, actions, overview, reports, account, people)


def application(web: Web) -> FastAPI:
    """Return the application of one root. It closes nothing that it was given."""

    api = api_of(web)

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        hub = app.state.hub = Hub(web, lambda row, language: drawn(row, language, web.settings.zone))
        feed = app.state.feed = api.state.feed = Feed(web)
        hub.at_stop.append(feed.stop)
        looking = [asyncio.create_task(work) for work in (hub.run(), feed.run(), sweep_hourly(web))]
        try:
            yield
        finally:
            hub.stop()
            for task in looking:
                task.cancel()
            await asyncio.gather(*looking, return_exceptions=True)

    app = FastAPI(
        title="Dropscore",
        version=dropscore.__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=life,
    )
    app.state.web = web
    app.state.counted = Counted()
    app.add_middleware(Guard, public_url=web.settings.web.public_url, cookie=web.cookie)
    app.mount("/api/v1", api)
    for one in _PAGES:
        app.include_router(one.router, include_in_schema=False)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_exception_handler(LogInFirst, _log_in_first)
    for kind in FAILURES:
        app.add_exception_handler(kind, _failed)
    return app


async def sweep_hourly(web: Web) -> None:
    """Remove what broken uploads left behind."""
    while True:
        try:
            await run_sync(uploads.sweep, web.root, time.time())
        except OSError as error:
            log.warning("uploads could not be swept", why=str(error))
        await asyncio.sleep(3600)


async def _log_in_first(request: Request, error: Exception) -> Response:
    assert isinstance(error, LogInFirst)
    target = f"/login?{urlencode({'next': error.back})}"
    if request.headers.get("hx-request"):
        return Response(status_code=401, headers={"hx-redirect": target})
    return RedirectResponse(target, 303)


async def _failed(request: Request, error: Exception) -> Response:
    status, sentence = told(error)
    if request.scope["path"].startswith("/api/"):
        return answer_with(status, sentence)  # a path with a line break slips past the mount, and is no page either
    web: Web = request.app.state.web
    say = shown_to(request, web, None).say
    headings = {404: "Not here", 403: "Not allowed", 503: "Not available right now", 410: "No longer here"}
    heading = say(headings.get(status, "That did not work"))
    return page(request, web, "message.html", status=status, heading=heading, sentence=say(sentence))
