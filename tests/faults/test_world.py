"""The world's faults, real ones, at each stage of a drop: all heal unaided, are told once, and fail no good drop."""

from __future__ import annotations

import errno
import json
import os
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing
from pathlib import Path

import pytest

from dropscore import durable
from dropscore.domain.jobs import State
from dropscore.ledger import Ledger
from dropscore.service.audit import audit
from dropscore.service.job import Stage
from faults.mounts import full, read_only, tmpfs, without_descriptors, without_inodes
from service_house import House, make_house

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
FOLDERS = ["inbox", "processing", "outbox", "outbox/credit", "failed", "archive", "state", "trash"]
STAGES = [None, Stage.COPY, Stage.WORK, Stage.STAGE, Stage.PUBLISH, Stage.ARCHIVE, Stage.ACCOUNT, Stage.TIDY]
Trouble = Callable[[Path], AbstractContextManager[None]]


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[..., House]]:
    """Make a house of which one folder is a small file system of its own."""
    with ExitStack() as held:

        def make(folder: str, options: str) -> House:
            held.enter_context(tmpfs(tmp_path / "root" / folder, options))
            house = make_house(tmp_path)
            held.callback(house.ledger.close)
            _quick(house)
            return house

        yield make


def _quick(house: House) -> None:
    """Let the ledger wait for others for a moment only: the daemon's five seconds are for people's databases."""
    house.ledger.close()
    house.ledger = Ledger(f"sqlite:///{house.root.ledger}", busy_seconds=0.02)
    house.restart()


def _until(house: House, stage: Stage | None) -> None:
    """Turn the loop until a job is about to enter a stage."""
    for _ in range(100):
        if stage is None or any(job.stage is stage for job in house.service.jobs.values()):
            return
        house.now += 1.0
        house.service.work_once(taking=True)
        for job in house.service.jobs.values():
            if job.future is not None:
                job.future.exception(timeout=60)
    raise AssertionError(f"{stage} was never reached")


def _heal(house: House) -> None:
    """Let time pass until nothing is away any more; the ledger rests from a vain wait by the real clock."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        house.now += 400
        house.turn()
        if not house.service.jobs and not house.service._incidents.open and not house.service._incidents.owed:
            return


def _told(house: House) -> list[tuple[str, str]]:
    """Return the kind and the matter of what operators are owed."""
    with closing(sqlite3.connect(house.root.ledger)) as connection:
        rows = connection.execute(
            "select kind, payload from notifications where kind in ('unavailable', 'recovered') order by rowid"
        ).fetchall()
    return [(kind, json.loads(payload)["place"]) for kind, payload in rows]


def _assert_all_delivered(house: House, drops: int) -> None:
    assert [receipt.state for receipt in house.receipts()] == [State.DELIVERED] * drops
    assert len([path for path in house.files(house.root.outbox) if path.endswith(".xlsx")]) == drops
    assert house.service._incidents.open == {} and house.service.jobs == {}
    found = audit(house.root, house.ledger, ["credit"])
    assert (found.differences, found.jobs) == ([], drops)
    began, ended = (
        sorted(place for kind, place in _told(house) if kind == one) for one in ("unavailable", "recovered")
    )
    assert began == ended


def _try_each_stage(house: House, trouble: Callable[[], AbstractContextManager[None]]) -> int:
    """Let a drop meet the trouble at each stage; return how many operators' messages that took."""
    house.turn()
    house.ledger.ready()
    for number, stage in enumerate(STAGES):
        house.drop(f"{number}.csv", f"a,b\n{number},2\n".encode())
        _until(house, stage)
        before = Counter(_told(house))
        house.ledger.close()  # a file that is open for writing keeps its file system from turning read-only
        with trouble():
            house.turn(rounds=80)
        assert house.files(house.root.failed) == [], f"a good drop has failed at {stage}"
        _heal(house)
        again = {one: count for one, count in (Counter(_told(house)) - before).items() if count > 1}
        assert not again, "one fault is one message, however long it lasts, and one when it is over"
    _assert_all_delivered(house, len(STAGES))
    return len(_told(house))


