"""Templates for download: an Excel workbook with drop-downs, and the plain line of names."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

from fastapi import APIRouter, HTTPException
from fastapi.responses import Response, StreamingResponse

from dropscore import champions
from dropscore.folders import pick_bundle
from dropscore.web import blanks, downloads, uploads
from dropscore.web.context import Here
from dropscore.web.visitors import Sending

router = APIRouter()


@router.get("/templates/{route}.xlsx")
def workbook(web: Here, visitor: Sending, route: str) -> Response:
    """Return the workbook that the daemon has laid into the route's inbox."""
    handle = blanks.open_workbook(web, uploads.expect_route(web, visitor.who, route))
    if handle is None:
        raise HTTPException(404, "There is no template yet. The daemon makes it.")
    headers = {
        "content-length": str(os.fstat(handle).st_size),
        "content-disposition": f'attachment; filename="{route}.template.xlsx"',
    }
    return StreamingResponse(downloads.chunks(handle), headers=headers, media_type=downloads.TYPES[".xlsx"])


@router.get("/templates/{route}.csv")
def names(web: Here, visitor: Sending, route: str) -> Response:
    """Return an empty table with the columns that the route's model reads."""
    settings = web.settings.routes[uploads.expect_route(web, visitor.who, route)]
    version = settings.version or champions.read(web.root.state).version_of(route)
    bundle = pick_bundle(settings.model, version, settings.challenger)
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerow(blanks.columns_of(Path(bundle.path)))
    headers = {"content-disposition": f'attachment; filename="{route}.template.csv"'}
    # The mark lets a spreadsheet read the names as UTF-8.
    return Response("\ufeff" + out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)
