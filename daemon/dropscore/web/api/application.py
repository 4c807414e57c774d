"""The API as an application of its own, below `/api/v1`: its failures are problem details, never pages."""

from __future__ import annotations

from fastapi import FastAPI

import dropscore
from dropscore.web.api import actuals, events, jobs, submit
from dropscore.web.api.problems import handle_all
from dropscore.web.context import Web

DESCRIPTION = """Hand in tables, get predictions. Every file ends in a receipt; every failure is a problem detail
(RFC 9457) whose `code` never changes its meaning. Times are UTC."""


def api_of(web: Web) -> FastAPI:
    api = FastAPI(
        title="Dropscore",
        summary="Drop a table, get predictions or the reason why not.",
        description=DESCRIPTION,
        version=dropscore.__version__,
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        servers=[{"url": "/api/v1"}],
        root_path_in_servers=False,
    )
    api.state.web = web
    for part in (submit.router, actuals.router, jobs.router, events.router):
        api.include_router(part)
    handle_all(api)
    return api
