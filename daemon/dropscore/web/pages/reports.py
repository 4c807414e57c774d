"""How good each route's model turned out to be, by what really happened."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, Response

from dropscore import reports
from dropscore.figures import Report
from dropscore.reports.words import words_of
from dropscore.web.context import Here, Web
from dropscore.web.dress import page, shown_to
from dropscore.web.people.roles import Power, Who
from dropscore.web.uploads import expect_route
from dropscore.web.visitors import Visiting

router = APIRouter()


@router.get("/models")
def models_page(request: Request, web: Here, visitor: Visiting) -> HTMLResponse:
    operates = Power.OPERATE in visitor.who.powers
    wanted = [
        name for name, route in web.settings.routes.items() if route.actuals.key or (operates and route.challenger)
    ]
    routes = [name for name in wanted if visitor.who.sees(name)]
    found = [(name, read_report(web, name)) for name in routes]
    return page(request, web, "reports.html", visitor, reports=found)


@router.get("/models/{route}")
def report_page(request: Request, web: Here, visitor: Visiting, route: str) -> HTMLResponse:
    report = report_for(web, visitor.who, route)
    shown = shown_to(request, web, visitor)
    views = reports.views(report, shown.language, web.settings.routes[route].zone or web.settings.zone)
    words = words_of(shown.language)
    return page(request, web, "report.html", visitor, report=report, views=views, words=words)


@router.get("/models/{route}/report.html")
def report_file(request: Request, web: Here, visitor: Visiting, route: str) -> Response:
    """The page by itself, to be kept or sent on."""
    report = report_for(web, visitor.who, route)
    shown = shown_to(request, web, visitor)
    text = reports.html(report, shown.language, web.settings.routes[route].zone or web.settings.zone)
    headers = {"content-disposition": f'attachment; filename="{route}-{report.made:%Y-%m-%d}.html"'}
    return Response(text, media_type="text/html; charset=utf-8", headers=headers)


def read_report(web: Web, route: str) -> Report | None:
    """Return a route's report; None: none was made yet."""
    try:
        return Report.model_validate_json(web.root.report(route).read_bytes())
    except (OSError, ValueError):
        return None


def report_for(web: Web, who: Who, route: str) -> Report:
    """Return a route's report; of a challenger nobody hears but operators.

    404: there is no such route for the reader, or no report yet.
    """
    expect_route(web, who, route)
    report = read_report(web, route)
    if report is None:
        raise HTTPException(404, "There is no report yet: nobody has said what really happened.")
    return report if Power.OPERATE in who.powers else report.model_copy(update={"rivalry": None})
