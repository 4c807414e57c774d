"""Work for the tests of the workers. It imports pandas, as the real work does: the test's process must not."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
from pandas.errors import ParserError

from dropscore.domain.errors import Rejected, Unavailable
from dropscore.domain.problems import Problem


class Unpicklable(Exception):
    def __init__(self, one: int, two: int) -> None:
        super().__init__("needs two")


def double(number: int) -> int:
    return 2 * number


def size_of(text: bytes) -> int:
    return len(text)


def mean(numbers: list[float]) -> float:
    return float(pd.Series(numbers).mean())


def pid(_: object) -> int:
    return os.getpid()


def variable(name: str) -> str | None:
    return os.environ.get(name)


def raise_rejected(_: object) -> None:
    raise Rejected([Problem(code="column-missing", column="income")])


def raise_unavailable(_: object) -> None:
    raise Unavailable("model:credit", "The model credit is not there.")


def raise_builtin(_: object) -> None:
    raise ValueError("a bug of ours")


def raise_of_a_library(_: object) -> None:
    raise ParserError("line 7")


def raise_unpicklable(_: object) -> None:
    raise Unpicklable(1, 2)


def return_unpicklable(_: object) -> object:
    return lambda: None


def leave(code: int) -> None:
    raise SystemExit(code)


def die(number: int) -> None:
    os.kill(os.getpid(), number)


def crash(_: object) -> None:
    ctypes.string_at(0)


def exit_at_once(code: int) -> None:
    os._exit(code)


def allocate(count: int) -> int:
    return len(bytearray(count))


def sleep(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


def hang_in_c(path: str) -> None:
    """Write down who we are, then hang where no signal handler of Python ever runs, holding the GIL."""
    Path(path).write_text(str(os.getpid()))
    library = ctypes.PyDLL(None)
    while True:
        library.sleep(3600)


def note_and_sleep(path: str) -> None:
    Path(path).write_text(str(os.getpid()))
    time.sleep(3600)


def terminate_self_politely(_: object) -> str:
    os.kill(os.getpid(), signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.05)
    return "still here"


def chatter(_: object) -> None:
    print("printed by a library")
    sys.stdout.flush()
    subprocess.run(["echo", "printed by a child"], check=True)


def threads_of_parent(_: object) -> list[str]:
    """The threads of the server that we were forked from."""
    tasks = Path(f"/proc/{os.getppid()}/task")
    return [(task / "comm").read_text().strip() for task in tasks.iterdir()]


def open_files(_: object) -> list[str]:
    return [str(entry.readlink()) for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink() and entry.exists()]


def double_all(numbers: list[int]) -> list[tuple[bool, object]]:
    """Doubles many in one call, and says in which process; 13 is not wanted."""
    return [(True, (2 * number, os.getpid())) if number != 13 else (False, ValueError("13")) for number in numbers]


def double_slowly(number: int) -> tuple[int, int]:
    time.sleep(0.2)
    return 2 * number, os.getpid()


def die_together(numbers: list[int]) -> list[tuple[bool, object]]:
    os.kill(os.getpid(), signal.SIGKILL)
    return []


def wait_for_help(folder: str) -> str:
    """A big job that comes to an end only if somebody helps with it."""
    deadline = time.monotonic() + 30
    while not Path(folder, "helped").exists():
        if time.monotonic() > deadline:
            return "nobody helped"
        time.sleep(0.01)
    return Path(folder, "helped").read_text()


def help_out(folder: str) -> str:
    if not Path(folder, "asked").exists():
        Path(folder, "asked").touch()
        return "later"
    Path(folder, "helped").write_text("helped")
    return "none"


def help_and_die(folder: str) -> str:
    Path(folder, "helped").write_text("died")
    os.kill(os.getpid(), signal.SIGKILL)
    return "none"
