"""The loop, and trying every address."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog

from dropscore.domain.notes import Recipients
from dropscore.ledger import Ledger, note_of
from dropscore.notifier import loop
from dropscore.notifier.rounds import Manner
from ledgers import receipt
from listeners import mail_server, webhook


@pytest.fixture
def said() -> Iterator[io.StringIO]:
    kept = structlog.get_config()
    out = io.StringIO()
    structlog.configure(
        processors=[structlog.processors.JSONRenderer()],
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    yield out
    structlog.configure(**kept)


def until(true: Callable[[], bool]) -> None:
    ends = time.monotonic() + 20
    while not true():
        assert time.monotonic() < ends
        time.sleep(0.02)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Callable[[Recipients], list[int]]]:
    stop = threading.Event()
    threads: list[threading.Thread] = []

    def start(who: Recipients) -> list[int]:
        beats: list[int] = []

        def work() -> None:
            ledger = Ledger(f"sqlite:///{tmp_path / 'state' / 'ledger.sqlite'}")
            manner = Manner(group_seconds=0, urgent_seconds=0)
            loop.run(ledger, who, manner, stop, alive=lambda memory: beats.append(1))
            ledger.close()

        threads.append(threading.Thread(target=work))
        threads[0].start()
        return beats

    yield start
    stop.set()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


def test_the_loop_outlives_a_missing_ledger_and_a_refusing_server(
    tmp_path: Path, said: io.StringIO, running: Callable[[Recipients], list[int]]
) -> None:
    with webhook() as hook:
        hook.status = 503
        beats = running(Recipients(owners={"credit": (hook.url("c4n4ry?+X-Key=c4n4ry2"),)}))
        until(lambda: "the ledger is away" in said.getvalue())
        (tmp_path / "state").mkdir()
        ledger = Ledger.open(f"sqlite:///{tmp_path / 'state' / 'ledger.sqlite'}")
        note = note_of(receipt(1, claimed=datetime.now(UTC)))
        assert note is not None
        ledger.owe([note])
        until(lambda: "not told" in said.getvalue())
        assert ledger.owing() == 1
        hook.status = 200
        until(lambda: ledger.owing() == 0)
        assert len(hook.taken) == 1
        assert beats
        ledger.close()
    told = said.getvalue()
    assert "the ledger is back" in told
    assert '"code": "K0000001"' in told
    assert "c4n4ry" not in told


def test_the_loop_ends_at_once_when_it_is_told_to(running: Callable[[Recipients], list[int]], tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    beats = running(Recipients())
    until(lambda: bool(beats))  # the fixture then stops it, and waits


def test_a_test_message_goes_to_everybody_once_and_each_answer_is_told() -> None:
    with mail_server() as mails, webhook() as hook:
        away = "json://127.0.0.1:1/c4n4ry"
        who = Recipients(
            operators=(away,), owners={"credit": (mails.url("boss@example.org"),)}, senders={"ana": (hook.url("t"),)}
        )
        found = {tried.who: tried for tried in loop.send_test(who, Manner())}
        assert [mail["subject"] for mail in mails.taken] == ["TEST: Dropscore can reach you"]
        assert "sender ana" in hook.taken[0]["message"]
    assert found["owners of credit"].ok and found["sender ana"].ok
    assert not found["operators"].ok
    assert found["operators"].where == "json://127.0.0.1:1/***"
    assert "c4n4ry" not in repr(found)


def test_a_handshake_with_each_address_once() -> None:
    with mail_server() as mails:
        found = loop.handshake([mails.url(), mails.url(), "json://127.0.0.1:1/c4n4ry"])
        assert mails.taken == []
    assert [tried.ok for tried in found] == [True, False]
    assert "c4n4ry" not in repr(found)
