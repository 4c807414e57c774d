"""Jobs handed to a Dask cluster that sees the same folders under the same paths.

Dask cannot end a task that runs. So a Dask worker hands each job on to a pool of its own child processes, which have
the job's deadline and memory limit, and can be killed. What comes back is what a local pool gives.

Dask does a task again when its worker was lost, and cannot know whether that worker still runs somewhere. So each
attempt is taken once, by a file beside its folder; a second taker only says that the first has died. The service
then makes a new attempt, with a folder of its own.
"""

from __future__ import annotations

import logging
import multiprocessing
import pickle
import platform
import threading
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from distributed import Client, KilledWorker, get_worker
from distributed import Future as Handed

from dropscore import __version__
from dropscore.domain.errors import Unavailable, WorkerDied
from dropscore.domain.jobs import Task
from dropscore.workers.inside import packed_failure
from dropscore.workers.pool import Pool

log = logging.getLogger(__name__)

_CONNECT_SECONDS = 5.0
_LOOK_SECONDS = 2.0


class Setting(NamedTuple):
    """What the pool of a Dask worker is made with, and the release that it must have."""

    function: str
    memory_bytes: int
    preload: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]
    writable: tuple[str, ...]
    version: str = __version__


class Cluster:
    """`submit` as a `Pool` has it. The futures raise the same, and `Unavailable` where the cluster is away."""

    def __init__(self, scheduler: str, setting: Setting) -> None:
        self._scheduler, self._setting = scheduler, setting
        self._hands = ThreadPoolExecutor(1, thread_name_prefix="dask")
        self._client: Client | None = None
        self._waiting: set[Future[object]] = set()
        self._given: dict[Future[object], Handed[bytes]] = {}
        self._closed = threading.Event()
        self._looking = threading.Thread(target=self._look, name="dask-look", daemon=True)
        self._looking.start()

    def submit(self, argument: object, timeout: float | None = None) -> Future[object]:
        """Hand a job to the cluster. This never waits: a thread connects, and hands over.

        Raises:
            RuntimeError: the client is closed.
        """
        if self._closed.is_set():
            raise RuntimeError("the cluster's client is closed")
        answer: Future[object] = Future()
        answer.set_running_or_notify_cancel()
        self._waiting.add(answer)
        self._hands.submit(self._hand_over, pickle.dumps(argument), timeout, answer)
        return answer

    def close(self, grace_seconds: float = 5.0) -> None:
        """Hand over nothing more; what is not done within the grace counts as not begun."""
        self._closed.set()
        for answer in list(self._waiting):
            with suppress(Exception, CancelledError):
                answer.exception(grace_seconds)
        self._hands.shutdown(wait=False, cancel_futures=True)
        self._give_up(CancelledError("the daemon stopped before the work was done"))
        self._lose()

    def _hand_over(self, argument: bytes, timeout: float | None, answer: Future[object]) -> None:
        try:
            handed = self._connected().submit(carry_out, argument, timeout, self._setting, pure=False)
            self._given[answer] = handed
            handed.add_done_callback(lambda done: self._take(done, answer))  # type: ignore[no-untyped-call]
        except Exception as fault:
            self._lose()
            self._settle(answer, self._away(fault))

    def _connected(self) -> Client:
        """Return the client, a new one where the old one has lost its scheduler. OSError, TimeoutError: it is away."""
        if self._client is None or self._client.status != "running":
            self._lose()
            self._client = Client(  # type: ignore[no-untyped-call]
                self._scheduler, timeout=_CONNECT_SECONDS, set_as_default=False
            )
        if not _has_workers(self._client):
            raise OSError("no worker has joined it")
        return self._client

    def _lose(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with suppress(Exception):
                client.close(timeout=1)  # type: ignore[no-untyped-call]

    def _take(self, done: Handed[bytes], answer: Future[object]) -> None:
        try:
            good, value = pickle.loads(done.result(timeout=_CONNECT_SECONDS))
        except KilledWorker:
            self._settle(answer, WorkerDied("the Dask worker that had it ended"))
        except ImportError as fault:
            need = f"Dropscore {__version__} must be installed for each Dask worker"
            self._settle(answer, self._away(ImportError(f"{need} ({fault})")))
        except BaseException as fault:  # cancelled, because the scheduler went; or something of Dask's own
            self._settle(answer, self._away(fault))
        else:
            self._settle(answer, value, good=good)

    def _look(self) -> None:
        """Give jobs back that nobody can do any more: the scheduler is gone, or its last worker."""
        while not self._closed.wait(_LOOK_SECONDS):
            client = self._client
            if client is None or not self._given:
                continue
            if client.status != "running":
                self._give_up(self._away(OSError("its scheduler is gone")))
            elif not _has_workers(client):
                self._give_up(self._away(OSError("its last worker is gone")))

    def _give_up(self, why: BaseException) -> None:
        for answer, handed in list(self._given.items()):
            with suppress(Exception):
                handed.cancel(force=True)  # type: ignore[no-untyped-call]
            self._settle(answer, why)
        for answer in list(self._waiting) if self._closed.is_set() else []:
            self._settle(answer, why)

    def _settle(self, answer: Future[object], value: object, good: bool = False) -> None:
        self._given.pop(answer, None)
        self._waiting.discard(answer)
        with suppress(Exception):  # it was settled already
            if good:
                answer.set_result(value)
            elif isinstance(value, BaseException):
                answer.set_exception(value)

    def _away(self, fault: BaseException) -> Unavailable:
        why = (str(fault) or type(fault).__name__).splitlines()[0].rstrip(".")
        return Unavailable("workers", f"The Dask cluster at {self._scheduler} does not work: {why}.")


def _has_workers(client: Client) -> bool:
    # The count, not the listing: the client refreshes its own view between our question and the answer, and that
    # view lists no worker, however many there are.
    return bool(client.scheduler_info()["n_workers"])


# --- what runs in a Dask worker ---

_pools: dict[Setting, Pool] = {}
_pools_lock = threading.Lock()


def carry_out(argument: bytes, timeout: float | None, setting: Setting) -> bytes:
    """Do one job in a child process; return the pickled result or exception, as `inside.call` does."""
    try:
        if setting.version != __version__:
            raise _wrong(f"runs Dropscore {__version__}, and the daemon {setting.version}: install the same release")
        task = pickle.loads(argument)
        _expect_folders(task)
        _take_once(Path(task.folder))
        return pickle.dumps((True, _pool_of(setting).submit(task, timeout).result()))
    except BaseException as error:
        return packed_failure(error)


def _expect_folders(task: Any) -> None:
    """Raise Unavailable for what this machine does not see of what the daemon sees."""
    needed = {"the job's folder": task.folder, "the model": getattr(getattr(task, "bundle", None), "path", None)}
    if isinstance(task, Task):
        needed["the job's input"] = task.input
    for what, path in needed.items():
        if path and not Path(path).exists():
            raise _wrong(f"does not see {what} ({path}): the folder must lie there under the same path")


def _take_once(folder: Path) -> None:
    try:
        (folder.parent / f"{folder.name}.taken").touch(exist_ok=False)
    except FileExistsError:
        raise WorkerDied("the Dask worker that had it was lost") from None


def _wrong(what: str) -> Unavailable:
    return Unavailable("workers", f"The Dask worker {get_worker().address} on {platform.node()} {what}.")


def _pool_of(setting: Setting) -> Pool:
    with _pools_lock:
        if setting not in _pools:
            # Dask's nanny makes its worker daemonic, and such a process may have no children: ours end with it anyway.
            config: dict[str, Any] = multiprocessing.current_process()._config  # type: ignore[attr-defined]
            config["daemon"] = False
            _pools[setting] = Pool(
                setting.function,
                get_worker().state.nthreads,
                setting.memory_bytes,
                setting.preload,
                dict(setting.environment),
                [Path(path) for path in setting.writable],
            )
        return _pools[setting]
