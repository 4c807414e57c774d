"""Is anybody writing? The kernel grants a read lease only on a file that nobody has open for writing.

It is asked for and given back at once. Whoever opens the file for writing in between waits for that moment;
the kernel tells us so with a signal, which we let it choose as SIGURG: by default that one is ignored, where
SIGIO would end the process. So no handler is needed, in whatever thread this runs.

A lease on other people's files needs CAP_LEASE. Where it cannot be had (no capability, a file system without
leases) the answer is None: cannot tell. On network file systems a granted lease speaks of this machine alone.
"""

from __future__ import annotations

import fcntl
import os
import signal
from pathlib import Path

from dropscore.durable import opened


def writer_present(path: Path) -> bool | None:
    """Whether somebody has the file open for writing; None where that cannot be told. Raises nothing."""
    try:
        with opened(path) as handle:
            return writer_on(handle)
    except BlockingIOError:
        return True  # a file server holds a write lease of its own, and gives it up only slowly
    except OSError:
        return None


def writer_on(handle: int) -> bool | None:
    """The same for a descriptor that is open for reading only."""
    try:
        fcntl.fcntl(handle, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except BlockingIOError:
        return True
    except OSError:
        return None
    fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return False


def readable(path: Path) -> bool:
    """Whether we may open the file for reading. Never blocks, never follows a link."""
    try:
        with opened(path) as handle:
            return os.fstat(handle).st_size >= 0
    except BlockingIOError:
        return True
    except OSError:
        return False
