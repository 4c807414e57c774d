"""What was kept for long enough goes, told first; nothing else does, whatever it is called and whoever needs it."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dropscore import durable
from dropscore.domain.errors import Unavailable, WorkerDied
from dropscore.domain.jobs import Task, Verdict
from dropscore.folders import now_utc
from dropscore.receipt import Receipt
from dropscore.service import Daily, Limit, Place, Retention, removal
from dropscore.service.audit import audit
from dropscore.service.kept import events_of
from dropscore.service.retention import Due, due
from service_house import House, aged, answer, kept_up, make_house, upload

ASK = "01KA00000000000000000000"
MONTH = Retention({place: Limit(days=30) for place in Place})
SHIPPED = Retention({Place.ARCHIVE: Limit(30), Place.TRASH: Limit(30), Place.RESULTS: Limit(7)})


def _by_name(task: Task) -> None:
    answer(task, Verdict.REJECTED if task.name.startswith("bad") else Verdict.DELIVERED)


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = make_house(tmp_path, work=_by_name)
    house.drop("good.csv", b"a,b\n1,2\n")
    house.drop("bad.csv", b"a,b\n2,2\n")
    house.turn()
    return house


def _keep(house: House, retention: Retention) -> None:
    house.plan = replace(house.plan, daily=Daily(retention=retention))
    house.service.reload(house.plan)


def _named(house: House, name: str) -> Receipt:
    (found,) = [receipt for receipt in house.receipts() if receipt.name == name]
    return found


def _due(house: House, retention: Retention) -> list[Due]:
    return [one for one in due(house.root, retention, now_utc()) if one is not None]


def _places(house: House, retention: Retention) -> list[str]:
    return sorted(house.root.relative(item.path) for one in _due(house, retention) for item in one.items)


def _everything(house: House) -> list[str]:
    tops = ("outbox/", "failed/", "archive/", "trash/", "state/results/")
    return [path for path in house.files(house.root.path) if path.startswith(tops)]


def _removed(house: House, job: str) -> list[str]:
    return sorted(path for event in events_of(house.root.events(job)) for path in event.paths)


def test_untouched_nothing_young_goes_and_nothing_of_outbox_and_failed_ever(house: House) -> None:
    upload(house)
    assert _places(house, SHIPPED) == []
    for receipt in house.receipts():
        aged(house, receipt.job, 400)
    places = _places(house, SHIPPED)
    assert {place.split("/")[0] for place in places} == {"archive", "state"}
    assert len(places) == 3  # the two inputs in the archive, the copy for the panel


def test_what_is_old_goes_from_each_place_and_the_audit_accounts_for_it(house: House) -> None:
    copied = upload(house)
    good, bad = _named(house, "good.csv"), _named(house, "bad.csv")
    house.drop("bin.csv", b"a,b\n3,2\n")
    house.turn()
    gone = _named(house, "bin.csv")
    house.ask(f"{ASK}01", verb="delete", job=gone.job, by="ops")
    for receipt in house.receipts():
        aged(house, receipt.job, 31)
    _keep(house, MONTH)
    kept_up(house)
    assert _everything(house) == []
    assert not list(house.root.trash.iterdir()) and not list(house.root.results.iterdir())
    assert len(house.receipts()) == 4, "the kept receipts stay"
    assert len(_removed(house, good.job)) == 3 and len(_removed(house, bad.job)) == 3
    assert _removed(house, copied)[-1].startswith("state/results/")
    assert [path.split("/")[0] for path in _removed(house, gone.job)] == ["trash"] * 3
    found = audit(house.root, house.ledger, ["credit"])
    assert (found.differences, found.files, found.removed) == ([], 0, 8)


def test_a_day_short_of_it_all_stays(house: House) -> None:
    for receipt in house.receipts():
        aged(house, receipt.job, 29.9)
    before = _everything(house)
    _keep(house, MONTH)
    kept_up(house)
    assert _everything(house) == before


def test_the_receipt_goes_before_what_it_names(house: House) -> None:
    good = _named(house, "good.csv")
    aged(house, good.job, 31)
    (one,) = _due(house, Retention({Place.OUTBOX: Limit(30)}))
    assert [item.path.suffix for item in one.items] == [".json", ".xlsx"]
    assert one.why == "31 days old, 30 are kept"


def test_beyond_a_size_the_oldest_go_and_no_more_than_needed(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    for number in range(6):
        house.drop(f"{number}.csv", b"x" * 1000 + b"\n")
        house.turn()
        aged(house, max(receipt.job for receipt in house.receipts()), 60 - number)
    _keep(house, Retention({Place.ARCHIVE: Limit(bytes=3500)}))
    kept_up(house)
    left = [path.split("/")[-1][0] for path in house.files(house.root.archive)]
    assert left == ["3", "4", "5"]
    assert len(house.files(house.root.outbox / "credit")) == 12
    event = next(events_of(house.root.events(house.receipts()[0].job)))
    assert event.note == "archive holds 0.0 MB, at most 0.0 MB are kept: the oldest go"


def test_a_route_may_keep_for_longer_and_be_counted_by_itself(tmp_path: Path) -> None:
    house = make_house(tmp_path, "credit", "law")
    for route in ("credit", "law"):
        for number in range(2):
            house.drop(f"{number}.csv", b"x" * 1000 + b"\n", route)
    house.turn()
    for receipt in house.receipts():
        aged(house, receipt.job, 31)
    law = ("law", Place.ARCHIVE)
    forever = Retention({Place.ARCHIVE: Limit(days=30)}, {law: Limit()})
    assert {path.split("/")[1] for path in _places(house, forever)} == {"credit"}
    longer = Retention({Place.ARCHIVE: Limit(days=30)}, {law: Limit(days=32)})
    assert {path.split("/")[1] for path in _places(house, longer)} == {"credit"}
    alone = Retention({Place.ARCHIVE: Limit(bytes=2500)}, {law: Limit(bytes=1500)})
    assert [path.split("/")[1] for path in _places(house, alone)] == ["law"]
    assert len(_places(house, Retention({Place.ARCHIVE: Limit(bytes=2500)}))) == 2


def test_age_is_counted_from_the_last_move(house: House) -> None:
    good = _named(house, "good.csv")
    aged(house, good.job, 31)
    house.ask(f"{ASK}01", verb="archive", job=good.job, by="ops")
    assert _places(house, MONTH) == []
    house.ask(f"{ASK}02", verb="undo", job=good.job, by="ops")
    assert _places(house, MONTH) == []


def _change(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def _link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


@pytest.mark.parametrize("harm", [_change, _link])
@pytest.mark.parametrize("pattern", ["outbox/**/*.xlsx", "outbox/**/*.json", "archive/**/*.csv"])
def test_what_is_not_what_the_receipt_says_stays(house: House, harm: Callable[[Path], None], pattern: str) -> None:
    good = _named(house, "good.csv")
    aged(house, good.job, 31)
    (path,) = house.root.path.glob(pattern)
    harm(path)
    assert house.root.relative(path) not in _places(house, MONTH)
    assert len(_places(house, MONTH)) == 2


def test_strangers_stay_wherever_they_lie(house: House) -> None:
    for receipt in house.receipts():
        aged(house, receipt.job, 31)
    strangers = [house.root.outbox / "credit" / "mine.xlsx", house.root.archive / "mine.csv"]
    strangers += [next(house.root.archive.glob("credit/*")) / "mine.csv", house.root.trash / "mine"]
    for path in strangers:
        path.write_bytes(b"mine")
        os.utime(path, (0, 0))
    _keep(house, MONTH)
    kept_up(house)
    assert _everything(house) == sorted(house.root.relative(path) for path in strangers)


def test_a_held_job_is_open_and_one_in_the_trash_goes_whole(tmp_path: Path) -> None:
    def die(task: Task) -> None:
        raise WorkerDied

    house = make_house(tmp_path, work=die)
    house.drop()
    for _ in range(4):
        house.turn()
        house.now += 60
    (job,) = house.service.jobs
    aged(house, job, 31)
    _keep(house, MONTH)
    kept_up(house)
    assert (house.root.job(job) / "input").exists()
    house.ask(f"{ASK}01", verb="delete", job=job, by="ops")
    aged(house, job, 31)
    kept_up(house)
    assert list(house.root.trash.iterdir()) == []
    assert _removed(house, job) == [f"trash/{job}/held"]
    assert audit(house.root, house.ledger, ["credit"]).differences == []


def test_a_job_whose_folder_is_there_keeps_everything(house: House) -> None:
    good = _named(house, "good.csv")
    aged(house, good.job, 31)
    house.root.job(good.job).mkdir()
    assert _places(house, MONTH) == []


def test_what_a_retry_reads_stays_until_it_is_done(house: House) -> None:
    good = _named(house, "good.csv")
    aged(house, good.job, 31)
    _keep(house, MONTH)

    def away(task: Task) -> None:
        raise Unavailable("model:credit", "It is away.")

    house.work = away
    house.ask(f"{ASK}01", verb="retry", job=good.job, by="ops")
    assert house.service.jobs
    kept_up(house)
    assert house.files(house.root.archive) != []
    house.work = answer
    house.now += 400
    house.turn()
    kept_up(house)
    (left,) = house.files(house.root.archive)
    assert good.code not in left, "the retry's own input is young"


def test_what_somebody_has_just_asked_for_stays_this_time(house: House) -> None:
    good = _named(house, "good.csv")
    aged(house, good.job, 31)
    (one,) = _due(house, Retention({Place.ARCHIVE: Limit(30)}))
    asked = house.root.requests / f"{ASK}01.json"
    asked.write_text(json.dumps({"verb": "retry", "job": good.code}))
    assert house.service._upkeep._is_wanted(one)
    asked.unlink()
    assert not house.service._upkeep._is_wanted(one)


def test_it_is_told_before_it_is_done_and_told_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    good = _named(house, "good.csv")
    aged(house, good.job, 31)
    (one,) = _due(house, Retention({Place.OUTBOX: Limit(30)}))

    def refused(path: Path, missing_ok: bool = False) -> None:
        raise OSError(errno.EIO, "Input/output error", str(path))

    monkeypatch.setattr(Path, "unlink", refused)
    for _ in range(3):
        with pytest.raises(OSError, match="Input/output"):
            removal.remove(house.root, house.ledger, one)
    monkeypatch.undo()
    assert len(_removed(house, good.job)) == 2 and len(house.files(house.root.outbox / "credit")) == 2
    assert removal.remove(house.root, house.ledger, one) == one.bytes
    assert len(_removed(house, good.job)) == 2
    assert [row.event for row in house.ledger.history(good.job)].count("removed") == 1


def test_nothing_goes_that_cannot_be_told(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for receipt in house.receipts():
        aged(house, receipt.job, 31)
    _keep(house, MONTH)
    before = _everything(house)

    def full(path: Path, line: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(durable, "append_line", full)
    kept_up(house)
    assert _everything(house) == before
    assert "upkeep:retention" in house.service._incidents.open
    monkeypatch.undo()
    kept_up(house)
    assert _everything(house) == []
    house.service.work_once(taking=True)
    assert "upkeep:retention" not in house.service._incidents.open


def test_what_has_changed_since_it_was_proven_stays(house: House) -> None:
    good = _named(house, "good.csv")
    aged(house, good.job, 31)
    (one,) = _due(house, Retention({Place.OUTBOX: Limit(30)}))
    result = one.items[-1].path
    result.write_bytes(b"corrected by hand")
    removal.remove(house.root, house.ledger, one)
    assert result.read_bytes() == b"corrected by hand"
    assert _removed(house, good.job) == [house.root.relative(one.items[0].path)]


def test_a_crash_on_the_way_out_of_the_trash_leaves_nothing(house: House) -> None:
    left = house.root.trash / ".trash-01KA0000000000000000000000"
    left.mkdir()
    (left / "input").write_bytes(b"")
    _keep(house, MONTH)
    kept_up(house)
    assert list(house.root.trash.iterdir()) == []


def test_what_was_removed_from_the_trash_cannot_be_brought_back(house: House) -> None:
    good = _named(house, "good.csv")
    house.ask(f"{ASK}01", verb="delete", job=good.job, by="ops")
    aged(house, good.job, 31)
    _keep(house, MONTH)
    kept_up(house)
    told = house.ask(f"{ASK}02", verb="undo", job=good.job, by="ops")
    assert (told["ok"], "removed" in str(told["sentence"])) == (False, True)
    assert audit(house.root, house.ledger, ["credit"]).differences == []


def test_without_the_folders_it_waits_and_says_so(house: House) -> None:
    _keep(house, MONTH)
    shutil.rmtree(house.root.trash)
    kept_up(house)
    assert "upkeep:retention" in house.service._incidents.open
