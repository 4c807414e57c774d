"""`notify run` and `notify test`, against a real web server on loopback."""

import json
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from cli_root import DROPSCORE, House, keep, make_house, process, receipt
from dropscore.domain.notes import Note, NoteKind
from dropscore.receipt import Event


class Hook:
    """Takes what is posted, and answers as it is told."""

    def __init__(self) -> None:
        self.posted: list[dict[str, str]] = []
        self.code = 200
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.posted.append(json.loads(body))
                self.send_response(hook.code)
                self.end_headers()

            def log_message(self, *arguments: object) -> None:
                return

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"json://127.0.0.1:{self.server.server_port}/canary"


@pytest.fixture
def hook() -> Iterator[Hook]:
    made = Hook()
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


@pytest.fixture
def house(tmp_path: Path, hook: Hook) -> House:
    lines = f'owners = ["{hook.url}"]\n[notify]\ngroup_seconds = 0\noperators = ["{hook.url}/ops"]'
    return make_house(tmp_path / "r", lines)


def owe(house: House) -> str:
    """Owe the owners one message of a finished job; return the job's id."""
    done = receipt("sales.csv")
    keep(house, done)
    ledger = house.ledger()
    at = datetime.now(UTC).isoformat()
    facts = {"job": done.job, "code": done.code, "name": done.name}
    ledger.owe([Note(id=f"delivered:{done.job}", kind=NoteKind.DELIVERED, route="default", at=at, **facts)])
    ledger.close()
    return done.job


def owing(house: House) -> int:
    ledger = house.ledger()
    try:
        return ledger.owing()
    finally:
        ledger.close()


def test_once_sends_what_is_owed_and_keeps_that_it_was_sent(house: House, hook: Hook) -> None:
    job = owe(house)
    found = process("notify", "run", "--once", "--config", house.config)
    assert (found.returncode, found.stdout) == (0, "")
    assert len(hook.posted) == 1
    assert "sales.csv" in hook.posted[0]["title"]
    event = Event.model_validate_json(house.root.events(job).read_bytes())
    assert (event.event, event.notification) == ("notified", f"delivered:{job}")
    assert owing(house) == 0
    assert "canary" not in found.stderr


def test_the_notifier_runs_until_it_is_told_to_stop(house: House, hook: Hook) -> None:
    house.ledger().close()
    with subprocess.Popen(
        [DROPSCORE, "notify", "run", "--config", house.config], stderr=subprocess.PIPE, text=True
    ) as child:
        try:
            owe(house)
            until = time.monotonic() + 20
            while owing(house) and time.monotonic() < until:
                time.sleep(0.05)
            assert owing(house) == 0
        finally:
            child.send_signal(signal.SIGTERM)
            _, talk = child.communicate(timeout=20)
    assert child.returncode == 0
    assert "canary" not in talk
    assert len(hook.posted) == 1


def test_test_reaches_every_address(house: House, hook: Hook) -> None:
    result = house.call("notify", "test")
    assert result.exit_code == 0, result.output
    rows = [line.split("\t") for line in result.stdout.splitlines()]
    assert [(row[0], row[2]) for row in rows] == [("for", ""), ("operators", "sent"), ("owners of default", "sent")]
    assert len(hook.posted) == 2
    assert "canary" not in result.output


def test_test_says_which_address_fails(house: House, hook: Hook) -> None:
    hook.code = 500
    result = house.call("notify", "test", "--json")
    assert result.exit_code == 1
    assert [one["ok"] for one in json.loads(result.stdout)] == [False, False]


def test_test_without_an_address(tmp_path: Path) -> None:
    result = make_house(tmp_path / "other").call("notify", "test")
    assert result.exit_code == 1
    assert "No address is configured" in result.stderr
