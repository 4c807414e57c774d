"""Who does the work of this daemon: the names of the pipeline's functions, and what its processes are given."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Protocol

from dropscore.domain.errors import Misconfigured
from dropscore.domain.jobs import Aside, Task
from dropscore.workers.pool import Pool

WORK = "dropscore.pipeline:work"
_TOGETHER, _ASSIST = "dropscore.pipeline:work_together", "dropscore.pipeline:assist"
_PRELOAD = ("dropscore.pipeline",)
ENVIRONMENT = {
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
    "ARROW_DEFAULT_MEMORY_POOL": "system",  # it gives back what a block no longer needs
}


def size_of(task: Task | Aside) -> int:
    """Return how large a task's input is, in bytes: big ones have a lane of their own."""
    try:
        return 0 if isinstance(task, Aside) else Path(task.input).stat().st_size
    except OSError:
        return 0  # the worker will say what is wrong


class Workers(Protocol):
    """Who does the work, wherever: see `Pool`."""

    def submit(self, argument: object, timeout: float | None = None) -> Future[object]: ...

    def close(self, grace_seconds: float = 5.0) -> None: ...


def hire(processes: int, memory_bytes: int, writable: Sequence[Path], scheduler: str = "") -> Workers:
    """Return workers for the tasks of one root: on this machine, or those of a Dask cluster.

    Raises:
        Misconfigured: there is to be a cluster, and Dask is not installed.
    """
    if scheduler:
        try:
            dask = importlib.import_module("dropscore.workers.dask")  # only who has a cluster has Dask
        except ModuleNotFoundError as fault:
            why = f'workers.backend = "dask" needs Dask ({fault}): install dropscore[dask]'
            raise Misconfigured(why, "workers.backend") from None
        paths = tuple(str(path) for path in writable)
        setting = dask.Setting(WORK, memory_bytes, _PRELOAD, tuple(ENVIRONMENT.items()), paths)
        cluster: Workers = dask.Cluster(scheduler, setting)
        return cluster
    return Pool(
        WORK,
        processes,
        memory_bytes,
        _PRELOAD,
        ENVIRONMENT,
        writable,
        together=_TOGETHER,
        assist=_ASSIST,
        size_of=size_of,
    )
