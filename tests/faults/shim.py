"""The fault shim: compiled here, preloaded into a process of its own, driven from inside that process."""

from __future__ import annotations

import ctypes
import errno
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from urllib.parse import unquote_to_bytes

SOURCE = Path(__file__).with_name("fi.c")


class Mode(IntEnum):
    """What becomes of one operation; the numbers are those of `fi.c`."""

    KILL_BEFORE = 1
    KILL_AFTER = 2
    FAIL = 3
    STICKY = 4
    SHORT = 5
    TORN = 6
    LIE = 7


@dataclass(frozen=True, slots=True)
class Fault:
    at: int
    mode: Mode
    number: int = 0
    """The errno."""

    def __str__(self) -> str:
        name = f" {errno.errorcode[self.number]}" if self.number else ""
        return f"{self.mode.name.lower()}{name} at {self.at}"


@dataclass(frozen=True, slots=True)
class Operation:
    number: int
    """From 1 on; -1: outside of the root."""
    what: str
    failed: int
    """The errno; -1: the process was killed before it."""
    first: str
    second: str


def build(folder: Path) -> Path:
    """Compile the shim; return the library."""
    library = folder / "fi.so"
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-o", library, SOURCE, "-ldl"], check=True
    )
    return library


def preloaded(library: Path, module: str, *arguments: str) -> list[str]:
    """Return the command that runs a module of the tests with the shim in its process."""
    here = str(Path(__file__).parents[1])
    return [
        "env",
        f"LD_PRELOAD={library}",
        f"PYTHONPATH={here}",
        sys.executable,
        "-W",
        "error",
        "-m",
        module,
        *arguments,
    ]


class Shim:
    """The shim in this very process."""

    def __init__(self, root: Path) -> None:
        self._library = ctypes.CDLL(None)
        self._library.fi_counted.restype = ctypes.c_long
        self._library.fi_add.argtypes = [ctypes.c_long, ctypes.c_int, ctypes.c_int]
        self._library.fi_root(os.fsencode(root))

    def arm(self, faults: Sequence[Fault] = (), trace: int = -1, *, without_noreplace: bool = False) -> None:
        for fault in faults:
            self._library.fi_add(fault.at, int(fault.mode), fault.number)
        self._library.fi_trace(trace)
        self._library.fi_without_noreplace(int(without_noreplace))
        self._library.fi_arm()

    def disarm(self) -> int:
        """Stop counting; return how many operations there were."""
        self._library.fi_disarm()
        return int(self._library.fi_counted())

    @contextmanager
    def paused(self) -> Iterator[None]:
        """What another process does in the real thing is not counted."""
        self._library.fi_pause(1)
        try:
            yield
        finally:
            self._library.fi_pause(0)


def read_trace(path: Path) -> list[Operation]:
    found = []
    for line in path.read_bytes().splitlines():
        number, what, failed, first, second = line.split(b" ")
        names = [os.fsdecode(unquote_to_bytes(name)) for name in (first, second)]
        found.append(Operation(int(number), what.decode(), int(failed), names[0], names[1]))
    return found
