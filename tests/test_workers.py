"""Worker processes: what comes back, what happens when they die, and that none outlives the service."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from pathlib import Path

import pytest

from dropscore.domain.errors import Overran, Rejected, Unavailable, WorkerDied
from dropscore.workers import Failed, Pool

TESTS = str(Path(__file__).parent)
SECONDS = 30.0


@contextlib.contextmanager
def pool_of(function: str, processes: int = 1, memory_bytes: int | None = None) -> Iterator[Pool]:
    pool = Pool(f"worker_jobs:{function}", processes, memory_bytes, preload=("pandas",))
    try:
        yield pool
    finally:
        pool.close(0.0)


def wait_until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"never came true: {what}"
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False


def run_python(program: str, **options: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": TESTS}
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


# --- results and exceptions ---


def test_results_come_back_to_the_job_that_asked() -> None:
    with pool_of("double", processes=2) as pool:
        futures = [pool.submit(number, SECONDS) for number in range(50)]
        assert [future.result(SECONDS) for future in futures] == [2 * number for number in range(50)]


def test_a_worker_is_kept_for_the_next_job() -> None:
    with pool_of("pid") as pool:
        first, second = (pool.submit(None, SECONDS).result(SECONDS) for _ in range(2))
        assert first == second != os.getpid()


def test_a_large_argument_does_not_block_the_pipe() -> None:
    with pool_of("size_of") as pool:
        assert pool.submit(bytes(5_000_000), SECONDS).result(SECONDS) == 5_000_000


def test_rejected_comes_back_with_its_problems() -> None:
    with pool_of("raise_rejected") as pool, pytest.raises(Rejected) as caught:
        pool.submit(None, SECONDS).result(SECONDS)
    assert [problem.code for problem in caught.value.problems] == ["column-missing"]


def test_unavailable_comes_back_with_its_key() -> None:
    with pool_of("raise_unavailable") as pool, pytest.raises(Unavailable) as caught:
        pool.submit(None, SECONDS).result(SECONDS)
    assert caught.value.key == "model:credit"


def test_a_bug_comes_back_with_the_traceback_of_the_worker() -> None:
    with pool_of("raise_builtin") as pool, pytest.raises(ValueError, match="a bug of ours") as caught:
        pool.submit(None, SECONDS).result(SECONDS)
    assert "worker_jobs.py" in caught.value.__notes__[0]


@pytest.mark.parametrize(
    ("function", "kind"),
    [
        ("raise_of_a_library", "pandas.errors.ParserError"),
        ("raise_unpicklable", "worker_jobs.Unpicklable"),
        ("leave", "builtins.SystemExit"),
    ],
)
def test_an_exception_that_the_service_cannot_take_in_is_told_in_words(function: str, kind: str) -> None:
    with pool_of(function) as pool:
        with pytest.raises(Failed) as caught:
            pool.submit(3, SECONDS).result(SECONDS)
        assert caught.value.kind == kind
        assert "worker_jobs.py" in caught.value.trace
        with pytest.raises(Failed):  # and the worker lives on
            pool.submit(3, SECONDS).result(SECONDS)


def test_a_result_that_cannot_be_pickled_is_a_bug_and_no_dead_worker() -> None:
    with pool_of("return_unpicklable") as pool, pytest.raises(AttributeError, match="pickle"):
        pool.submit(None, SECONDS).result(SECONDS)


def test_an_argument_that_cannot_be_pickled_is_the_callers_fault_at_once() -> None:
    with pool_of("double") as pool:
        with pytest.raises(Exception, match="pickle"):
            pool.submit(lambda: None, SECONDS)
        assert pool.submit(4, SECONDS).result(SECONDS) == 8


def test_a_function_that_is_not_there_is_told() -> None:
    with pool_of("no_such_work") as pool, pytest.raises(AttributeError, match="no_such_work"):
        pool.submit(None, SECONDS).result(SECONDS)


# --- death ---


@pytest.mark.parametrize(
    ("function", "argument", "told"),
    [
        ("die", signal.SIGKILL, "SIGKILL"),
        ("crash", None, "SIGSEGV"),
        ("exit_at_once", 3, "exit code 3"),
    ],
)
def test_a_dead_worker_is_told_and_replaced(function: str, argument: object, told: str) -> None:
    with pool_of(function) as pool:
        for _ in range(2):
            with pytest.raises(WorkerDied, match=f"{told}|ended at once"):
                pool.submit(argument, SECONDS).result(SECONDS)


def test_a_worker_that_ends_with_code_0_in_the_middle_is_dead_all_the_same() -> None:
    with pool_of("exit_at_once") as pool, pytest.raises((WorkerDied, Overran)):
        pool.submit(0, 5.0).result(SECONDS)


def test_the_death_of_one_worker_disturbs_no_other() -> None:
    with pool_of("die", processes=1) as dying, pool_of("sleep", processes=2) as pool:
        working = [pool.submit(0.5, SECONDS) for _ in range(4)]
        with pytest.raises(WorkerDied):
            dying.submit(signal.SIGKILL, SECONDS).result(SECONDS)
        assert len({future.result(SECONDS) for future in working}) == 2


def test_a_worker_killed_while_idle_costs_the_next_job_nothing() -> None:
    with pool_of("pid") as pool:
        idle = pool.submit(None, SECONDS).result(SECONDS)
        assert isinstance(idle, int)
        os.kill(idle, signal.SIGKILL)
        wait_until(lambda: not is_running(idle), "the worker is gone")
        time.sleep(0.3)  # pebble looks ten times a second
        assert pool.submit(None, SECONDS).result(SECONDS) != idle


def test_a_job_past_its_deadline_is_killed_even_where_no_signal_handler_runs(tmp_path: Path) -> None:
    with pool_of("hang_in_c") as pool:
        noted = tmp_path / "pid"
        future = pool.submit(str(noted), 1.0)
        with pytest.raises(Overran, match="1 seconds"):
            future.result(SECONDS)
        assert not is_running(int(noted.read_text()))


def test_the_deadline_begins_with_the_work_and_not_in_the_queue() -> None:
    with pool_of("sleep") as pool:
        futures = [pool.submit(0.6, 1.5) for _ in range(4)]  # the last one waits for longer than its deadline
        assert len({future.result(SECONDS) for future in futures}) == 1


def test_the_memory_limit_ends_the_worker_and_is_named() -> None:
    with pool_of("allocate", memory_bytes=1 << 30) as pool:
        assert pool.submit(1 << 20, SECONDS).result(SECONDS) == 1 << 20
        with pytest.raises(WorkerDied, match="more memory than it may use"):
            pool.submit(2 << 30, SECONDS).result(SECONDS)
        assert pool.submit(1 << 20, SECONDS).result(SECONDS) == 1 << 20


def test_without_a_limit_the_same_allocation_is_served() -> None:
    with pool_of("allocate") as pool:
        assert pool.submit(1200 << 20, SECONDS).result(SECONDS) == 1200 << 20


# --- together, and with help ---


def test_many_small_jobs_are_done_in_one_call_and_each_has_its_own_answer() -> None:
    pool = Pool("worker_jobs:double_slowly", 1, together="worker_jobs:double_all")
    try:
        futures = [pool.submit(number, SECONDS) for number in (1, *range(10, 20))]
        assert futures[0].result(SECONDS)[0] == 2  # type: ignore[index]
        with pytest.raises(ValueError, match="13"):
            futures[4].result(SECONDS)
        answers = [future.result(SECONDS) for number, future in enumerate(futures) if number not in (0, 4)]
        assert [answer[0] for answer in answers] == [20, 22, 24, 28, 30, 32, 34, 36, 38]  # type: ignore[index]
    finally:
        pool.close(0.0)


def test_a_worker_that_dies_of_many_is_followed_by_each_alone() -> None:
    pool = Pool("worker_jobs:double_slowly", 1, together="worker_jobs:die_together")
    try:
        futures = [pool.submit(number, SECONDS) for number in range(4)]
        assert [future.result(SECONDS)[0] for future in futures] == [0, 2, 4, 6]  # type: ignore[index]
    finally:
        pool.close(0.0)


@pytest.mark.parametrize(("assist", "told"), [("help_out", "helped"), ("help_and_die", "died")])
def test_an_idle_worker_helps_with_a_big_job_and_harms_none(tmp_path: Path, assist: str, told: str) -> None:
    pool = Pool("worker_jobs:wait_for_help", 2, assist=f"worker_jobs:{assist}", size_of=lambda _: 1 << 30)
    try:
        assert pool.submit(str(tmp_path), SECONDS).result(SECONDS) == told
        assert pool.submit(str(tmp_path), SECONDS).result(SECONDS) == told
    finally:
        pool.close(0.0)


# --- the end ---


def test_close_lets_what_runs_end_and_drops_what_waits() -> None:
    with pool_of("sleep") as pool:
        running, waiting = pool.submit(0.5, SECONDS), pool.submit(0.5, SECONDS)
        wait_until(running.running, "the first job runs")
        pool.close(SECONDS)
        assert isinstance(running.result(0), int)
        with pytest.raises(CancelledError):
            waiting.result(0)
        with pytest.raises(RuntimeError, match="closed"):
            pool.submit(0.1, SECONDS)


def test_close_kills_what_runs_on_past_the_grace(tmp_path: Path) -> None:
    with pool_of("note_and_sleep") as pool:
        noted = tmp_path / "pid"
        future = pool.submit(str(noted), None)
        wait_until(lambda: noted.exists() and noted.read_text() != "", "the job runs")
        began = time.monotonic()
        pool.close(0.2)
        assert time.monotonic() - began < 5
        with pytest.raises(CancelledError):
            future.result(0)
        assert not is_running(int(noted.read_text()))


def test_a_waiting_job_can_be_withdrawn() -> None:
    with pool_of("sleep") as pool:
        first, second = pool.submit(0.4, SECONDS), pool.submit(0.4, SECONDS)
        assert second.cancel()
        first.result(SECONDS)
        assert second.cancelled()


def test_callbacks_may_wake_another_thread() -> None:
    woken = threading.Event()
    with pool_of("double") as pool:
        pool.submit(1, SECONDS).add_done_callback(lambda _: woken.set())
        assert woken.wait(SECONDS)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_no_worker_outlives_the_service(tmp_path: Path, number: int) -> None:
    noted = [tmp_path / "one", tmp_path / "two"]
    program = f"""
        import time
        from dropscore.workers import Pool
        pool = Pool("worker_jobs:note_and_sleep", 2)
        for path in {[str(path) for path in noted]!r}:
            pool.submit(path, None)
        time.sleep(600)
        """
    service = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)], env={**os.environ, "PYTHONPATH": TESTS}
    )
    try:
        wait_until(lambda: all(path.exists() and path.read_text() for path in noted), "both workers are at work")
        workers = [int(path.read_text()) for path in noted]
        server = int(Path(f"/proc/{workers[0]}/stat").read_text().rpartition(")")[2].split()[1])
        assert server != service.pid
        service.send_signal(number)
        service.wait(SECONDS)
        wait_until(lambda: not any(is_running(pid) for pid in [*workers, server]), "workers and their server end")
    finally:
        service.kill()
        service.wait()


def test_workers_leave_it_to_the_service_to_stop_them() -> None:
    """A terminal's ^C and systemd's SIGTERM reach the whole group: work in hand goes on."""
    with pool_of("terminate_self_politely") as pool:
        assert pool.submit(None, SECONDS).result(SECONDS) == "still here"


def test_the_service_itself_goes_on_hearing_signals() -> None:
    heard = []
    before = signal.signal(signal.SIGHUP, lambda number, _: heard.append(number))
    try:
        with pool_of("double") as pool:
            pool.submit(1, SECONDS).result(SECONDS)
            os.kill(os.getpid(), signal.SIGHUP)
            wait_until(lambda: heard == [signal.SIGHUP], "the handler ran")
    finally:
        signal.signal(signal.SIGHUP, before)


# --- what stays apart ---


def test_the_service_never_imports_the_work_nor_what_it_needs() -> None:
    done = run_python(
        """
        import sys
        from dropscore.workers import Failed, Pool
        pool = Pool("worker_jobs:mean", 1)
        print(pool.submit([1.0, 2.0], 30.0).result(30))
        pool.close()
        failing = Pool("worker_jobs:raise_of_a_library", 1)
        try:
            failing.submit(None, 30.0).result(30)
        except Failed as error:
            print(error.kind)
        failing.close()
        print(sorted({"worker_jobs", "pandas", "numpy", "pyarrow"} & sys.modules.keys()))
        """
    )
    assert done.stdout.splitlines() == ["1.5", "pandas.errors.ParserError", "[]"], done.stderr


def test_what_a_worker_prints_goes_to_stderr() -> None:
    done = run_python(
        """
        from dropscore.workers import Pool
        pool = Pool("worker_jobs:chatter", 1)
        pool.submit(None, 30.0).result(30)
        pool.close()
        """
    )
    assert done.stdout == ""
    assert "printed by a library" in done.stderr
    assert "printed by a child" in done.stderr


def test_the_server_has_no_threads_and_the_workers_have_its_environment() -> None:
    """A fork of a process with threads can deadlock; and BLAS would start some where its import is not told not to."""
    done = run_python(
        """
        from dropscore.workers import Pool
        one_thread = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
        preload = ("pandas", "pyarrow", "sklearn.linear_model")
        for function, argument in (("threads_of_parent", None), ("variable", "OMP_NUM_THREADS")):
            pool = Pool(f"worker_jobs:{function}", 1, preload=preload, environment=one_thread)
            found = pool.submit(argument, 60.0).result(60)
            print(found if isinstance(found, str) else sorted({*found} - {"jemalloc_bg_thd"}))
            pool.close()
        """
    )
    # A thread without a name of its own bears the program's, by whichever of its names it was started.
    threads, variable = done.stdout.splitlines()
    assert re.fullmatch(r"\['python[\d.]*'\]", threads), done.stderr
    assert variable == "1"


def test_workers_are_not_given_the_files_of_the_service(tmp_path: Path) -> None:
    """Above all not its lock: a worker that hangs would keep the next daemon out."""
    with (tmp_path / "lock").open("w") as lock:
        os.set_inheritable(lock.fileno(), True)
        with pool_of("open_files") as pool:
            found = pool.submit(None, SECONDS).result(SECONDS)
    assert isinstance(found, list)
    assert str(tmp_path / "lock") not in found


def test_a_server_that_dies_is_started_again_and_workers_still_ignore_signals() -> None:
    done = run_python(
        """
        import os, signal, time
        from pathlib import Path
        from dropscore.domain.errors import Overran, Unavailable, WorkerDied
        from dropscore.workers import Pool
        pool = Pool("worker_jobs:terminate_self_politely", 1)
        other = Pool("worker_jobs:pid", 1)
        pool.submit(None, 30.0).result(30)
        worker = other.submit(None, 30.0).result(30)
        server = int(Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()[1])
        os.kill(server, signal.SIGKILL)
        for _ in range(300):
            time.sleep(0.1)
            try:
                print(pool.submit(None, 20.0).result(60))
                break
            except (Unavailable, WorkerDied, Overran):
                continue
        pool.close()
        other.close()
        """
    )
    assert done.stdout.splitlines() == ["still here"], done.stderr


def test_a_server_that_cannot_start_makes_the_world_unavailable_and_blames_no_drop(tmp_path: Path) -> None:
    (tmp_path / "broken_pipeline.py").write_text("raise RuntimeError('no such library')\n")
    program = """
        from dropscore.domain.errors import Unavailable
        from dropscore.workers import Pool
        pool = Pool("worker_jobs:double", 1, preload=("broken_pipeline",))
        try:
            pool.submit(1, 30.0).result(30)
        except Unavailable as error:
            print(error.key)
        pool.close()
        """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        env={**os.environ, "PYTHONPATH": f"{TESTS}:{tmp_path}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.splitlines() == ["workers"], done.stderr
