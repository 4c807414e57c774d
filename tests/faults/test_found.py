"""What the sweep and the reading for it found, each as the smallest test that failed before."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dropscore import durable
from dropscore.domain.jobs import State, Task
from dropscore.domain.notes import NoteKind
from dropscore.intake.scan import Completeness
from dropscore.receipt import Event
from dropscore.service import late, publish, recover
from dropscore.service.job import Stage
from dropscore.service.telling import tell_once
from service_house import House, answer, make_house

REQUEST = "01KA0000000000000000000000"


def _failing(function: Callable[..., object], number: int, where: str = "", times: int = 1) -> Callable[..., object]:
    """Return the function, refused the first `times` that it is called with a path that holds `where`."""
    left = times

    def call(path: Path, *arguments: object, **more: object) -> object:
        nonlocal left
        if left and where in str(path):
            left -= 1
            raise OSError(number, os.strerror(number), str(path))
        return function(path, *arguments, **more)

    return call


def _until(house: House, stage: Stage) -> None:
    for _ in range(300):
        if any(job.stage is stage for job in house.service.jobs.values()):
            return
        house.now += 1.0
        house.service.work_once(taking=True)
        for job in house.service.jobs.values():
            if job.future is not None:
                job.future.exception(timeout=10)
    pytest.fail(f"stage {stage} was never reached")


def _states(house: House) -> list[State]:
    return [receipt.state for receipt in house.receipts()]


def test_a_claim_that_fails_does_not_end_the_loop_when_more_drops_are_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = make_house(tmp_path)
    for number in range(3):
        house.drop(f"{number}.csv", f"a,b\n{number},2\n".encode())
    monkeypatch.setattr(durable, "write_new", _failing(durable.write_new, errno.EROFS, "claim.json"))
    house.turn()
    assert _states(house) == [State.DELIVERED] * 3


def test_a_claim_that_can_not_be_undone_either_is_taken_up_without_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = make_house(tmp_path)
    house.turn()
    house.drop()
    monkeypatch.setattr(durable, "sync_parents", _failing(durable.sync_parents, errno.EIO, "sales.csv"))
    monkeypatch.setattr(durable, "rename_noreplace", _failing(durable.rename_noreplace, errno.EIO, "drop"))
    house.turn()
    house.now += 60
    house.turn()
    assert _states(house) == [State.DELIVERED]
    assert house.files(house.root.processing) == []


def test_an_io_error_at_the_start_parks_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house = make_house(tmp_path)
    house.drop()
    _until(house, Stage.WORK)
    house.service.jobs.clear()
    monkeypatch.setattr(recover.claims, "read_claim", _failing(recover.claims.read_claim, errno.EIO))
    house.restart()
    house.turn()
    house.now += 60
    house.turn()
    assert _states(house) == [State.DELIVERED]
    assert house.files(house.root.processing) == []


def test_a_parked_job_is_told_to_the_operator_until_it_is_gone(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    torn = house.root.processing / REQUEST
    torn.mkdir()
    (torn / "claim.json").write_text('{"claim": 1, "jo')
    house.restart()
    house.turn()
    assert list(house.service._incidents.open) == [f"parked:{REQUEST}"]
    (house.root.processing / f".parked-{REQUEST}" / "claim.json").unlink()
    (house.root.processing / f".parked-{REQUEST}").rmdir()
    house.turn()
    assert house.service._incidents.open == {}


def test_an_input_without_papers_is_parked_and_not_removed(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    folder = house.root.processing / REQUEST
    folder.mkdir()
    (folder / "input").write_bytes(b"a,b\n1,2\n")
    house.restart()
    assert house.files(house.root.processing) == [f".parked-{REQUEST}/input"]


def test_a_crash_after_a_marker_that_failed_half_way_loses_no_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The marker lies there, its folder's sync failed: what it names must not be removed to be staged anew."""
    house = make_house(tmp_path)
    house.drop()
    _until(house, Stage.STAGE)
    mark = publish.mark

    def half(folder: Path, staged: object) -> None:
        mark(folder, staged)  # type: ignore[arg-type]
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(publish, "mark", half)
    for _ in range(4):
        house.now += 400
        house.service.work_once(taking=False)
        for job in house.service.jobs.values():
            if job.future is not None:
                job.future.exception(timeout=10)
        (staging,) = (house.root.outbox / ".staging" / "credit").glob("0*")
        assert len(list(staging.iterdir())) == 2, "the set stays whole at every moment"
    monkeypatch.undo()
    house.restart()
    house.turn()
    assert len(house.files(house.root.outbox / "credit")) == 2