@needs_root
@pytest.mark.root
@pytest.mark.slow
@pytest.mark.parametrize("folder", FOLDERS)
def test_a_full_disk_anywhere_heals_and_fails_nothing(mounted: Callable[..., House], folder: str) -> None:
    house = mounted(folder, "size=12m")
    told = _try_each_stage(house, lambda: full(house.root.path / folder))
    assert told or folder in ("inbox", "trash", "failed"), "somebody was told"


@needs_root
@pytest.mark.root
@pytest.mark.slow
@pytest.mark.parametrize("folder", FOLDERS)
def test_a_disk_without_inodes_anywhere_heals_and_fails_nothing(mounted: Callable[..., House], folder: str) -> None:
    house = mounted(folder, "size=12m,nr_inodes=200")
    told = _try_each_stage(house, lambda: without_inodes(house.root.path / folder))
    assert told or folder in ("trash", "failed"), "somebody was told"


@needs_root
@pytest.mark.root
@pytest.mark.slow
@pytest.mark.parametrize("folder", FOLDERS)
def test_a_file_system_that_turns_read_only_heals_and_fails_nothing(mounted: Callable[..., House], folder: str) -> None:
    house = mounted(folder, "size=12m")
    told = _try_each_stage(house, lambda: read_only(house.root.path / folder))
    assert told or folder in ("trash", "failed"), "somebody was told"


@pytest.mark.slow
def test_a_process_without_descriptors_heals_and_fails_nothing(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    _quick(house)
    assert _try_each_stage(house, without_descriptors)


@needs_root
@pytest.mark.root
def test_folders_on_mounts_of_their_own_are_staged_and_archived_across(mounted: Callable[..., House]) -> None:
    house = mounted("outbox/credit", "size=12m")
    with tmpfs(house.root.archive, "size=12m"):
        house.drop()
        house.turn()
        _assert_all_delivered(house, 1)
        assert not [path for path in house.files(house.root.outbox / "credit") if "staging" in path]
        assert len(house.files(house.root.archive)) == 1


def test_a_read_error_is_waited_for_and_never_the_senders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house = make_house(tmp_path)
    house.drop()
    _until(house, Stage.COPY)

    def broken(handle: int, size: int, at: int) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(durable.os, "pread", broken)
    (job,) = house.service.jobs.values()
    job.future = None
    house.turn(rounds=100)
    assert [job.stage for job in house.service.jobs.values()] == [Stage.COPY]
    assert house.files(house.root.failed) == [] and len(house.service._incidents.open) == 1
    monkeypatch.undo()
    _heal(house)
    _assert_all_delivered(house, 1)


def test_a_locked_ledger_stops_no_result_and_is_made_up_for(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    _quick(house)
    house.turn()
    with closing(sqlite3.connect(house.root.ledger, isolation_level=None)) as other:
        other.execute("begin exclusive")
        house.drop()
        house.turn(rounds=60)
        assert len(house.files(house.root.outbox / "credit")) == 2, "published without it"
        assert [job.stage for job in house.service.jobs.values()] == [Stage.ACCOUNT]
        other.execute("rollback")
    _heal(house)
    _assert_all_delivered(house, 1)


@pytest.mark.parametrize("how", ["removed", "overwritten"])
def test_a_ledger_that_is_lost_at_work_stops_no_result(tmp_path: Path, how: str) -> None:
    house = make_house(tmp_path)
    _quick(house)
    house.drop("0.csv", b"a,b\n0,2\n")
    house.turn()
    house.drop("1.csv", b"a,b\n1,2\n")
    _until(house, Stage.PUBLISH)
    for path in house.root.state.glob("ledger.sqlite*"):
        if how == "removed":
            path.unlink()
        else:
            path.write_bytes(bytes(path.stat().st_size))
    house.turn(rounds=60)
    assert [receipt.state for receipt in house.receipts()] == [State.DELIVERED] * 2
    assert len(house.files(house.root.outbox / "credit")) == 4
    assert house.files(house.root.failed) == []
