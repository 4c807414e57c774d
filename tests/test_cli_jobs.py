"""`status`, `jobs`, `show`: what an operator reads."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest

from cli_root import House, daemon, keep, make_house, receipt
from dropscore.cli.jobs import moment_of
from dropscore.domain.jobs import Verdict
from dropscore.journal import Claim
from dropscore.receipt import Event, Sender, dump


@pytest.fixture
def house(tmp_path: Path) -> House:
    return make_house(tmp_path / "r", '[routes.credit]\nmodel = "absent"')


STATUS = {
    "scanned": datetime.now(UTC).isoformat(),
    "written": datetime.now(UTC).isoformat(),
    "jobs": [
        {"job": "J", "code": "K7F2QXM4", "route": "credit", "name": "a.csv", "stage": "work", "waits_for": "",
         "held": "", "progress": {"rows": 100_000, "bytes": 50, "total": 100}},
        {"job": "K", "code": "K7F2QXM5", "route": "credit", "name": "b.csv", "stage": "stage",
         "waits_for": "disk:outbox/credit", "held": ""},
    ],
    "waiting": [
        {"route": "credit", "folder": "/x", "name": "c.csv", "waiting": "growing", "why": "It still grows."}
    ],
    "waiting_count": 1,
    "incidents": [
        {"key": "disk:outbox/credit", "matter": "No space left on device.", "then": "Make room.",
         "since": "2027-01-02T03:04:05+00:00"}
    ],
}  # fmt: skip


def test_status_of_a_running_daemon(house: House) -> None:
    keep(house, receipt(), receipt(verdict=Verdict.REJECTED))
    with daemon(house, status=STATUS):
        result = house.call("status")
        document = house.json("status")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "Running since 2027-01-02 03:04:05 (process 4000000 on here)."
    assert "Unavailable since 2027-01-02 03:04:05: No space left on device. Make room." in lines
    assert "K7F2QXM4\tcredit\ta.csv\twork\t100,000 rows, 50 %" in lines
    assert "K7F2QXM5\tcredit\tb.csv\tstage, waits for disk:outbox/credit\t" in lines
    assert "credit\tc.csv\tIt still grows." in lines
    assert "Jobs: 1 delivered, 1 rejected" in lines
    assert document["running"] is True
    assert document["jobs"] == {"delivered": 1, "rejected": 1}
    assert document["status"]["waiting_count"] == 1


def test_status_without_a_daemon_is_10_and_shows_nothing_stale(house: House) -> None:
    with daemon(house, status=STATUS):
        pass
    claim = Claim(
        job="01J00000000000000000000000", code="K7F2QXM4", route="credit", name="a.csv", name_base64="YS5jc3Y=",
        sender=Sender(name="ana"), claimed=datetime.now(UTC),
    )  # fmt: skip
    (house.root.job(claim.job)).mkdir()
    (house.root.job(claim.job) / "claim.json").write_bytes(dump(claim))
    result = house.call("status")
    assert result.exit_code == 10
    assert "Not running" in result.stdout
    assert "1 job left in processing/" in result.stdout
    assert "It still grows" not in result.stdout
    document = house.json("status")
    assert (document["running"], document["status"], document["left_at_work"]) == (False, None, ["K7F2QXM4"])


def test_status_while_the_ledger_is_away(house: House) -> None:
    house.root.ledger.write_bytes(b"this is no database" * 100)
    with daemon(house, status=STATUS):
        result = house.call("status")
    assert result.exit_code == 0
    assert "Ledger: The ledger" in result.stdout


def test_jobs_by_state_route_sender_text_and_time(house: House) -> None:
    old = receipt("old.csv")
    now = datetime.now(UTC)
    fresh = receipt(
        "fresh.csv", Verdict.REJECTED, route="credit", sender=Sender(name="ben"),
        times=old.times.model_copy(update={"claimed": now, "published": now + timedelta(seconds=2)}),
    )  # fmt: skip
    keep(house, old, fresh)

    def names(*arguments: str) -> list[str]:
        return [row["name"] for row in house.json("jobs", *arguments)]

    assert names("--since", "2026-01-01") == ["old.csv", "fresh.csv"] or names() == ["fresh.csv", "old.csv"]
    assert names("--state", "rejected") == ["fresh.csv"]
    assert names("--route", "default") == ["old.csv"]
    assert names("--sender", "ben") == ["fresh.csv"]
    assert names("--text", "old") == ["old.csv"]
    assert len(names("--limit", "1")) == 1
    lines = house.call("jobs", "--text", "old").stdout.splitlines()
    assert lines[0].split("\t")[:4] == ["code", "state", "route", "file"]
    assert lines[1].split("\t") == [
        old.code, "delivered", "default", "old.csv", "3", "0", "ana", "2027-01-02 03:04:05", "2.0",
    ]  # fmt: skip


def test_since_is_so_long_ago_or_a_date() -> None:
    assert abs(datetime.now(UTC) - timedelta(hours=24) - moment_of("24h", "UTC")) < timedelta(seconds=5)
    assert moment_of("2027-03-01", "Europe/Madrid").isoformat() == "2027-03-01T00:00:00+01:00"
    with pytest.raises(click.UsageError):
        moment_of("yesterday", "UTC")


def test_show_tells_a_job_from_drop_to_result(house: House) -> None:
    bad = receipt("sales.csv", Verdict.REJECTED, todo="Mend it.")
    keep(house, bad)
    ledger = house.ledger()
    ledger.record_event(bad.job, Event(at=datetime(2027, 2, 1, tzinfo=UTC), event="trashed", by="ops"))
    ledger.close()
    result = house.call("show", bad.code.lower())
    assert result.exit_code == 0
    text = result.stdout
    assert f"{bad.code}  ({bad.job})" in text
    assert "sales.csv, 12 B, from ana" in text
    assert "State:     trashed" in text
    assert "Nothing was scored. Mend it." in text
    assert "3 rows: 0 scored, 3 set aside" in text
    assert "(taken away)" in text
    assert "- 1 cell of income is no number." in text
    assert "B3\t3\tincome\t�[31mx�\ta number\t" in text.splitlines()
    assert "trashed, by ops" in text
    document = house.json("show", bad.job)
    assert document["receipt"]["code"] == bad.code
    assert document["job"]["state"] == "trashed"
    assert [event["event"] for event in document["history"]][-1] == "trashed"


def test_show_of_a_job_at_work(house: House) -> None:
    working = receipt(verdict=None, files=())
    folder = house.root.job(working.job)
    folder.mkdir()
    claim = Claim(
        job=working.job, code=working.code, route="default", name=working.name, name_base64="YQ==",
        sender=working.sender, claimed=datetime.now(UTC),
    )  # fmt: skip
    (folder / "claim.json").write_bytes(dump(claim))
    (folder / "receipt.json").write_bytes(dump(working))
    assert "State:     working" in house.call("show", working.code).stdout


def test_show_of_nothing_is_refused(house: House) -> None:
    keep(house, receipt())
    result = house.call("show", "AAAAAAAA")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "there is no job AAAAAAAA" in result.stderr


def test_a_receipt_that_is_gone_still_has_its_row(house: House) -> None:
    one = receipt()
    keep(house, one)
    house.root.kept_receipt(one.job).unlink()
    assert "no longer kept" in house.call("show", one.code).stdout
