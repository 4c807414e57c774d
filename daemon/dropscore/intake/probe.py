"""The questions that are asked of a drop once it stands still, all of one open file."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NamedTuple

from dropscore.durable import opened
from dropscore.intake.lease import writer_on
from dropscore.intake.scan import Seen
from dropscore.intake.wholeness import whole


class Answer(NamedTuple):
    """`writer` is None where it cannot be told. `error` says why a drop is not readable."""

    readable: bool
    writer: bool | None
    whole: bool
    error: str = ""
    denied: bool = False
    """It is not readable because we may not: a person can mend that."""


Probe = Callable[[Seen], Answer | None]


def probe(seen: Seen) -> Answer | None:
    """Look closer at a drop. None if it has gone or is no longer what the scan saw. Raises nothing."""
    try:
        with opened(seen.path) as handle:
            found = os.fstat(handle)
            now = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
            if now != seen.identity:
                return None
            writer = writer_on(handle)
            if seen.inbox.remote and writer is False:
                writer = None  # nobody on this machine: of the others it says nothing
            return Answer(readable=True, writer=writer, whole=whole(handle))
    except FileNotFoundError:
        return None
    except BlockingIOError:
        return Answer(readable=True, writer=True, whole=False)  # a file server's own lease is being broken
    except OSError as error:
        denied = isinstance(error, PermissionError)
        return Answer(readable=False, writer=None, whole=False, error=error.strerror or str(error), denied=denied)
