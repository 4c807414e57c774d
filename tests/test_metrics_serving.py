"""The port: opened here or handed over, read by many at once, and closed again."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator

import pytest
from prometheus_client import CollectorRegistry, Counter

from dropscore.metrics import Exporter, handed_over, listening


@pytest.fixture
def exporter() -> Iterator[Exporter]:
    registry = CollectorRegistry()
    Counter("drops", "Drops.", registry=registry).inc(3)
    made = Exporter(registry, listening("127.0.0.1", 0))
    yield made
    made.close()


def read(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=")
        return str(answer.read().decode())


def test_it_is_read_over_http(exporter: Exporter) -> None:
    assert "drops_total 3.0" in read(exporter.port).splitlines()


def test_a_reader_that_says_nothing_stops_no_other(exporter: Exporter) -> None:
    with socket.create_connection(("127.0.0.1", exporter.port)):
        assert "drops_total 3.0" in read(exporter.port)


def test_a_reader_that_goes_away_is_no_news(exporter: Exporter, capfd: pytest.CaptureFixture[str]) -> None:
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", exporter.port)) as reader:
            reader.sendall(b"GET /metrics HTTP/1.1\r\n")
    assert "drops_total 3.0" in read(exporter.port)
    assert capfd.readouterr().err == ""


def test_closed_it_answers_nobody(exporter: Exporter) -> None:
    exporter.close()
    with pytest.raises(OSError):
        read(exporter.port)


def test_a_port_in_use_is_refused(exporter: Exporter) -> None:
    with pytest.raises(OSError):
        listening("127.0.0.1", exporter.port)


def test_no_socket_is_taken_that_was_meant_for_another() -> None:
    for environ in (
        {},
        {"LISTEN_PID": "1", "LISTEN_FDS": "1", "LISTEN_FDNAMES": "metrics"},
        {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "x"},
    ):
        assert handed_over(environ) is None
        assert environ == {}


_TAKING = """
import os, sys
from dropscore.metrics import handed_over
os.environ["LISTEN_PID"] = str(os.getpid())
found = handed_over(os.environ)
print(found.getsockname()[1] if found else 0, os.get_inheritable(3), os.get_inheritable(4), "LISTEN_FDS" in os.environ)
"""


@pytest.mark.parametrize(("names", "position"), [("metrics:other", 0), ("other:metrics", 1), ("a:b", None)])
def test_the_socket_that_systemd_names_is_taken_and_not_passed_on(names: str, position: int | None) -> None:
    opened = [listening("127.0.0.1", 0) for _ in range(2)]
    # Through numbers above, so that neither lies where the other is to go.
    call = ["bash", "-c", f'exec 20<&{opened[0].fileno()} 21<&{opened[1].fileno()} 3<&20 4<&21; exec "$0" -c "$1"']
    found = subprocess.run(
        [*call, sys.executable, _TAKING],
        pass_fds=[one.fileno() for one in opened],
        env={**os.environ, "LISTEN_FDS": "2", "LISTEN_FDNAMES": names},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    port = 0 if position is None else opened[position].getsockname()[1]
    assert found.stdout.split() == [str(port), "False", "False", "False"]
    for one in opened:
        one.close()
