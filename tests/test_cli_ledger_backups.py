"""Backups as docs/database.md describes them: made, restored, and brought up to date from the kept receipts."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.engine import URL

from cli_root import House, make_house, receipt
from dropscore.domain.jobs import State
from dropscore.ledger import Ledger
from dropscore.receipt import Event, Receipt, dump
from ledgers import KINDS, fresh_database

TOOLS = {
    "sqlite": (),
    "postgresql": ("pg_dump", "pg_restore"),
    "mariadb": ("mariadb-dump", "mariadb"),
}


def keep(house: House, url: str, *receipts: Receipt) -> None:
    """Keep receipts and account them, as the daemon does."""
    with closing(Ledger(url)) as ledger:
        for one in receipts:
            path = house.root.kept_receipt(one.job)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(dump(one))
            ledger.account(one)


def trash(house: House, url: str, job: str) -> None:
    event = Event.model_validate({"at": receipt().times.claimed, "event": "trashed"})
    with house.root.events(job).open("ab") as file:
        file.write(event.model_dump_json(exclude_none=True).encode() + b"\n")
    with closing(Ledger(url)) as ledger:
        ledger.record_event(job, event)


def content(url: str) -> tuple[Any, ...]:
    with closing(Ledger.open(url)) as ledger:
        rows = ledger.jobs(limit=100)
        told = {row.job: [(event.event, event.state) for event in ledger.history(row.job)] for row in rows}
        numbers = ledger._database.read(lambda c: c.execute(text("SELECT id, status_file FROM wp_records")).all())
        return rows, told, ledger.counts(), {int(number): status for number, status in numbers}


def call(*words: str | Path, **more: Any) -> None:
    ran = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False, **more)
    assert ran.returncode == 0, ran.stderr


def pg(url: URL) -> list[str]:
    return ["-h", str(url.host), "-p", str(url.port), "-U", str(url.username), "-d", str(url.database)]


def maria(url: URL) -> list[str]:
    return ["--no-defaults", f"--host={url.host}", f"--port={url.port}", f"--user={url.username}", str(url.database)]


def back_up(kind: str, url: URL, to: Path) -> None:
    if kind == "sqlite":
        with closing(sqlite3.connect(str(url.database))) as source, closing(sqlite3.connect(to)) as copy:
            source.backup(copy)  # what `.backup` of sqlite3 does
    elif kind == "postgresql":
        call("pg_dump", "--format=custom", "--file", to, *pg(url))
    else:
        call("mariadb-dump", "--no-defaults", "--single-transaction", f"--result-file={to}", *maria(url)[1:])


def restore(kind: str, url: URL, of: Path) -> None:
    if kind == "sqlite":
        for suffix in ("", "-wal", "-shm"):
            Path(f"{url.database}{suffix}").unlink(missing_ok=True)
        shutil.copy(of, str(url.database))
    elif kind == "postgresql":
        call("pg_restore", "--clean", "--if-exists", "--no-owner", *pg(url), of)
    else:
        with of.open("rb") as dumped:
            call("mariadb", *maria(url), stdin=dumped)


def lose(kind: str, url: URL) -> None:
    if kind == "sqlite":
        return
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        if kind == "postgresql":
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
        else:
            connection.execute(text(f"DROP DATABASE {url.database}"))
            connection.execute(text(f"CREATE DATABASE {url.database}"))
    engine.dispose()


@pytest.mark.parametrize("kind", KINDS)
def test_a_backup_is_restored_and_brought_up_to_date(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lacking = [tool for tool in TOOLS[kind] if not shutil.which(tool)]
    if lacking:
        pytest.skip(f"not installed: {', '.join(lacking)}")
    house = make_house(tmp_path / "r")
    with fresh_database(kind, tmp_path) as given:
        url = make_url(given)
        monkeypatch.setenv("DROPSCORE_LEDGER__URL", given)
        first, second, third = (receipt(f"{name}.csv") for name in "abc")
        keep(house, given, first, second)
        back_up(kind, url, tmp_path / "backup")
        trash(house, given, first.job)
        keep(house, given, third)
        before = content(given)
        lose(kind, url)
        restore(kind, url, tmp_path / "backup")
        old = content(given)
        assert {row.name for row in old[0]} == {"a.csv", "b.csv"}
        ran = house.call("ledger", "rebuild")
        assert ran.exit_code == 0, ran.output
        after = content(given)
        assert after[2] == before[2] == {State.DELIVERED: 2, State.TRASHED: 1}
        assert [row.job for row in after[0]] == [row.job for row in before[0]]
        assert {row.job: row.state for row in after[0]} == {row.job: row.state for row in before[0]}
        assert after[1] == before[1]
        assert len(after[3]) == 3 and {*old[3]} < {*after[3]}, "numbers that were given stay"


@pytest.mark.parametrize("kind", KINDS)
def test_a_ledger_that_is_lost_altogether_is_rebuilt(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = make_house(tmp_path / "r")
    with fresh_database(kind, tmp_path) as given:
        monkeypatch.setenv("DROPSCORE_LEDGER__URL", given)
        kept = [receipt(f"{number}.csv") for number in range(3)]
        keep(house, given, *kept)
        trash(house, given, kept[1].job)
        before = content(given)
        if kind == "sqlite":
            for name in tmp_path.glob("ledger.sqlite*"):
                name.unlink()
        lose(kind, make_url(given))
        ran = house.call("ledger", "rebuild")
        assert ran.exit_code == 0, ran.output
        after = content(given)
        assert {row.job: (row.state, row.code) for row in after[0]} == {
            row.job: (row.state, row.code) for row in before[0]
        }
        assert after[1:3] == before[1:3]
        codes = {line for path in (house.root.state / "codes").iterdir() for line in path.read_text().split()}
        assert codes == {one.code for one in kept}, "so that none of them is given again"
