"""What is said when something fails: a status and a sentence, and nothing of the inside."""

from __future__ import annotations

import structlog
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from dropscore.domain.errors import Refused, Unavailable

FAILURES = (HTTPException, RequestValidationError, ClientDisconnect, Refused, Unavailable, OSError, Exception)
"""Each is told by a handler of its own: what only `Exception` catches is a fault of ours."""
log = structlog.get_logger()


def told(error: Exception) -> tuple[int, str]:
    """Return the status and the sentence for whoever asked. A fault of ours goes into the log, with its traceback."""
    if isinstance(error, HTTPException):
        return error.status_code, str(error.detail)
    if isinstance(error, ClientDisconnect):
        return 400, "The connection broke."
    if isinstance(error, RequestValidationError):
        return 422, "The request cannot be understood."
    if isinstance(error, Refused):
        return 409, str(error)
    if isinstance(error, Unavailable):
        return 503, str(error)
    if isinstance(error, OSError):
        log.error("the world failed", exc_info=error)
        return 503, f"The disk or a folder cannot be used: {error.strerror or 'an error of input or output'}."
    log.error("request failed", exc_info=error)
    return 500, "This is a fault of Dropscore itself. The log of the panel says more."
