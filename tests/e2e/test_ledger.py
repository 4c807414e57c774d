"""The real daemon with its ledger on a real server: stopped, killed, cut off, full. Publishing goes on all the same."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dropscore.ledger import Ledger
from e2e.daemon import House, awaited, homes_csv, make_house, make_model, running
from e2e.databases import PASSWORD, Server, children, database_server, missing_for
from ledgers import line_to

pytestmark = pytest.mark.root
MANY = 30
"""More than may be at work at once."""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("model") / "price")


@pytest.fixture(scope="module", params=["postgresql", "mariadb"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server on a disk of its own, which is small."""
    why = missing_for(request.param)
    if why:
        pytest.skip(why)
    disk = Path("/run") / f"dropscore-{request.param}-{os.getpid()}"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400m", "tmpfs", disk], check=True)
    try:
        with database_server(request.param, disk / "server") as started:
            yield started
    finally:
        # A server's last children may not have ended yet: the mount goes with them.
        subprocess.run(["umount", "--lazy", disk], check=True)
        disk.rmdir()


@pytest.fixture
def house(tmp_path: Path, model: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> House:
    server.ask("DROP DATABASE dropscore", database=None)
    server.ask("CREATE DATABASE dropscore", database=None)
    use(server.url, tmp_path, monkeypatch)
    return make_house(tmp_path / "root", {"homes": ""}, model=model)


def use(url: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Name the ledger as an operator does: in a file."""
    (folder / "url").write_text(f"{url}\n")
    (folder / "url").chmod(0o600)
    monkeypatch.setenv("DROPSCORE_LEDGER__URL_FILE", str(folder / "url"))


def drop(house: House, begin: str, many: int = MANY) -> None:
    for number in range(many):
        partial = house.root / "inbox" / "homes" / f".{begin}{number:02}"
        partial.write_text(homes_csv(5))
        partial.rename(partial.with_name(f"{begin}{number:02}.csv"))


def published(house: House, begin: str) -> int:
    return len(list((house.root / "outbox" / "homes").glob(f"{begin}*.json")))


def awaited_all(house: House, begin: str, many: int = MANY) -> None:
    awaited(lambda: published(house, begin) == many, f"{many} receipts of {begin}", house.log)


def assert_accounted(house: House, url: str, many: int) -> None:
    """One row for each drop, with its code; one message owed for each; nothing at work any more."""
    awaited(house.at_rest, "all to be accounted for", house.log)
    ledger = Ledger.open(url)
    try:
        rows = ledger.jobs(limit=1000)
        assert Counter(row.name for row in rows) == Counter({row.name: 1 for row in rows})
        receipts = [json.loads(path.read_bytes()) for path in house.root.glob("outbox/homes/*.json")]
        assert {(row.job, row.code, row.verdict) for row in rows} == {
            (one["job"], one["code"], one["verdict"]) for one in receipts
        }
        assert len(rows) == many
        for row in rows:
            assert [event.event for event in ledger.history(row.job)] == ["claimed", "delivered"]
    finally:
        ledger.close()


def incidents(house: House) -> set[str]:
    return {
        incident["key"] for incident in json.loads((house.root / "state" / "status.json").read_bytes())["incidents"]
    }


def assert_turning(house: House) -> None:
    """The daemon's loop goes round: its watchdog would not bite."""
    written = json.loads((house.root / "state" / "status.json").read_bytes())["written"]
    age = datetime.now(UTC) - datetime.fromisoformat(written)
    assert age.total_seconds() < 40, house.log.read_text()[-3000:]


def test_a_server_that_is_stopped_in_the_middle(house: House, server: Server) -> None:
    with running(house):
        drop(house, "a", 3)
        awaited_all(house, "a", 3)
        awaited(house.at_rest, "the first ones", house.log)
        server.send(signal.SIGSTOP)
        try:
            drop(house, "b")
            awaited_all(house, "b")
            awaited(lambda: "ledger" in incidents(house), "the ledger to be missed", house.log)
            assert_turning(house)
            drop(house, "c", 3)
            awaited_all(house, "c", 3)
            assert_turning(house)
        finally:
            server.send(signal.SIGCONT)
        assert_accounted(house, server.url, MANY + 6)
        awaited(lambda: "ledger" not in incidents(house), "the incident to be over", house.log)


def test_a_server_that_is_killed_and_started_again(house: House, server: Server) -> None:
    with running(house):
        drop(house, "a", 10)
        awaited(lambda: published(house, "a") > 2, "some receipts", house.log)
        server.kill()
        drop(house, "b")
        awaited_all(house, "a", 10)
        awaited_all(house, "b")
        server.start()
        assert_accounted(house, server.url, MANY + 10)


def test_a_server_that_is_away_at_the_start(house: House, server: Server) -> None:
    server.kill()
    try:
        with running(house):
            drop(house, "a", 5)
            awaited_all(house, "a", 5)
            server.start()
            assert_accounted(house, server.url, 5)
    finally:
        if server.process is not None and server.process.poll() is not None:
            server.start()


def test_replies_to_commits_that_are_lost(
    house: House, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with line_to(server.url) as (line, url):
        use(url, tmp_path, monkeypatch)
        with running(house):
            drop(house, "a", 3)
            awaited_all(house, "a", 3)
            for number in range(10):
                line.cut_after_commit = 1
                drop(house, f"b{number}-", 2)
                awaited_all(house, f"b{number}-", 2)
            assert_accounted(house, server.url, 23)
        assert line.commits > 30 - line.cut_after_commit


def test_a_server_whose_disk_is_full(house: House, server: Server) -> None:
    filler = server.folder.parent / "filler"
    with running(house):
        drop(house, "a", 2)
        awaited_all(house, "a", 2)
        awaited(house.at_rest, "the first ones", house.log)
        try:
            with filler.open("wb") as file:
                while free := shutil.disk_usage(filler.parent).free:
                    file.write(b"x" * min(free, 1 << 20))
                    file.flush()
        except OSError:
            pass  # as full as can be
        try:
            for number in range(40):
                drop(house, f"b{number:02}-", MANY)
                awaited_all(house, f"b{number:02}-")
                if "ledger" in incidents(house):
                    break
            else:
                pytest.fail("the server never ran out of room")
            many = 2 + MANY * (number + 1)
            assert_turning(house)
        finally:
            filler.unlink()
        if server.process is not None and server.process.poll() is not None:
            server.start()  # PostgreSQL panics where it cannot write ahead; its operator starts it again
        awaited(lambda: "ledger" not in incidents(house), "the ledger to be back", house.log)
        assert_accounted(house, server.url, many)


def test_the_password_is_nowhere(house: House, server: Server, tmp_path: Path) -> None:
    told = []
    with running(house) as daemon:
        drop(house, "a", 1)
        awaited_all(house, "a", 1)
        awaited(house.at_rest, "it to be accounted for", house.log)
        told += [house.call("config", "show"), house.call("config", "show", "--json"), house.call("doctor", "--json")]
        told += [house.call("status", "--json"), house.call("jobs", "--json")]
        for process in [daemon.pid, *children(daemon.pid)]:
            told.append(Path(f"/proc/{process}/cmdline").read_text())
        assert any(str(server.port) in text for text in told)  # it is the server that they speak of
        server.kill()
        drop(house, "b", 1)
        awaited_all(house, "b", 1)
        awaited(lambda: "ledger" in incidents(house), "the ledger to be missed", house.log)
        told += [house.call("status"), house.call("doctor", code=1), house.call("jobs", code=1)]
        server.start()
    told += [house.log.read_text(), *(path.read_text() for path in house.root.glob("state/*.json"))]
    assert "the ledger is away" in house.log.read_text() or "is away" in house.log.read_text()
    assert not [text for text in told if PASSWORD in text]
