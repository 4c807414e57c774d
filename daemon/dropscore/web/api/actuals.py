"""What really happened, sent by a program, and the report that is made of it."""

from __future__ import annotations

from fastapi import APIRouter, Request

from dropscore.domain.jobs import Kind
from dropscore.figures import Report
from dropscore.web.api import submit
from dropscore.web.api.callers import Reader, Submitter
from dropscore.web.api.documents import Submitted
from dropscore.web.api.problems import DOCUMENTED
from dropscore.web.api.submit import FileName, Key, Sha256
from dropscore.web.context import Here
from dropscore.web.pages.reports import report_for

router = APIRouter(responses=DOCUMENTED)


@router.post("/routes/{route}/actuals", status_code=202, operation_id="submitActuals", openapi_extra=submit.BODY)
async def submit_actuals(
    request: Request,
    web: Here,
    who: Submitter,
    route: str,
    name: FileName = "actuals.csv",
    sha256: Sha256 = None,
    idempotency_key: Key = None,
) -> Submitted:
    """Say what really happened: a table of keys and outcomes, as the body itself or as `file` of a form.

    It is durable when this answers, and ends in a receipt that tells what was matched. 422: the route takes none.
    """
    return await submit.take(request, web, who, route, name, Kind.ACTUALS, sha256, idempotency_key)


@router.get("/routes/{route}/report", operation_id="report")
def report(web: Here, who: Reader, route: str) -> Report:
    """How good the route's models turned out to be, by what really happened. 404: nothing is known yet."""
    return report_for(web, who, route)
