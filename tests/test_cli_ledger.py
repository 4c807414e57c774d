"""`ledger rebuild`: from kept receipts, and never while a daemon holds the root."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli_root import House, daemon, keep, make_house, receipt
from dropscore.cli.ledger import _is_damaged
from dropscore.domain.jobs import State
from dropscore.receipt import Event
from ledgers import KINDS, fresh_database


@pytest.fixture
def house(tmp_path: Path) -> House:
    return make_house(tmp_path / "r")


def happen(house: House, job: str, event: str, notification: str | None = None) -> None:
    line = Event.model_validate({"at": datetime(2027, 2, 1, tzinfo=UTC), "event": event, "notification": notification})
    with house.root.events(job).open("ab") as file:
        file.write(line.model_dump_json(exclude_none=True).encode() + b"\n")


def test_a_lost_ledger_comes_back(house: House) -> None:
    first, second = receipt("a.csv"), receipt("b.csv")
    keep(house, first, second)
    happen(house, second.job, "trashed")
    with house.root.events(second.job).open("ab") as file:
        file.write(b'{"at": "2027-')  # torn by a power cut
    house.root.ledger.unlink()
    result = house.call("ledger", "rebuild")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("2 jobs and 1 event restored")
    ledger = house.ledger()
    try:
        states = {row.name: row.state for row in ledger.jobs()}
        assert states == {"a.csv": State.DELIVERED, "b.csv": State.TRASHED}
        assert ledger.job(first.code) is not None
    finally:
        ledger.close()


def test_a_damaged_one_is_set_aside_and_not_removed(house: House) -> None:
    keep(house, receipt("a.csv"))
    house.root.ledger.write_bytes(b"\0" * 5000)
    result = house.call("ledger", "rebuild", "--json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["jobs"] == 1
    aside = Path(document["set_aside"])
    assert aside.read_bytes() == b"\0" * 5000
    assert aside.name.startswith("ledger.sqlite.damaged-")


def test_a_sound_one_is_kept_and_brought_up_to_date(house: House) -> None:
    keep(house, receipt("a.csv"))
    document = json.loads(house.call("ledger", "rebuild", "--json").stdout)
    assert (document["jobs"], document["set_aside"]) == (1, None)


def test_a_locked_one_is_not_called_damaged(house: House) -> None:
    keep(house, receipt("a.csv"))
    with closing(sqlite3.connect(house.root.ledger)) as other:
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        assert not _is_damaged(house.root.ledger, patience=0.1)


def test_a_receipt_that_cannot_be_read_is_named(house: House) -> None:
    good, torn = receipt("a.csv"), receipt("b.csv")
    keep(house, good, torn)
    house.root.kept_receipt(torn.job).write_bytes(b'{"receipt": 1')
    result = house.call("ledger", "rebuild")
    assert result.exit_code == 1
    assert result.stdout.startswith("1 job and")
    assert house.root.relative(house.root.kept_receipt(torn.job)) in result.stderr


def test_not_while_a_daemon_holds_the_root(house: House) -> None:
    with daemon(house):
        result = house.call("ledger", "rebuild")
    assert result.exit_code == 11
    assert "process 4000000 on here" in result.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_a_ledger_is_copied_by_urls_in_files(
    house: House, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(house, receipt("a.csv"), receipt("b.csv"))
    with fresh_database(kind, tmp_path) as url:
        secret = tmp_path / "url"
        secret.write_text(f"{url}\n")
        own = f"sqlite:///{house.root.ledger}"
        first = house.call("ledger", "copy", own, f"@{secret}")
        assert first.exit_code == 0, first.output
        assert first.stdout == "2 jobs, 4 events and 0 messages are in both; 8 rows written.\n"
        assert url not in first.output
        again = json.loads(house.call("ledger", "copy", own, f"@{secret}", "--json").stdout)
        assert (again["jobs"], again["written"], again["from"]) == (2, 0, str(house.root.ledger))
        back = house.call("ledger", "copy", f"@{secret}", f"sqlite:///{tmp_path / 'other.sqlite'}", "--json")
        assert json.loads(back.stdout)["jobs"] == 2
        monkeypatch.setenv("WHERE_THE_LEDGER_IS", url)
        assert house.call("ledger", "copy", own, "env:WHERE_THE_LEDGER_IS").exit_code == 0
        assert house.call("ledger", "copy", own, "env:NO_SUCH_VARIABLE").exit_code == 12
        with daemon(house):
            assert house.call("ledger", "copy", own, f"@{secret}").exit_code == 11
            other = house.call("ledger", "copy", f"@{secret}", f"sqlite:///{tmp_path / 'third.sqlite'}")
            assert other.exit_code == 0, other.output  # none of them is the daemon's


def test_a_copy_that_cannot_be_says_why_and_tells_no_password(house: House, tmp_path: Path) -> None:
    own = f"sqlite:///{house.root.ledger}"
    missing = house.call("ledger", "copy", own, f"@{tmp_path / 'none'}")
    assert missing.exit_code == 1
    assert str(tmp_path / "none") in missing.stderr
    keep(house, receipt("a.csv"))
    away = house.call("ledger", "copy", own, "postgresql://who:s3cr3t-c4n4ry@127.0.0.1:1/x")
    assert away.exit_code == 1
    assert "database 'x' on 127.0.0.1:1" in away.stderr
    assert "c4n4ry" not in away.output
    onto_itself = house.call("ledger", "copy", own, own)
    assert onto_itself.exit_code == 1
    assert "the same ledger" in onto_itself.stderr