def test_an_inbox_that_is_not_mounted_at_the_start_keeps_its_claims(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    house.turn()
    house.drop()
    _until(house, Stage.COPY)
    inbox, away = house.root.inbox / "credit", tmp_path / "away"
    (job,) = house.service.jobs
    for path in (house.root.job(job) / "input.part", house.root.job(job) / "input"):
        path.unlink(missing_ok=True)
    inbox.rename(away)
    inbox.mkdir()
    house.restart()
    house.turn()
    assert [one.stage for one in house.service.jobs.values()] == [Stage.COPY]
    shutil.rmtree(inbox)
    away.rename(inbox)
    house.now += 400
    house.turn()
    assert _states(house) == [State.DELIVERED]


def test_an_outbox_that_is_away_is_waited_for_and_the_work_is_not_done_again(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    house.drop()
    _until(house, Stage.STAGE)
    outbox = house.root.outbox / "credit"
    outbox.rename(tmp_path / "away")
    house.turn(rounds=100)
    assert len(house.tasks) == 1
    (tmp_path / "away").rename(outbox)
    house.now += 400
    house.turn()
    assert _states(house) == [State.DELIVERED]


def test_a_full_disk_in_a_worker_never_holds_a_drop(tmp_path: Path) -> None:
    def full(task: Task) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", task.folder)

    house = make_house(tmp_path, work=full)
    house.drop()
    for _ in range(6):
        house.turn()
        house.now += 400
    (job,) = house.service.jobs.values()
    assert (job.stage, job.claim.deaths) == (Stage.WORK, 0) and len(house.tasks) > 3
    house.work = answer
    house.turn()
    assert _states(house) == [State.DELIVERED]


def test_a_request_that_was_answered_is_not_carried_out_again(tmp_path: Path) -> None:
    """A power cut can bring back a request that was removed, after its answer."""
    house = make_house(tmp_path)
    house.drop()
    house.turn()
    (receipt,) = house.receipts()
    house.ask(REQUEST, verb="archive", job=receipt.code, by="ops")
    house.ask("01KA0000000000000000000001", verb="undo", job=receipt.code, by="ops")
    house.ask(REQUEST, verb="archive", job=receipt.code, by="ops")
    assert len(house.files(house.root.outbox / "credit")) == 2
    assert list(house.root.requests.glob("*.json")) == []


def test_an_answer_whose_sync_failed_is_synced_before_its_request_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = make_house(tmp_path)
    house.drop()
    house.turn()
    (receipt,) = house.receipts()
    monkeypatch.setattr(durable, "sync_directory", _failing(durable.sync_directory, errno.EIO, "done"))
    synced: list[Path] = []
    refused = durable.sync_directory

    def sync(path: Path) -> None:
        refused(path)
        synced.append(path)

    monkeypatch.setattr(durable, "sync_directory", sync)
    house.ask(REQUEST, verb="archive", job=receipt.code, by="ops")
    assert house.root.requests_done in synced
    assert list(house.root.requests.glob("*.json")) == []


def test_a_retry_that_is_carried_out_again_after_a_crash_names_the_code_that_its_job_has(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    house.drop()
    house.turn()
    (receipt,) = house.receipts()
    house.ask(REQUEST, verb="retry", job=receipt.code, by="ops")
    (house.root.requests_done / f"{REQUEST}.json").unlink()
    told = house.ask(REQUEST, verb="retry", job=receipt.code, by="ops")
    codes = {receipt.job: receipt.code for receipt in house.receipts()}
    assert told["code"] == codes[REQUEST] and len(codes) == 2


def test_a_retry_whose_source_was_taken_away_is_held_and_says_so(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    house.drop()
    house.turn()
    (receipt,) = house.receipts()
    durable.write_new(
        house.root.requests / f"{REQUEST}.json", json.dumps({"verb": "retry", "job": receipt.job}).encode()
    )
    _until(house, Stage.COPY)
    for path in house.root.archive.rglob("*.csv"):
        path.unlink()
    (job,) = house.service.jobs.values()
    job.future = None
    house.turn()
    assert (job.stage, "gone" in job.claim.held) == (Stage.HELD, True)


def test_a_rename_that_ended_at_its_link_is_completed(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(b"one")
    os.link(source, target)
    durable.rename_noreplace(source, target)
    assert (source.exists(), target.read_bytes()) == (False, b"one")


def test_a_move_across_mounts_that_ended_at_its_copy_is_completed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(b"one")
    target.write_bytes(b"one")
    monkeypatch.setattr(durable, "rename_noreplace", _failing(durable.rename_noreplace, errno.EXDEV))
    durable.move_noreplace(source, target)
    assert (source.exists(), target.read_bytes()) == (False, b"one")


def test_a_removal_that_ended_at_its_rename_is_completed(tmp_path: Path) -> None:
    (tmp_path / ".trash").mkdir()
    (tmp_path / ".trash" / "file").write_bytes(b"")
    durable.remove_tree(tmp_path / "folder", tmp_path / ".trash")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_whose_place_could_not_be_synced_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable, "sync_directory", _failing(durable.sync_directory, errno.EIO))
    with pytest.raises(OSError, match="Input/output"):
        durable.make_directory(tmp_path / "new")
    assert not (tmp_path / "new").exists()
    durable.make_directory(tmp_path / "new")
    assert (tmp_path / "new").is_dir()


def test_a_claimed_inode_that_can_not_be_removed_is_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is looked at every two seconds, and between two looks its fault seemed to be over."""
    house = make_house(tmp_path)
    house.drop()
    _until(house, Stage.TIDY)
    monkeypatch.setattr(late.claims, "release", _failing(late.claims.release, errno.EROFS, times=10))
    house.turn(rounds=12)
    assert list(house.service._incidents.open) == ["disk:late"]
    house.now += 60
    house.turn(rounds=40)
    assert house.service._incidents.open == {}
    owed = house.ledger.owed(datetime.now(UTC).replace(year=2100))
    kinds = [one.note.kind for one in owed if one.note.job is None]
    assert kinds == [NoteKind.UNAVAILABLE, NoteKind.RECOVERED]


def test_a_notice_is_synced_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A power cut left an empty one, which passed for somebody else's: it was never written again, nor removed."""
    house = make_house(tmp_path, complete=Completeness.MARKER)
    drop = house.drop()
    notice = drop.with_name(f"{drop.name}.waiting.json")
    synced: list[tuple[int, bool]] = []
    sync = durable.sync_file

    def recorded(path: Path) -> None:
        sync(path)
        synced.append((path.stat().st_size, notice.exists()))

    monkeypatch.setattr(durable, "sync_file", recorded)
    house.turn()
    house.now += 1000
    house.turn()
    assert notice.exists()
    assert synced[0] == (notice.stat().st_size, False)


def test_a_notice_that_could_not_be_laid_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house = make_house(tmp_path, complete=Completeness.MARKER)
    claims = house.drop().parent / ".dropscore"
    house.turn()
    monkeypatch.setattr(durable, "sync_file", _failing(durable.sync_file, errno.EIO, ".notice"))
    house.now += 1000
    house.service.work_once(taking=True)
    assert [path.name for path in claims.iterdir()] == ["id"]
    (claims / ".notice.part").write_text('{"by": "dro')
    house.restart()
    house.turn(rounds=5)
    assert [path.name for path in claims.iterdir()] == ["id"]


def test_an_event_whose_sync_failed_is_written_into_a_new_inode_before_it_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stood there, so it passed for told; but nobody would have it after a power cut."""
    events, event = tmp_path / "J.events.jsonl", Event(at=datetime.now(UTC), event="archived", request=REQUEST)
    tell_once(events, Event(at=datetime.now(UTC), event="restored"))
    before = events.stat().st_ino
    monkeypatch.setattr(durable.os, "fsync", _failing(os.fsync, errno.EIO))
    with pytest.raises(OSError, match="Input/output"):
        tell_once(events, event)
    assert len(events.read_bytes().splitlines()) == 2
    tell_once(events, event)
    assert events.stat().st_ino != before
    assert len(events.read_bytes().splitlines()) == 2
