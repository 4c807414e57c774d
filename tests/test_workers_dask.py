"""A real scheduler and real workers on loopback: the same results, and a clear end to whatever goes wrong."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from distributed import Client

from dropscore import pipeline
from dropscore.domain.errors import Misconfigured, Overran, Unavailable, WorkerDied
from dropscore.domain.jobs import BundleRef, Kind, Task
from dropscore.receipt import Outcome
from dropscore.workers import hire, hiring
from dropscore.workers.dask import Cluster, Setting
from tasks import task_in

TESTS = str(Path(__file__).parent)
DATA = Path(__file__).parents[1] / "model" / "penguins" / "data" / "penguins.csv"
SECONDS = 60.0


class Site:
    """A cluster of processes: a scheduler and workers that can be killed one by one."""

    def __init__(self, scratch: Path, held: ExitStack) -> None:
        self.scratch, self._held = scratch, held
        self.port = 0
        self.scheduler = self.start_scheduler()
        self.workers: list[subprocess.Popen[bytes]] = []

    @property
    def address(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def _start(self, name: str, *command: str, environment: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        log = self._held.enter_context((self.scratch / f"{name}.log").open("ab"))
        process = subprocess.Popen(
            [sys.executable, "-m", "distributed.cli." + command[0], *command[1:]],
            stdout=log,
            stderr=log,
            env={**os.environ, "PYTHONPATH": TESTS, **(environment or {})},
            start_new_session=True,
        )
        self._held.callback(_end, process)
        return process

    def start_scheduler(self) -> subprocess.Popen[bytes]:
        log = self.scratch / "scheduler.log"
        before = log.stat().st_size if log.exists() else 0
        process = self._start(
            "scheduler",
            "dask_scheduler",
            "--host",
            "127.0.0.1",
            "--port",
            str(self.port),
            "--no-dashboard",
            "--no-show",
        )
        _wait(
            lambda: re.search(r"tcp://127\.0\.0\.1:(\d+)", log.read_bytes()[before:].decode()), "the scheduler listens"
        )
        found = re.search(r"Scheduler at: +tcp://127\.0\.0\.1:(\d+)", log.read_bytes()[before:].decode())
        assert found is not None
        self.port = int(found[1])
        return process

    def start_worker(self, environment: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        name = f"worker-{len(self.workers)}"
        place = ("--local-directory", str(self.scratch / name), "--no-dashboard", "--no-nanny", "--nthreads", "1")
        worker = self._start(name, "dask_worker", self.address, "--host", "127.0.0.1", *place, environment=environment)
        self.workers.append(worker)
        log = self.scratch / f"{name}.log"
        _wait(lambda: "Registered to" in log.read_text(), f"{name} has joined")
        return worker


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def _wait(holds: object, what: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < deadline, f"never came true: {what}"
        time.sleep(0.05)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with ExitStack() as held:
        scratch = tmp_path / "site"
        scratch.mkdir()
        yield Site(scratch, held)


@contextmanager
def cluster_of(site: Site, function: str = hiring.WORK) -> Iterator[Cluster]:
    setting = Setting(function, 2 << 30, ("dropscore.pipeline",), tuple(hiring.ENVIRONMENT.items()), ("/tmp",))
    cluster = Cluster(site.address, setting)
    try:
        yield cluster
    finally:
        cluster.close(0.0)


def birds_in(folder: Path, bundle: Path, rows: int = 300) -> Task:
    """Return a drop with the same id each time: results must be alike to the last byte."""
    content = b"\n".join([*DATA.read_bytes().splitlines()[: rows + 1], b""])
    return task_in(folder, bundle, content, job="01K7F2QXM4AAAAAAAAAAAAAAAA")


def told(task: Task) -> dict[str, object]:
    outcome = Outcome.model_validate_json(Path(task.folder, "verdict.json").read_bytes())
    return outcome.model_dump(exclude={"durations"})


def again(task: Task) -> Task:
    """The next attempt, as the service makes it."""
    folder = Path(task.folder).with_name(f"attempt-{int(task.folder.rpartition('-')[2]) + 1}")
    folder.mkdir()
    return replace(task, folder=str(folder))


def test_two_workers_give_the_same_bytes_as_this_process(site: Site, tmp_path: Path, penguins_bundle: Path) -> None:
    site.start_worker()
    site.start_worker()
    tasks = [birds_in(tmp_path / f"job-{rows}", penguins_bundle, rows) for rows in (10, 100, 200, 300)]
    with cluster_of(site) as cluster:
        for future in [cluster.submit(task, SECONDS) for task in tasks]:
            assert future.result(SECONDS) is None
    for task in tasks:
        alone = again(task)
        pipeline.work(alone)
        assert told(task) | {"attempt": 2} == told(alone)


def test_a_worker_killed_in_mid_job_is_told_once_and_the_next_attempt_is_done(site: Site, tmp_path: Path) -> None:
    first = site.start_worker()
    (tmp_path / "attempt-1").mkdir()
    slow = replace(_bare(tmp_path), name="wait")
    with cluster_of(site, "dask_jobs:work") as cluster:
        future = cluster.submit(slow, SECONDS)
        _wait(lambda: (tmp_path / "attempt-1" / "begun").exists(), "the job is at work")
        site.start_worker()
        first.send_signal(signal.SIGKILL)
        with pytest.raises(WorkerDied, match="was lost"):
            future.result(SECONDS)
        assert cluster.submit(replace(again(slow), name="go"), SECONDS).result(SECONDS) is None
    assert (tmp_path / "attempt-1" / "begun").read_text().count("begun") == 1
    assert (tmp_path / "attempt-2" / "begun").exists()


def _bare(folder: Path) -> Task:
    (folder / "input").write_bytes(b"")
    bundle = BundleRef(str(folder), "none", "1", "0" * 64)
    return Task("J", "C", "r", Kind.SCORE, "x", str(folder / "input"), str(folder / "attempt-1"), bundle, "0" * 64)


def test_a_job_past_its_deadline_is_ended_and_its_worker_goes_on(site: Site, tmp_path: Path) -> None:
    site.start_worker()
    (tmp_path / "attempt-1").mkdir()
    slow = replace(_bare(tmp_path), name="wait")
    with cluster_of(site, "dask_jobs:work") as cluster:
        with pytest.raises(Overran, match="3 seconds"):
            cluster.submit(slow, 3.0).result(SECONDS)
        child = int((tmp_path / "attempt-1" / "begun").read_text().split()[1])
        _wait(lambda: not Path(f"/proc/{child}").exists(), "the child process is gone")
        assert cluster.submit(replace(again(slow), name="go"), SECONDS).result(SECONDS) is None


def test_the_clients_own_refresh_takes_no_worker_away(site: Site, tmp_path: Path, monkeypatch: Any) -> None:
    """Dask's client asks for a view without workers, too: perhaps between our question and the answer."""
    asked = Client.scheduler_info

    def overtaken(client: Any, *args: Any, **more: Any) -> Any:
        asked(client, *args, **more)
        client.sync(client._update_scheduler_info)
        return client._scheduler_identity

    monkeypatch.setattr(Client, "scheduler_info", overtaken)
    site.start_worker()
    (tmp_path / "attempt-1").mkdir()
    with cluster_of(site, "dask_jobs:work") as cluster:
        assert cluster.submit(replace(_bare(tmp_path), name="go"), SECONDS).result(SECONDS) is None


