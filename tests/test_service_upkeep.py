"""The daemon looks after itself once a day, in small steps, and operators hear of a difference once, and of its end."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest

from dropscore.domain.errors import Unavailable
from dropscore.folders import now_utc
from dropscore.service import Daily, Limit, Place, Retention, findings, upkeep
from dropscore.service.daily import next_time
from dropscore.service.job import Stage, any_at_work
from service_house import House, aged, kept_up, make_house

MONTH = Retention({Place.ARCHIVE: Limit(days=30)})


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = make_house(tmp_path)
    house.drop()
    house.turn()
    house.plan = replace(house.plan, daily=Daily(retention=MONTH))
    return house


def _notes(house: House) -> list[tuple[str, str, str]]:
    """Return kind, sentence and remedy of what operators are owed, in order."""
    with closing(sqlite3.connect(house.root.ledger)) as connection:
        rows = connection.execute(
            "select kind, payload from notifications where kind in ('unavailable', 'recovered') order by created, rowid"
        ).fetchall()
    told = [(kind, json.loads(payload)) for kind, payload in rows]
    return [(kind, payload["sentence"], payload["todo"]) for kind, payload in told]


def _pass(house: House, seconds: float) -> None:
    """Let time pass in steps in which a daemon would look."""
    until = house.now + seconds
    while house.now < until:
        house.now += 5.0
        house.service.work_once(taking=True)
        if house.service._upkeep._chunk is not None:
            house.service._upkeep._chunk.exception(timeout=60)


@pytest.mark.parametrize(
    ("last", "due"),
    [
        ("2027-01-02T03:29:00+00:00", "2027-01-02T03:30:00+00:00"),
        ("2027-01-02T03:30:00+00:00", "2027-01-03T03:30:00+00:00"),
        ("2027-01-02T22:00:00+00:00", "2027-01-03T03:30:00+00:00"),
    ],
)
def test_once_a_day_at_a_time_of_day(last: str, due: str) -> None:
    assert next_time(Daily(), datetime.fromisoformat(last)) == datetime.fromisoformat(due)


def test_the_time_is_that_of_peoples_clock_whatever_is_done_to_it() -> None:
    madrid = Daily(at=time(2, 30), zone="Europe/Madrid")
    moment = datetime(2027, 3, 26, 12, tzinfo=UTC)
    seen = []
    for _ in range(4):
        moment = next_time(madrid, moment).astimezone(UTC)
        seen.append(moment.strftime("%d %H:%M"))
    assert seen == ["27 01:30", "28 01:30", "29 00:30", "30 00:30"]


def test_a_first_start_waits_for_its_time_and_a_missed_one_is_made_up_for(house: House) -> None:
    (receipt,) = house.receipts()
    aged(house, receipt.job, 31)
    house.restart()
    _pass(house, 700)
    assert house.files(house.root.archive), "never done: it is due at the next half past three"
    kept = house.root.state / "upkeep.json"
    assert set(json.loads(kept.read_bytes())) == {"retention", "audit"}
    missed = (now_utc() - timedelta(days=2)).isoformat()
    kept.write_text(json.dumps({"retention": missed, "audit": missed}))
    house.restart()
    _pass(house, 500)
    assert house.files(house.root.archive), "not at once: a clock may still have to be set right"
    _pass(house, 300)
    assert house.files(house.root.archive) == []
    ended = {name: datetime.fromisoformat(at) for name, at in json.loads(kept.read_bytes()).items()}
    assert all(now_utc() - at < timedelta(minutes=5) for at in ended.values())


def test_a_clock_that_leaps_ahead_is_not_believed_for_an_hour(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    (receipt,) = house.receipts()
    aged(house, receipt.job, 1)
    house.restart()
    _pass(house, 700)
    leap = timedelta(days=60)
    monkeypatch.setattr(upkeep, "now_utc", lambda: datetime.now(UTC) + leap)
    _pass(house, 3000)
    assert house.files(house.root.archive), "it was young an hour ago"
    _pass(house, 900)
    assert house.files(house.root.archive) == []


def test_a_time_that_lies_far_ahead_does_not_put_it_off_for_ever(house: House) -> None:
    kept = house.root.state / "upkeep.json"
    kept.write_text(json.dumps({"retention": "2099-01-01T00:00:00+00:00", "audit": "nonsense"}))
    house.restart()
    _pass(house, 700)
    assert all(at < f"{now_utc().year + 1}" for at in json.loads(kept.read_bytes()).values())


def test_one_jobs_files_go_in_each_round(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    for number in range(8):
        house.drop(f"{number}.csv", f"a,b\n{number},2\n".encode())
    house.turn()
    for receipt in house.receipts():
        aged(house, receipt.job, 31)
    house.service.reload(replace(house.plan, daily=Daily(retention=MONTH)))
    house.service._hands.upkeep_wanted.add("retention")
    left = [len(house.files(house.root.archive))]
    for _ in range(60):
        house.now += 1.0
        house.service.work_once(taking=True)
        if house.service._upkeep._chunk is not None:
            house.service._upkeep._chunk.exception(timeout=60)
        left.append(len(house.files(house.root.archive)))
    assert left[0] == 8 and left[-1] == 0
    assert max(before - after for before, after in pairwise(left)) == 1


def test_a_crash_before_the_last_removal_leaves_the_day_to_be_done_again(house: House) -> None:
    (receipt,) = house.receipts()
    aged(house, receipt.job, 31)
    house.restart()
    house.service._hands.upkeep_wanted.add("retention")
    for _ in range(50):
        house.now += 1.0
        house.service._upkeep.work_once(house.now)
        if house.service._upkeep._ready:
            break
        if house.service._upkeep._chunk is not None:
            house.service._upkeep._chunk.exception(timeout=60)
    assert house.service._upkeep._ready and not (house.root.state / "upkeep.json").exists()


def test_operators_hear_of_a_difference_once_with_its_mend_and_once_of_its_end(house: House) -> None:
    stray = house.root.archive / "stranger.csv"
    stray.write_bytes(b"")
    for _ in range(3):
        kept_up(house, "audit")
        house.turn()
    house.restart()
    house.turn()
    assert _notes(house) == [
        ("unavailable", "archive/stranger.csv: It belongs to no job.", "No receipt names it: move it elsewhere.")
    ]
    stray.unlink()
    _pass(house, 700)
    assert _notes(house)[1:] == [("recovered", "Over: archive/stranger.csv: It belongs to no job.", "Nothing.")]
    document = json.loads((house.root.state / "audit.json").read_bytes())
    assert document["differences"] == []


def test_a_ledger_that_is_away_ends_no_difference(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(sqlite3.connect(house.root.ledger)) as connection:
        connection.execute("update jobs set state = 'trashed'")
        connection.commit()
    kept_up(house, "audit")
    assert [one.of_ledger for one in house.service._upkeep._findings.differences] == [True]

    def away() -> None:
        raise Unavailable("ledger", "It is away.")

    monkeypatch.setattr(house.service._upkeep, "_read_ledger", away)
    kept_up(house, "audit")
    _pass(house, 700)
    assert [one.of_ledger for one in house.service._upkeep._findings.differences] == [True]


def test_what_failed_is_tried_again_within_the_hour_also_where_it_was_asked_for(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    (receipt,) = house.receipts()
    aged(house, receipt.job, 31)
    house.restart()
    _pass(house, 700)

    def away(*_: object) -> None:
        raise Unavailable("ledger", "It is away.")

    monkeypatch.setattr(house.ledger, "record_event", away)
    kept_up(house)
    house.turn()
    assert "upkeep:retention" in house.service._incidents.open
    monkeypatch.undo()
    _pass(house, 3700)
    assert "upkeep:retention" not in house.service._incidents.open
    assert house.files(house.root.archive) == []


def test_many_differences_are_few_messages(house: House) -> None:
    for number in range(findings.MOST_TOLD + 7):
        (house.root.archive / f"{number:02}.csv").write_bytes(b"")
    kept_up(house, "audit")
    house.turn()
    told = _notes(house)
    assert len(told) == findings.MOST_TOLD + 1
    assert told[-1][1:] == ("The audit found 7 more differences.", "List them with `dropscore audit`.")


def test_every_file_is_read_within_a_week(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    (path,) = house.root.outbox.rglob("*.xlsx")
    path.write_bytes(bytes(path.stat().st_size))
    found = []
    for day in range(7):
        monkeypatch.setattr(upkeep, "now_utc", lambda day=day: datetime(2027, 1, 1 + day, 12, tzinfo=UTC))
        kept_up(house, "audit")
        found.append(len(house.service._upkeep._findings.differences))
        house.service._upkeep._findings.differences = []
    assert sorted(found) == [0] * 6 + [1]


def test_drops_go_first(house: House) -> None:
    house.restart()
    house.service._hands.upkeep_wanted.add("audit")
    house.service.work_once(taking=True)
    assert house.service._upkeep._duty is not None
    job = SimpleNamespace(stage=Stage.WORK, trouble="")
    house.service._upkeep._jobs = {"J": job}  # type: ignore[dict-item]
    house.service._upkeep.work_once(house.now)
    assert house.service._upkeep._next_chunk == house.now + upkeep.BUSY_PAUSE_SECONDS
    job.trouble = "model:credit"
    assert not any_at_work(house.service._upkeep._jobs.values()), "it waits for the world, and for no worker"


def test_a_chunk_is_short_however_much_there_is() -> None:
    def endless() -> upkeep.Duty:
        while True:
            yield None

    found, ended, result = upkeep._chunk(endless())
    assert (found, ended, result) == ([], False, None)
