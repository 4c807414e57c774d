"""The audit finds each difference between receipts, folders and ledger, and none where there is none."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from dropscore.domain.errors import Unavailable, WorkerDied
from dropscore.domain.jobs import State, Task
from dropscore.receipt import Receipt
from dropscore.service.audit import MOST, Audit, audit, steps_of
from service_house import House, make_house, upload


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = make_house(tmp_path)
    house.drop()
    house.turn()
    return house


def _audit(house: House, hashes: bool = True) -> Audit:
    return audit(house.root, house.ledger, ["credit"], hashes)


def _whats(house: House) -> list[str]:
    return [one.what for one in _audit(house).differences]


def _only(folder: Path, pattern: str) -> Path:
    (path,) = folder.rglob(pattern)
    return path


def test_all_is_accounted_for(house: House) -> None:
    found = _audit(house)
    assert (found.jobs, found.files, found.taken, found.differences) == (1, 2, 0, [])


def test_a_result_that_was_taken_is_the_normal_case(house: House) -> None:
    for path in (house.root.outbox / "credit").iterdir():
        path.unlink()
    found = _audit(house)
    assert (found.taken, found.differences) == (1, [])


@pytest.mark.parametrize("verb", ["archive", "delete"])
def test_what_was_put_away_on_request_is_found_there(house: House, verb: str) -> None:
    (receipt,) = house.receipts()
    house.ask("01KA0000000000000000000000", verb=verb, job=receipt.code, by="ops")
    assert _audit(house).differences == []


def _change_result(house: House) -> None:
    path = _only(house.root.outbox, "*.xlsx")
    path.write_bytes(bytes(path.stat().st_size))


def _lose_input(house: House) -> None:
    _only(house.root.archive, "*.csv").unlink()


def _double_result(house: House) -> None:
    path = _only(house.root.outbox, "*.xlsx")
    (_only(house.root.archive, "*.csv").parent / path.name).write_bytes(path.read_bytes())


def _lay_a_stranger(house: House) -> None:
    (house.root.archive / "stranger.csv").write_bytes(b"")


def _lose_receipt(house: House) -> None:
    _only(house.root.receipts, "*.json").unlink()
    _only(house.root.archive, "*.csv").unlink()


def _park(house: House) -> None:
    (house.root.processing / ".parked-01KA0000000000000000000000").mkdir()


def _forget_a_claim(house: House) -> None:
    folder = house.root.inbox / "credit" / ".dropscore" / "01KA0000000000000000000000"
    folder.mkdir()
    (folder / "drop").write_bytes(b"")


@pytest.mark.parametrize(
    ("harm", "what"),
    [
        (_change_result, "It is not what was put there."),
        (_lose_input, "The input is gone."),
        (_double_result, "It is in two places."),
        (_lay_a_stranger, "It belongs to no job."),
        (_lose_receipt, "The ledger has this job, and its receipt is gone."),
        (_park, "Its papers cannot be read."),
        (_forget_a_claim, "A drop was claimed, and there is neither a job nor a receipt of it."),
    ],
)
def test_every_harm_is_found_alone(house: House, harm: Callable[[House], None], what: str) -> None:
    harm(house)
    assert [one.what for one in _audit(house).differences] == [what]


def test_a_change_of_the_same_size_needs_the_hashes(house: House) -> None:
    _change_result(house)
    assert _audit(house, hashes=False).differences == []


def test_a_change_of_the_published_receipt(house: House) -> None:
    path = _only(house.root.outbox, "*.json")
    path.write_text(path.read_text().replace("delivered", "partial"))
    assert _whats(house) == ["It is not what was put there."]


def test_a_job_that_the_ledger_lost(house: House) -> None:
    with closing(sqlite3.connect(house.root.ledger)) as connection:
        connection.execute("delete from jobs")
        connection.commit()
    (one,) = _audit(house).differences
    assert (one.what, one.of_ledger) == ("The ledger does not know it.", True)
    assert "ledger rebuild" in one.mend
    assert audit(house.root, None, ["credit"]).differences == []


def test_a_ledger_that_is_away_is_not_compared(house: House) -> None:
    class Away:
        def states(self, jobs: object) -> dict[str, State]:
            raise Unavailable("ledger", "It is away.")

        def jobs(self, *, before: str | None = None, limit: int = 100) -> list[Receipt]:
            raise Unavailable("ledger", "It is away.")

    found = audit(house.root, Away(), ["credit"])
    assert (found.ledger, found.jobs, found.differences) == (False, 1, [])


@pytest.mark.parametrize("state", ["trashed", "rejected"])
def test_a_state_of_the_ledger_that_nothing_tells_of(house: House, state: str) -> None:
    with closing(sqlite3.connect(house.root.ledger)) as connection:
        connection.execute("update jobs set state = ?", (state,))
        connection.commit()
    assert _whats(house) == [f"Its receipt and its events say delivered, the ledger {state}."]


def test_events_that_were_lost(house: House) -> None:
    (receipt,) = house.receipts()
    house.ask("01KA0000000000000000000000", verb="archive", job=receipt.code, by="ops")
    house.root.events(receipt.job).unlink()
    assert _whats(house) == ["Its receipt and its events say delivered, the ledger archived."]


def test_a_receipt_that_was_copied_under_another_jobs_name(house: House) -> None:
    kept = _only(house.root.receipts, "*.json")
    (kept.parent / f"{kept.stem[:-1]}{'0' if kept.stem[-1] != '0' else '1'}.json").write_bytes(kept.read_bytes())
    assert _whats(house) == ["The receipt cannot be read."]


def test_events_without_a_receipt(house: House) -> None:
    (house.root.receipts / "2027-01").mkdir()
    house.root.events("01KA0000000000000000000000").parent.mkdir(exist_ok=True)
    house.root.events("01KA0000000000000000000000").write_text("{}\n")
    assert _whats(house) == ["Its events are here, and its receipt is gone."]


def test_strangers_wherever_only_jobs_have_a_place(house: House) -> None:
    places = ["archive/one", "archive/credit/one", "trash/one", "state/results/one", "processing/one"]
    month = _only(house.root.archive, "*.csv").parent
    for place in places:
        (house.root.path / place).write_bytes(b"")
    (month / "one").write_bytes(b"")
    (house.root.trash / "01KA0000000000000000000000").mkdir()
    found = {one.place for one in _audit(house).differences}
    assert found == {*places, house.root.relative(month / "one"), "trash/01KA0000000000000000000000"}


def test_a_set_that_was_made_ready_and_forgotten(house: House) -> None:
    folder = house.root.outbox / ".staging" / "credit" / "01KA0000000000000000000000"
    folder.mkdir()
    assert _whats(house) == []
    (folder / "result.xlsx").write_bytes(b"")
    assert _whats(house) == ["Its files were made ready, and never published."]


def test_a_held_job_whose_folder_was_removed(tmp_path: Path) -> None:
    def die(task: Task) -> None:
        raise WorkerDied

    house = make_house(tmp_path, work=die)
    house.drop()
    for _ in range(4):
        house.turn()
        house.now += 60
    (job,) = house.service.jobs
    assert _whats(house) == []
    shutil.rmtree(house.root.job(job))
    assert _whats(house) == ["It was held, and its folder is gone."]


def test_a_copy_for_the_panel_that_is_gone_or_changed(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    upload(house)
    copy = _only(house.root.results, "*.xlsx")
    assert _whats(house) == []
    copy.write_bytes(bytes(copy.stat().st_size))
    assert _whats(house) == ["It is not what was put there."]
    copy.unlink()
    assert _whats(house) == ["The copy for the panel and the API is gone."]


def test_what_happens_during_the_audit_is_no_difference(tmp_path: Path) -> None:
    """The daemon goes on while a helper looks: drops come, are published, archived, deleted and retried."""
    house = make_house(tmp_path)
    for number in range(6):
        house.drop(f"{number}.csv", f"a,b\n{number},2\n".encode())
    house.turn()
    codes = [receipt.code for receipt in house.receipts()]
    verbs = ["archive", "delete", "retry", "archive", "delete", "retry"]
    steps = steps_of(house.root, house.ledger, ["credit"], lambda _: True)
    turn = 0
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: Audit = end.value
            break
        if turn < 6:
            house.ask(f"01KA000000000000000000000{turn}", verb=verbs[turn], job=codes[turn], by="ops")
            house.drop(f"more-{turn}.csv", f"a,b\n{turn},3\n".encode())
        turn += 1
    assert turn > 6
    assert found.differences == []
    assert _audit(house).differences == []


def test_at_most_a_thousand_differences_are_named_and_all_are_counted(house: House) -> None:
    for number in range(MOST + 5):
        (house.root.archive / f"{number}.csv").write_bytes(b"")
    found = _audit(house)
    assert (len(found.differences), found.count) == (MOST, MOST + 5)


def test_a_job_that_was_retried_archived_and_brought_back_stands_where_it_stood(house: House) -> None:
    (receipt,) = house.receipts()
    for number, verb in enumerate(["retry", "archive", "undo"]):
        house.ask(f"01KA000000000000000000001{number}", verb=verb, job=receipt.job, by="ops")
    row = house.ledger.job(receipt.job)
    assert row is not None and row.state is State.MENDED
    assert _whats(house) == []