def test_the_scheduler_may_go_and_come_back(site: Site, tmp_path: Path) -> None:
    site.start_worker()
    (tmp_path / "attempt-1").mkdir()
    slow = replace(_bare(tmp_path), name="wait")
    with cluster_of(site, "dask_jobs:work") as cluster:
        future = cluster.submit(slow, SECONDS)
        _wait(lambda: (tmp_path / "attempt-1" / "begun").exists(), "the job is at work")
        _end(site.scheduler)
        with pytest.raises(Unavailable, match="does not work"):
            future.result(SECONDS)
        away = cluster.submit(again(slow), SECONDS)
        with pytest.raises(Unavailable) as caught:
            away.result(SECONDS)
        assert caught.value.key == "workers" and site.address in caught.value.matter
        _end(site.workers[0])
        site.scheduler = site.start_scheduler()
        site.start_worker()
        task = replace(_next(slow, 3), name="go")
        assert cluster.submit(task, SECONDS).result(SECONDS) is None


def _next(task: Task, number: int) -> Task:
    folder = Path(task.folder).with_name(f"attempt-{number}")
    folder.mkdir(exist_ok=True)
    return replace(task, folder=str(folder))


def test_without_a_worker_the_world_is_unavailable(site: Site, tmp_path: Path) -> None:
    (tmp_path / "attempt-1").mkdir()
    with cluster_of(site, "dask_jobs:work") as cluster, pytest.raises(Unavailable, match="no worker has joined"):
        cluster.submit(_bare(tmp_path), SECONDS).result(SECONDS)


def test_another_release_on_a_worker_is_told_to_the_operator(site: Site, tmp_path: Path) -> None:
    site.start_worker()
    (tmp_path / "attempt-1").mkdir()
    setting = Setting("dask_jobs:work", 2 << 30, (), (), ("/tmp",), version="0.0.7")
    cluster = Cluster(site.address, setting)
    with pytest.raises(Unavailable, match=r"runs Dropscore .*, and the daemon 0\.0\.7: install the same release"):
        cluster.submit(_bare(tmp_path), SECONDS).result(SECONDS)
    cluster.close(0.0)


def test_a_model_that_a_worker_does_not_see_is_told_with_its_path(
    site: Site, tmp_path: Path, penguins_bundle: Path
) -> None:
    site.start_worker()
    bundle = tmp_path / "penguins"
    shutil.copytree(penguins_bundle.parent if (penguins_bundle / "manifest.json").exists() else penguins_bundle, bundle)
    task = birds_in(tmp_path / "job", bundle)
    shutil.rmtree(bundle)
    with cluster_of(site) as cluster, pytest.raises(Unavailable, match="does not see the model") as caught:
        cluster.submit(task, SECONDS).result(SECONDS)
    assert task.bundle.path in caught.value.matter and "same path" in caught.value.matter


def test_who_has_no_dask_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "dropscore.workers.dask", None)
    with pytest.raises(Misconfigured, match=r"install dropscore\[dask\]"):
        hire(1, 1 << 30, [tmp_path], "tcp://127.0.0.1:1")
