"""What runs in a worker. Nothing of the work is imported here: its dotted name is resolved when it is called."""

from __future__ import annotations

import ctypes
import gc
import importlib
import multiprocessing
import os
import pickle
import resource
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from multiprocessing import forkserver
from typing import Any, NoReturn

from dropscore.workers.confine import confine

OUT_OF_MEMORY = 70
"""The exit code of a worker that reached its memory limit."""
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_PR_SET_PDEATHSIG = 1


class Failed(Exception):
    """The work raised what the service cannot take in: an exception of a library that only workers may import,
    or one that cannot be pickled. `kind` is its class, `trace` the worker's traceback.
    """

    def __init__(self, kind: str, message: str, trace: str) -> None:
        super().__init__(f"{kind}: {message}\n{trace}")
        self.kind = kind
        self.message = message
        self.trace = trace

    def __reduce__(self) -> tuple[type[Failed], tuple[str, str, str]]:
        return type(self), (self.kind, self.message, self.trace)


def initialise(memory_bytes: int | None, writable: Sequence[str] | None) -> None:
    """Set up a worker. `writable`: the folders that it may write to; None: all."""
    # A terminal's ^C and a service manager's SIGTERM reach the whole group. Work in hand goes on: the service decides.
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    os.dup2(2, 1)  # what a library prints must not end in the output of a command
    # The server ends when nobody holds this pipe any more, and its workers with it (see below). Every worker
    # holds a copy: without this line, one at work would keep all of them alive after a crash of the service.
    with suppress(OSError, AttributeError, TypeError):
        os.close(forkserver._forkserver._forkserver_alive_fd)  # type: ignore[attr-defined]
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # the parent is the server
    service = multiprocessing.parent_process()
    if service is None or not service.is_alive():
        os._exit(1)  # it was gone before the line above
    if memory_bytes:
        # Not the address space: Arrow and BLAS reserve much more of it than they use.
        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        limit = memory_bytes if most == resource.RLIM_INFINITY else min(memory_bytes, most)
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    gc.freeze()  # the libraries stay: to look through them for garbage takes longer than a small job
    confine(writable)


@cache
def _resolve(dotted: str) -> Callable[[Any], object]:
    module, _, name = dotted.partition(":")
    function: Callable[[Any], object] = getattr(importlib.import_module(module), name)
    return function


def call(dotted: str, argument: bytes) -> bytes:
    """Do the work, and return the pickled result or exception: pebble would die of some that cannot be."""
    try:
        return pickle.dumps((True, _resolve(dotted)(pickle.loads(argument))))
    except MemoryError:
        _give_up()
    except BaseException as error:
        return packed_failure(error)


def call_together(dotted: str, arguments: list[bytes]) -> bytes:
    """Do several pieces of work, and return a pickled list of what `call` returns for each."""
    try:
        answers: Any = _resolve(dotted)([pickle.loads(argument) for argument in arguments])
        return pickle.dumps([pickle.dumps((True, value)) if good else packed_failure(value) for good, value in answers])
    except MemoryError:
        _give_up()


def _give_up() -> NoReturn:
    """End this process: after a MemoryError in a library nobody knows what state it is in."""
    with suppress(BaseException):
        sys.stderr.write(traceback.format_exc())
        sys.stderr.flush()
    os._exit(OUT_OF_MEMORY)


def packed_failure(error: BaseException) -> bytes:
    """Return `(False, exception)`, pickled in a way that the service can take in."""
    trace = "".join(traceback.format_exception(error))
    kind = type(error)
    known = kind.__module__ == "builtins" or kind.__module__.startswith("dropscore.domain.")
    with suppress(Exception):
        if known and isinstance(error, Exception):
            error.add_note(f"In the worker:\n{trace}")
            pickled = pickle.dumps((False, error if kind.__module__ == "builtins" else _Ours(error)))
            pickle.loads(pickled)  # some pickle, and then cannot be made again
            return pickled
    return pickle.dumps((False, Failed(f"{kind.__module__}.{kind.__qualname__}", str(error), trace)))


class _Ours:
    """Unpickles as the exception that it was made of, whatever its constructor wants."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __reduce__(self) -> tuple[Callable[..., Exception], tuple[type[Exception], tuple[Any, ...], dict[str, Any]]]:
        return _made_again, (type(self._error), self._error.args, vars(self._error))


def _made_again(kind: type[Exception], arguments: tuple[Any, ...], facts: dict[str, Any]) -> Exception:
    error = kind.__new__(kind, *arguments)
    vars(error).update(facts)
    return error
