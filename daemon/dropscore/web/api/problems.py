"""Problem details (RFC 9457): every failure as one JSON shape, with the same codes as receipts."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from dropscore.domain.errors import Unavailable
from dropscore.receipt import GroupEntry, Receipt
from dropscore.web.downloads import Gone
from dropscore.web.failing import FAILURES, told

MEDIA_TYPE = "application/problem+json"


class ProblemDetails(BaseModel):
    """What went wrong. `code` never changes its meaning; `detail` is for people."""

    type: str = Field(examples=["urn:dropscore:problem:not-found"])
    title: str
    status: int
    detail: str = ""
    code: str
    receipt: Receipt | None = Field(default=None, description="Of the job concerned, where there is one.")
    groups: tuple[GroupEntry, ...] = Field(default=(), description="What is wrong with the file, by cause.")


class Problem(Exception):
    """A failure with a code of its own."""

    def __init__(self, status: int, code: str, detail: str, receipt: Receipt | None = None) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.receipt = status, code, detail, receipt


_CODES = {
    400: ("bad-request", "The request is damaged"),
    401: ("unauthorized", "A valid token is needed"),
    403: ("forbidden", "The token does not allow this"),
    404: ("not-found", "Not here"),
    405: ("method-not-allowed", "No such method"),
    409: ("refused", "Refused"),
    410: ("gone", "No longer here"),
    413: ("too-many-bytes", "Too large"),
    415: ("unsupported-media-type", "Not that kind of body"),
    422: ("invalid", "The request cannot be understood"),
    429: ("too-many-requests", "Too many requests"),
    503: ("unavailable", "Not available right now"),
    504: ("not-done-yet", "Not done yet"),
}
DOCUMENTED: dict[int | str, dict[str, Any]] = {
    status: {"model": ProblemDetails, "description": title, "content": {MEDIA_TYPE: {}}}
    for status, (_, title) in _CODES.items()
    if status in (400, 401, 403, 404, 409, 413, 422, 429, 503)
}


def answer_with(status: int, detail: str, code: str = "", receipt: Receipt | None = None) -> JSONResponse:
    usual, title = _CODES.get(status, ("internal", "A fault of Dropscore itself"))
    document = ProblemDetails(
        type=f"urn:dropscore:problem:{code or usual}",
        title=title,
        status=status,
        detail=detail,
        code=code or usual,
        receipt=receipt,
        groups=receipt.groups if receipt else (),
    )
    content = document.model_dump(mode="json", exclude_none=True)
    headers = {"www-authenticate": "Bearer"} if status == 401 else {}
    return JSONResponse(content, status, media_type=MEDIA_TYPE, headers=headers)


async def _failed(request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, Problem):
        return answer_with(error.status, error.detail, error.code, error.receipt)
    if isinstance(error, RequestValidationError):
        faults = (f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in error.errors())
        return answer_with(422, "; ".join(faults)[:1000])
    if isinstance(error, Unavailable):
        return answer_with(503, str(error), f"unavailable:{error.key}")
    status, sentence = told(error)
    answer = answer_with(status, sentence, receipt=error.receipt if isinstance(error, Gone) else None)
    if isinstance(error, HTTPException) and error.headers:
        answer.headers.update(error.headers)
    return answer


def handle_all(app: FastAPI) -> None:
    for kind in (Problem, *FAILURES):
        app.add_exception_handler(kind, _failed)
