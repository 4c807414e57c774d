"""What fails: every failure of the database is Unavailable, says what to do, and is over when its cause is."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from dropscore.domain.errors import Misconfigured, Unavailable
from dropscore.ledger import Ledger, note_of
from dropscore.ledger.tables import metadata
from ledgers import NOW, empty, fresh_database, job_id, line_to, receipt

SERVERS = ("postgresql", "mariadb")


def once_back(call: Callable[[], object]) -> None:
    """Call until the ledger has had its rest and answers."""
    until = time.monotonic() + 60
    while True:
        try:
            call()
            return
        except Unavailable:
            assert time.monotonic() < until
            time.sleep(0.05)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    opened = Ledger.open(f"sqlite:///{path}", busy_seconds=0.2)
    yield opened
    opened.close()


@pytest.fixture(scope="module", params=SERVERS)
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with fresh_database(request.param, tmp_path_factory.mktemp("ledger")) as made:
        yield made


@pytest.fixture
def server(database: str) -> str:
    ledger = Ledger.open(database)
    empty(ledger)
    ledger.close()
    return database


def test_sqlite_writes_ahead_and_syncs_every_commit(ledger: Ledger, path: Path) -> None:
    pragmas = "SELECT * FROM pragma_journal_mode, pragma_synchronous"
    found = ledger._database.read(lambda connection: connection.exec_driver_sql(pragmas).one())
    assert tuple(found) == ("wal", 2)


def test_locked_for_longer_than_the_wait(ledger: Ledger, path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    began = time.monotonic()
    with pytest.raises(Unavailable, match="is locked by another program") as failed:
        ledger.account(receipt(1))
    assert failed.value.key == "ledger"
    assert 0.15 < time.monotonic() - began < 2
    other.execute("COMMIT")
    other.close()
    once_back(lambda: ledger.account(receipt(1)))
    assert len(ledger.jobs()) == 1


def test_locked_for_less_than_the_wait(path: Path) -> None:
    ledger = Ledger.open(f"sqlite:///{path}", busy_seconds=5)
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.3, lambda: other.execute("COMMIT"))
    release.start()
    ledger.account(receipt(1))
    release.join()
    other.close()
    assert len(ledger.jobs()) == 1
    ledger.close()


def test_a_file_that_is_no_database(path: Path) -> None:
    path.write_bytes(b"id,name\n1,ana\n" * 500)
    ledger = Ledger(f"sqlite:///{path}")
    with pytest.raises(Unavailable, match=r"is no database, or a damaged one.*ledger rebuild"):
        ledger.jobs()
    path.unlink()
    assert ledger.jobs() == []
    ledger.close()


def test_damaged_pages(ledger: Ledger, path: Path) -> None:
    for number in range(300):
        ledger.account(receipt(number))
    ledger.close()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(path.stat().st_size - 8192))
    with pytest.raises(Unavailable, match=r"damaged.*ledger rebuild"):
        ledger.jobs()
        ledger.account(receipt(1000))


def test_a_file_that_was_removed_is_missed_and_not_made_anew(ledger: Ledger, path: Path) -> None:
    ledger.account(receipt(1))
    away = path.with_suffix(".away")
    for name in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        name.rename(str(name).replace(".sqlite", ".away"))
    for _ in range(2):
        with pytest.raises(Unavailable, match=r"is gone.*ledger rebuild"):
            ledger.account(receipt(2))
    assert not path.exists()
    for name in (away, Path(f"{away}-wal"), Path(f"{away}-shm")):
        name.rename(str(name).replace(".away", ".sqlite"))
    ledger.account(receipt(2))
    assert len(ledger.jobs()) == 2


def test_a_file_that_was_replaced_is_used(ledger: Ledger, path: Path, tmp_path: Path) -> None:
    ledger.account(receipt(1))
    backup = tmp_path / "backup.sqlite"
    source, copy = sqlite3.connect(path), sqlite3.connect(backup)
    source.backup(copy)
    source.close()
    copy.close()
    ledger.account(receipt(2))
    for name in (Path(f"{path}-wal"), Path(f"{path}-shm")):
        name.unlink()
    backup.rename(path)
    assert [row.job for row in ledger.jobs()] == [job_id(1)]


def test_a_folder_that_is_not_there_and_one_that_may_not_be_written(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path / 'no' / 'ledger.sqlite'}")
    with pytest.raises(Unavailable, match=r"cannot be opened.*folder exists"):
        ledger.jobs()
    (tmp_path / "no").mkdir()
    assert ledger.jobs() == []
    ledger.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
def test_a_full_disk_stops_and_harms_nothing(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], check=True)
    try:
        ledger = Ledger.open(f"sqlite:///{disk / 'ledger.sqlite'}")
        ledger.account(receipt(0))
        filler = disk / "filler"
        filler.write_bytes(b"x" * (shutil.disk_usage(disk).free - 65_536))
        with pytest.raises(Unavailable, match=r"disk is full|I/O error") as failed:
            for number in range(1, 500):
                ledger.account(receipt(number))
        assert "by itself" in failed.value.then
        filler.unlink()
        ledger.account(receipt(500))
        kept = [row.job for row in ledger.jobs(limit=1000)]
        assert kept[0] == job_id(500)
        assert len(kept) == len(set(kept)) > 1
        check = ledger._database.read(lambda connection: connection.exec_driver_sql("PRAGMA integrity_check").scalar())
        assert check == "ok"
        ledger.close()
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_nothing_is_opened_before_it_is_used_and_a_server_may_come_later(server: str) -> None:
    with line_to(server) as (line, url):
        port = line.port
    ledger = Ledger(url, busy_seconds=1)
    with pytest.raises(Unavailable, match="is away") as failed:
        ledger.account(receipt(1))
    assert f"on 127.0.0.1:{port}" in failed.value.matter
    ledger.close()


def test_a_cut_line_is_mended_without_a_word(server: str) -> None:
    with line_to(server) as (line, url):
        ledger = Ledger.open(url)
        ledger.account(receipt(1))
        line.cut()
        ledger.account(receipt(2))
        assert {row.job for row in ledger.jobs()} >= {job_id(1), job_id(2)}
        ledger.close()


def test_a_commit_whose_reply_is_lost_is_done_once(server: str) -> None:
    told = receipt(77)
    note = note_of(told)
    assert note is not None
    with line_to(server) as (line, url):
        ledger = Ledger.open(url)
        line.cut_after_commit, line.commits = 1, 0
        ledger.account(told, [note])
        assert line.cut_after_commit == 0  # it was cut
        assert line.commits >= 2  # and the whole was done again
        found = ledger.jobs(text=told.code)
        assert [row.job for row in found] == [told.job]
        assert [row.event for row in ledger.history(told.job)] == ["claimed", "delivered"]
        ledger.close()


def test_a_server_that_falls_silent_is_given_up_and_taken_up_again(server: str) -> None:
    with line_to(server) as (line, url):
        ledger = Ledger.open(url, busy_seconds=1)
        ledger.account(receipt(1))
        line.go_silent()
        began = time.monotonic()
        with pytest.raises(Unavailable, match="is away"):
            ledger.account(receipt(78))
        waited = time.monotonic() - began
        assert 1 <= waited < 30
        for _ in range(100):  # nobody waits once more, and it is said in the same words
            with pytest.raises(Unavailable, match="is away"):
                ledger.account(receipt(78))
        assert time.monotonic() - began < 2 * waited
        line.speak()
        once_back(lambda: ledger.account(receipt(78)))
        assert len(ledger.jobs(text=receipt(78).code)) == 1
        ledger.close()


def test_a_deadlock_is_repeated(server: str) -> None:
    notes = [note for note in map(note_of, (receipt(90), receipt(91))) if note]
    ledger = Ledger.open(server)
    ledger.owe(notes)
    rival = create_engine(server)
    with rival.connect() as connection:
        touch = text("UPDATE notifications SET attempts = attempts + 1 WHERE id = :id")
        connection.execute(touch, {"id": notes[1].id})
        marking = threading.Thread(target=ledger.sent, args=([notes[0].id, notes[1].id], NOW))
        marking.start()
        time.sleep(0.3)  # until the ledger holds the first and waits for the second
        try:
            connection.execute(touch, {"id": notes[0].id})
            connection.commit()
        except OperationalError:
            connection.rollback()  # the rival was chosen to give way
        marking.join(20)
    assert not marking.is_alive()
    assert ledger.owing() == 0
    rival.dispose()
    ledger.close()


def test_lost_tables_are_said_and_made_again(server: str) -> None:
    name = make_url(server).database
    assert name is not None
    ledger = Ledger.open(server)
    admin = create_engine(server)
    with admin.begin() as connection:
        connection.execute(text("DROP VIEW wp_records"))
        for table in (*metadata.tables, "ledger_version"):
            connection.execute(text(f"DROP TABLE {table}"))
    with pytest.raises(Unavailable, match="has lost its tables"):
        ledger.jobs()
    ledger.account(receipt(1))
    assert len(ledger.jobs()) == 1
    admin.dispose()
    ledger.close()


@pytest.mark.parametrize(
    "url", ["postgresql://who:s3cr3t-c4n4ry@127.0.0.1:1/x", "mysql://who:s3cr3t-c4n4ry@127.0.0.1:1/x"]
)
def test_a_password_is_in_no_message(url: str) -> None:
    ledger = Ledger(url, busy_seconds=1)
    with pytest.raises(Unavailable) as failed:
        ledger.jobs()
    told = [str(failed.value), repr(failed.value), repr(failed.value.__cause__), ledger.described]
    assert "database 'x' on 127.0.0.1:1" in told[0]
    assert not any("c4n4ry" in text for text in told)


@pytest.mark.parametrize("url", ["no url", "oracle://x", "nonsense+driver://x:s3cr3t@y/z", "sqlite+nodriver:///x"])
def test_a_wrong_url_is_the_operators_fault(url: str) -> None:
    with pytest.raises(Misconfigured) as failed:
        Ledger(url)
    assert "s3cr3t" not in str(failed.value)
