"""The daemon's notifier: it ends with a daemon that was killed, and two of them never tell the same thing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from e2e.daemon import DROPSCORE, House, awaited, homes_csv, make_house, make_model, running


class Hook:
    """Takes what is posted, each after `delay` seconds; `stuck` answers nobody."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.told: list[str] = []
        self.delay = 0.0
        self.stuck = threading.Event()
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                hook.begun.append(body["title"])
                time.sleep(hook.delay)
                while hook.stuck.is_set():
                    time.sleep(0.05)
                hook.told.append(body["title"])
                try:
                    self.send_response(200)
                    self.end_headers()
                except OSError:
                    return  # whoever asked is gone

            def log_message(self, *arguments: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"json://127.0.0.1:{self.server.server_port}/hook?cto=60&rto=60"


@pytest.fixture
def hook() -> Iterator[Hook]:
    made = Hook()
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.stuck.clear()
    made.server.shutdown()
    thread.join()
    made.server.server_close()


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("model") / "price")


@pytest.fixture
def house(tmp_path: Path, model: Path, hook: Hook, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setenv("DROPSCORE_NOTIFY__GROUP_SECONDS", "0")
    monkeypatch.setenv("INVOCATION_ID", "1")  # as in every terminal of a desktop that systemd has started
    return make_house(tmp_path / "root", {"homes": f'owners = ["{hook.url}"]'}, model=model)


@contextmanager
def _killed_in_the_end(house: House) -> Iterator[subprocess.Popen[bytes]]:
    with house.log.open("ab") as log:
        process = subprocess.Popen([DROPSCORE, "run", "--config", house.config], stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def _started_by(parent: int, *words: str) -> list[int]:
    """Return the processes that a process has started, with these words in their command line."""
    try:
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        threads = [Path(path) for path in Path(f"/proc/{parent}/task").iterdir()]
        children = [pid for thread in threads for pid in (thread / "children").read_text().split()]
    except FileNotFoundError:
        return []
    return [int(pid) for pid in children if all(word in _command(int(pid)) for word in words)]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _notifier_of(house: House, daemon: int) -> int:
    return awaited(lambda: _started_by(daemon, "notify", "run"), "the notifier", house.log)[0]


def _await_end(house: House, pid: int) -> None:
    awaited(lambda: not _command(pid), f"process {pid} to end", house.log)


def test_a_killed_daemon_s_notifier_ends(house: House) -> None:
    with _killed_in_the_end(house) as daemon:
        notifier = _notifier_of(house, daemon.pid)
        awaited(lambda: "the notifier runs" in house.log.read_text(), "the notifier to run", house.log)
    _await_end(house, notifier)


def test_it_ends_where_the_daemon_was_killed_before_it_had_begun(house: House) -> None:
    with _killed_in_the_end(house) as daemon:
        notifier = _notifier_of(house, daemon.pid)
    _await_end(house, notifier)
    assert "the notifier runs" not in house.log.read_text(), "it had begun: the test proves nothing"


def test_it_ends_while_a_server_does_not_answer_and_so_does_what_sends(house: House, hook: Hook) -> None:
    hook.stuck.set()
    with _killed_in_the_end(house) as daemon:
        (house.root / "inbox" / "homes" / "sales.csv").write_text(homes_csv(3))
        notifier = _notifier_of(house, daemon.pid)
        awaited(lambda: hook.begun, "a message to be sent", house.log)
        (sends,) = awaited(lambda: _started_by(notifier, "notifier.send"), "what sends it", house.log)
    _await_end(house, notifier)
    _await_end(house, sends)


def test_the_next_daemon_s_notifier_tells_nothing_twice(house: House, hook: Hook) -> None:
    hook.delay = 2.0
    with _killed_in_the_end(house) as daemon:
        (house.root / "inbox" / "homes" / "sales.csv").write_text(homes_csv(3))
        first = _notifier_of(house, daemon.pid)
        awaited(lambda: hook.begun, "a message to be sent", house.log)
    with running(house) as daemon:
        assert _command(first), "it had ended before the next began: the test proves nothing"
        second = _notifier_of(house, daemon.pid)
        (house.root / "inbox" / "homes" / "more.csv").write_text(homes_csv(4))
        awaited(lambda: len(hook.told) >= 2, "both messages", house.log)
        assert second != first
    assert len(hook.begun) == 2 and "sales.csv" in hook.told[0] and "more.csv" in hook.told[1]


def test_what_sends_ends_with_a_notifier_that_is_killed(house: House, hook: Hook) -> None:
    hook.stuck.set()
    with running(house) as daemon:
        (house.root / "inbox" / "homes" / "sales.csv").write_text(homes_csv(3))
        notifier = _notifier_of(house, daemon.pid)
        awaited(lambda: hook.begun, "a message to be sent", house.log)
        (sends,) = awaited(lambda: _started_by(notifier, "notifier.send"), "what sends it", house.log)
        os.kill(notifier, signal.SIGKILL)
        _await_end(house, sends)
        hook.stuck.clear()
        awaited(lambda: len(hook.begun) == 2, "the message to be sent again by the next notifier", house.log)
