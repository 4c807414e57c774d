"""The log: JSON in a pipe, readable on a terminal, the job's code on every line, no secrets.

What the standard library's logging and `warnings` say goes the same way.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
import warnings
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}

# An address's token may stand in its user, its path or its query, so everything after the scheme goes. What
# cannot hold a secret, and helps whoever reads the log, stays.
_ADDRESS = re.compile(r"\b([a-z][a-z0-9+.-]*)://[^\s'\"<>\\]+", re.IGNORECASE)
_HARMLESS = frozenset({"file", "sqlite"})
_SECRET_KEY = re.compile(r"password|passwd|secret|token|credential|authorization|api_?key", re.IGNORECASE)


def redact(text: str) -> str:
    """Return a text with every address cut down to its scheme: `mailto://***`."""
    return _ADDRESS.sub(_cut, text) if "://" in text else text


def _cut(match: re.Match[str]) -> str:
    if match.group(1).lower() in _HARMLESS:
        return match.group(0)
    return f"{match.group(1)}://***"


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {name: "***" if _SECRET_KEY.search(str(name)) else _clean(item) for name, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_clean(item) for item in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return redact(str(value))  # an exception, a path: whatever it prints may hold an address


def _redact_event(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    cleaned: MutableMapping[str, Any] = _clean(dict(event))
    return cleaned


def _exception_as_text(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Put the traceback into the event before redaction, without the values of local variables."""
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    elif isinstance(info, BaseException):
        info = (type(info), info, info.__traceback__)
    if isinstance(info, tuple) and info[0] is not None:
        event["exception"] = "".join(traceback.format_exception(*info)).rstrip()
    return event


class _ThroughStructlog(logging.Handler):
    """Carries the records of libraries into the one log."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            logger = structlog.get_logger().bind(logger=record.name)
            logger.log(record.levelno, record.getMessage(), exc_info=record.exc_info or None)
        except Exception:  # a log that fails must not stop the work it tells of
            self.handleError(record)


def set_up(level: str = "info", style: str = "auto", stream: TextIO | None = None) -> None:
    """Send all logging of this process to `stream` (standard error), as JSON or for a reader.

    `style` is `auto` (readable on a terminal, JSON elsewhere), `json` or `console`.
    """
    target = stream or sys.stderr
    readable = style == "console" or (style == "auto" and target.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _exception_as_text,
        _redact_event,
    ]
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(colors=target.isatty(), exception_formatter=structlog.dev.plain_traceback)
        if readable
        else structlog.processors.JSONRenderer(ensure_ascii=True)
    )
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(target),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers[:] = [_ThroughStructlog()]
    root.setLevel(max(_LEVELS[level], logging.WARNING))  # libraries at their own info level drown ours
    logging.captureWarnings(True)
    if not sys.warnoptions:
        warnings.simplefilter("default")  # each once, instead of only those of __main__


@contextmanager
def bind_job(code: str, **more: Any) -> Iterator[None]:
    """Put a job's code on every line that is logged inside, in this thread and what it awaits."""
    with structlog.contextvars.bound_contextvars(code=code, **more):
        yield
