"""The way of a drop through the service, and what a crash at each stage leaves."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from dropscore import durable
from dropscore.domain.errors import Overran, Unavailable, WorkerDied
from dropscore.domain.jobs import State, Task, Verdict
from dropscore.domain.rules import Again
from dropscore.intake.scan import Completeness
from dropscore.service.job import Stage
from service_house import answer, make_house


def _reject(task: Task) -> None:
    answer(task, Verdict.REJECTED)


def test_a_good_drop_is_published_archived_accounted_and_tidied(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    house.drop()
    house.turn()
    (receipt,) = house.receipts()
    assert receipt.state is State.DELIVERED
    assert house.files(house.root.outbox / "credit") == [f"sales.{receipt.code}.json", f"sales.{receipt.code}.xlsx"]
    assert house.files(house.root.archive) == [str(Path(receipt.files[1].path).relative_to("archive"))]
    assert house.files(house.root.inbox) == ["credit/.dropscore/id", "credit/check/.dropscore/id"]
    assert house.files(house.root.processing) == []
    assert house.files(house.root.outbox / ".staging") == []
    row = house.ledger.job(receipt.code)
    assert row is not None and row.state is State.DELIVERED
    assert [note.note.kind for note in house.ledger.owed(receipt.times.claimed.replace(year=2100))] == ["delivered"]


def test_the_published_receipt_is_the_kept_one_and_names_what_is_there(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    house.drop()
    house.turn()
    (receipt,) = house.receipts()
    published = house.root.outbox / "credit" / f"sales.{receipt.code}.json"
    assert published.read_bytes() == house.root.kept_receipt(receipt.job).read_bytes()
    for fact in receipt.files:
        assert (house.root.path / fact.path).stat().st_size == fact.bytes
    assert set(receipt.durations) >= {"copy"}


def test_a_bad_drop_comes_back_byte_for_byte_with_its_fix_workbook(tmp_path: Path) -> None:
    house = make_house(tmp_path, work=_reject)
    house.drop(content=b"a,b\nx,\n")
    house.turn()
    (receipt,) = house.receipts()
    names = [f"sales.{receipt.code}{suffix}" for suffix in (".csv", ".fix.xlsx", ".json")]
    assert house.files(house.root.failed / "credit") == names
    assert (house.root.failed / "credit" / names[0]).read_bytes() == b"a,b\nx,\n"
    assert house.files(house.root.archive) == []


def test_a_drop_in_check_is_answered_with_a_receipt_only(tmp_path: Path) -> None:
    house = make_house(tmp_path, work=lambda task: answer(task, Verdict.CHECKED))
    (house.root.inbox / "credit" / "check" / "sales.csv").write_bytes(b"a,b\n1,2\n")
    house.turn()
    (receipt,) = house.receipts()
    assert (receipt.kind, receipt.state) == ("check", "checked")
    assert house.files(house.root.outbox / "credit") == [f"sales.{receipt.code}.json"]


def test_a_drop_that_still_grows_is_left_alone(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    path = house.drop()
    for _ in range(20):
        house.now += 2.0
        with path.open("ab") as grown:
            grown.write(b"1,2\n")
        house.service.work_once(taking=True)
    assert house.tasks == []
    house.turn()
    assert [receipt.counts.rows for receipt in house.receipts()] == [21]


def test_a_missing_model_keeps_the_drop_tells_once_and_heals(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    model = tmp_path / "model" / "credit" / "1.0.0" / "manifest.json"
    content = model.read_text()
    model.unlink()
    house.drop()
    house.turn()
    assert house.receipts() == [] and house.files(house.root.failed) == []
    assert json.loads((house.root.state / "incidents.json").read_text()) != []
    model.write_text(content)
    house.now += 400
    house.turn()
    assert [receipt.state for receipt in house.receipts()] == ["delivered"]
    kinds = [note.note.kind for note in house.ledger.owed(house.receipts()[0].times.claimed.replace(year=2100))]
    assert sorted(kinds) == ["delivered", "recovered", "unavailable"]


@pytest.mark.parametrize("death", [WorkerDied("exit code -9"), Overran("too long"), RuntimeError("a bug of ours")])
def test_three_deaths_hold_a_drop_and_a_retry_releases_it(tmp_path: Path, death: Exception) -> None:
    def die(task: Task) -> None:
        raise death

    house = make_house(tmp_path, work=die)
    house.drop()
    house.now += 100
    for _ in range(4):
        house.turn()
        house.now += 60
    (job,) = house.service.jobs.values()
    assert (job.stage, len(house.tasks)) == (Stage.HELD, 3)
    assert house.files(house.root.failed) == []
    row = house.ledger.job(job.claim.code)
    assert row is not None and row.state is State.HELD
    house.restart()
    house.turn()
    assert len(house.tasks) == 3, "held outlives a restart"
    assert [note.note.kind for note in house.ledger.owed(job.claim.claimed.replace(year=2100))] == ["held"]
    house.work = answer
    told = house.ask("01KA0000000000000000000000", verb="retry", job=job.claim.code, by="ops")
    assert told["ok"] is True
    assert [receipt.state for receipt in house.receipts()] == ["delivered"]


def test_an_unavailable_worker_does_not_count(tmp_path: Path) -> None:
    def away(task: Task) -> None:
        raise Unavailable("model:credit", "The model cannot be loaded.")

    house = make_house(tmp_path, work=away)
    house.drop()
    for _ in range(8):
        house.turn()
        house.now += 400
    (job,) = house.service.jobs.values()
    assert job.claim.deaths == 0 and job.stage is Stage.WORK and len(house.tasks) > 4


STAGES = [Stage.COPY, Stage.WORK, Stage.STAGE, Stage.PUBLISH, Stage.ARCHIVE, Stage.ACCOUNT, Stage.TIDY]


@pytest.mark.parametrize("verdict", [Verdict.DELIVERED, Verdict.REJECTED])
@pytest.mark.parametrize("taken", [False, True])
@pytest.mark.parametrize("at", STAGES)
def test_a_crash_at_any_stage_neither_loses_nor_doubles(
    tmp_path: Path, at: Stage, taken: bool, verdict: Verdict
) -> None:
    """Between crash and restart an impatient reader may take away what is published."""
    house = make_house(tmp_path, work=lambda task: answer(task, verdict))
    house.drop()
    for _ in range(200):
        if any(job.stage is at for job in house.service.jobs.values()):
            break
        house.now += 1.0
        house.service.work_once(taking=True)
        for job in house.service.jobs.values():
            if job.future is not None:
                job.future.exception(timeout=10)
    else:
        pytest.fail(f"stage {at} was never reached")
    folder = (house.root.outbox if verdict is Verdict.DELIVERED else house.root.failed) / "credit"
    reader = []
    if taken:
        reader = house.files(folder)
        for name in reader:
            (folder / name).unlink()
    house.restart()
    house.turn()
    (receipt,) = house.receipts()
    suffixes = (".json", ".xlsx") if verdict is Verdict.DELIVERED else (".csv", ".fix.xlsx", ".json")
    assert sorted(reader + house.files(folder)) == [f"sales.{receipt.code}{suffix}" for suffix in suffixes]
    assert house.files(house.root.processing) == []
    assert [row.state for row in house.ledger.jobs()] == [State(verdict)]
    assert len(house.files(house.root.archive)) == (1 if verdict is Verdict.DELIVERED else 0)


def test_unreadable_papers_are_parked_and_the_others_go_on(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    torn = house.root.processing / "01KA0000000000000000000000"
    torn.mkdir()
    (torn / "claim.json").write_text('{"claim": 1, "jo')
    house.restart()
    house.drop()
    house.turn()
    assert [receipt.state for receipt in house.receipts()] == ["delivered"]
    assert house.files(house.root.processing) == [".parked-01KA0000000000000000000000/claim.json"]


def test_a_vanished_inbox_is_an_alarm_and_not_an_empty_one(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    house.turn()
    inbox = house.root.inbox / "credit"
    inbox.rename(tmp_path / "elsewhere")
    house.turn()
    assert "inbox:credit" in {incident.key for incident in house.service._incidents.open.values()}
    (tmp_path / "elsewhere").rename(inbox)
    house.turn()
    assert house.service._incidents.open == {}


def test_another_folder_in_the_place_of_the_inbox_is_not_taken_from(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    house.turn()
    inbox = house.root.inbox / "credit"
    inbox.rename(tmp_path / "elsewhere")
    inbox.mkdir()
    house.drop()
    house.restart()
    house.turn()
    assert house.tasks == []
    assert "doctor --accept credit" in house.service._watching.faults["credit"].then


def test_a_late_writer_makes_a_second_job(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    path = house.drop()
    late = None

    def meanwhile(task: Task) -> None:
        nonlocal late
        if late is None:
            (inode,) = (house.root.inbox / "credit" / ".dropscore").glob("*/drop")
            late = inode.open("ab")
        answer(task)

    house.work = meanwhile
    house.turn()
    assert late is not None and not path.exists()
    late.write(b"3,4\n")
    late.close()
    house.turn()
    first, second = house.receipts()
    assert (first.counts.rows, second.counts.rows) == (1, 2)
    assert second.lineage.late_of == first.job


def test_two_drops_of_one_name_are_two_jobs(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    house.drop()
    house.turn()
    house.drop()
    house.turn()
    codes = {re.match(r"sales\.(\w{8})\.", name)[1] for name in house.files(house.root.outbox / "credit")}  # type: ignore[index]
    assert len(codes) == 2


def test_a_checksum_that_does_not_match_is_waited_for_then_rejected_with_both_hashes(tmp_path: Path) -> None:
    seen = []

    def work(task: Task) -> None:
        seen.append(task.expected_sha256)
        answer(task, Verdict.REJECTED if task.expected_sha256 != task.sha256 else Verdict.DELIVERED)

    house = make_house(tmp_path, work=work, complete=Completeness.CHECKSUM)
    drop = house.drop()
    drop.with_name("sales.csv.sha256").write_text(f"{'0' * 64}  sales.csv\n")
    house.turn()
    assert seen == [] and drop.exists(), "not complete yet: it lies in the inbox again"
    house.now += 901
    house.turn()
    assert seen == ["0" * 64]
    assert [receipt.state for receipt in house.receipts()] == ["rejected"]


def test_a_checksum_that_matches_in_the_end_is_delivered(tmp_path: Path) -> None:
    house = make_house(tmp_path, complete=Completeness.CHECKSUM)
    drop = house.drop(content=b"a,b\n")
    promised = hashlib.sha256(b"a,b\n1,2\n").hexdigest()
    drop.with_name("sales.csv.sha256").write_text(f"{promised}  sales.csv\n")
    house.turn()
    with drop.open("ab") as late:
        late.write(b"1,2\n")
    house.turn()
    assert [(receipt.state, receipt.counts.rows) for receipt in house.receipts()] == [("delivered", 1)]
    assert house.files(house.root.inbox / "credit") == [".dropscore/id", "check/.dropscore/id"]


def test_status_says_what_is_going_on(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    (house.root.inbox / "credit" / "letter.part").write_text("x")
    house.drop()
    house.service.work_once(taking=True)
    waiting = json.loads(house.root.status.read_text())["waiting"]
    assert {(entry["name"], entry["waiting"]) for entry in waiting} == {
        ("letter.part", "in-flight"),
        ("sales.csv", "growing"),
    }


@pytest.mark.parametrize("at", STAGES)
def test_an_orderly_stop_finishes_what_is_published_and_hands_the_rest_back(tmp_path: Path, at: Stage) -> None:
    house = make_house(tmp_path)
    house.drop()
    for _ in range(200):
        if any(job.stage is at for job in house.service.jobs.values()):
            break
        house.now += 1.0
        house.service.work_once(taking=True)
        for job in house.service.jobs.values():
            if job.future is not None:
                job.future.exception(timeout=10)
    house.service.run(lambda: True)
    left = list(house.service.jobs.values())
    if at in (Stage.COPY, Stage.WORK):
        assert [(job.claim.at_work, job.claim.deaths) for job in left] == [(False, 0)]
    else:
        assert left == []
        assert house.files(house.root.processing) == []


def _mend(task: Task) -> None:
    """A worker that takes every second drop for a mend of the first job."""
    first = sorted(Path(task.fixes).glob("*.json"))
    if not first or task.no_mend:
        answer(task, Verdict.REJECTED if not first else Verdict.DELIVERED)
        return
    answer(task, Verdict.DELIVERED, mends=json.loads(first[0].read_text())["job"])


def test_a_mend_takes_the_place_of_the_old_job_and_links_both_ways(tmp_path: Path) -> None:
    house = make_house(tmp_path, work=_mend)
    house.drop()
    house.turn()
    house.drop()
    house.turn()
    old, new = house.receipts()
    assert (old.state, old.lineage.mended_by, new.lineage.mends) == ("mended", new.job, old.job)
    row = house.ledger.job(old.job)
    assert row is not None and row.state is State.MENDED


@pytest.mark.parametrize("what", ["mended", "retried"])
def test_an_accounting_that_is_repeated_tells_the_history_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """The ledger goes away after the event was written and before the job was: so both are written again."""
    house = make_house(tmp_path, work=_reject)
    house.drop()
    house.turn()
    (old,) = house.receipts()
    house.work = lambda task: answer(task, mends=old.job if what == "mended" else None)
    account, outages = house.ledger.account_all, [1, 2, 3]

    def away(*arguments: object, **more: object) -> None:
        if outages:
            outages.pop()
            raise Unavailable("ledger", "The ledger is away.")
        account(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(house.ledger, "account_all", away)
    if what == "mended":
        house.drop("mended.csv")
    else:
        request = {"verb": "retry", "job": old.job, "by": "ops"}
        durable.write_new(house.root.requests / "01KA0000000000000000000001.json", json.dumps(request).encode())
    house.turn()
    house.now += 400
    house.turn()
    assert not outages
    assert [row.event for row in house.ledger.history(old.job)].count(what) == 1
    assert house.root.events(old.job).read_text().count(what) == 1


def test_of_two_mends_the_second_is_an_ordinary_drop(tmp_path: Path) -> None:
    house = make_house(tmp_path, work=_mend)
    house.drop()
    house.turn()
    house.drop("one.csv")
    house.drop("two.csv")
    house.turn()
    old, *mends = house.receipts()
    assert sorted(mend.lineage.mends is not None for mend in mends) == [False, True]
    assert all(mend.state == "delivered" for mend in mends)
    assert old.lineage.mended_by in {mend.job for mend in mends if mend.lineage.mends}


@pytest.mark.parametrize("at", [Stage.STAGE, Stage.PUBLISH, Stage.ACCOUNT, Stage.TIDY])
def test_a_crash_in_mid_mend_marks_the_old_job_once(tmp_path: Path, at: Stage) -> None:
    house = make_house(tmp_path, work=_mend)
    house.drop()
    house.turn()
    house.drop()
    for _ in range(200):
        if any(job.stage is at for job in house.service.jobs.values()):
            break
        house.now += 1.0
        house.service.work_once(taking=True)
        for job in house.service.jobs.values():
            if job.future is not None:
                job.future.exception(timeout=10)
    house.restart()
    house.turn()
    old, new = house.receipts()
    assert (old.state, old.lineage.mended_by, new.lineage.mends) == ("mended", new.job, old.job)
    assert house.root.events(old.job).read_text().count('"mended"') == 1


def test_the_same_content_again_is_answered_with_the_earlier_result(tmp_path: Path) -> None:
    house = make_house(tmp_path, again=Again.ANSWER)
    house.drop()
    house.turn()
    house.drop("again.csv")
    house.turn()
    first, second = house.receipts()
    assert (second.state, second.lineage.answers, len(house.tasks)) == ("answered", first.job, 1)
    assert first.code in second.sentence and first.files[0].path in second.sentence
    assert house.files(house.root.outbox / "credit") == [
        f"again.{second.code}.json",
        f"sales.{first.code}.json",
        f"sales.{first.code}.xlsx",
    ]


def test_where_the_earlier_result_is_gone_it_is_scored_again(tmp_path: Path) -> None:
    house = make_house(tmp_path, again=Again.ANSWER)
    house.drop()
    house.turn()
    (first,) = house.receipts()
    (house.root.path / first.files[0].path).unlink()
    house.drop("again.csv")
    house.turn()
    assert [receipt.state for receipt in house.receipts()] == ["delivered", "delivered"]
    assert [task.again_of for task in house.tasks] == [None, first.code]


def test_the_same_content_again_is_refused_where_the_route_says_so(tmp_path: Path) -> None:
    house = make_house(tmp_path, again=Again.REFUSE)
    house.drop()
    house.turn()
    house.drop("again.csv")
    house.turn()
    first, second = house.receipts()
    assert (second.state, [entry.code for entry in second.problems]) == ("rejected", ["same-again"])
    assert first.code in second.sentence
    assert house.files(house.root.failed / "credit") == [f"again.{second.code}.csv", f"again.{second.code}.json"]


def test_a_fix_workbook_and_its_csv_are_both_published(tmp_path: Path) -> None:
    def work(task: Task) -> None:
        answer(task, Verdict.REJECTED, fix_csv=True)

    house = make_house(tmp_path, work=work)
    house.drop()
    house.turn()
    (receipt,) = house.receipts()
    suffixes = (".csv", ".fix.csv", ".fix.xlsx", ".json")
    assert house.files(house.root.failed / "credit") == [f"sales.{receipt.code}{suffix}" for suffix in suffixes]
    for fact in receipt.files:
        assert durable.sha256_of(house.root.path / fact.path) == fact.sha256


def test_a_dropped_json_does_not_lie_under_its_receipts_name(tmp_path: Path) -> None:
    house = make_house(tmp_path, work=_reject)
    house.drop("data.json", b'{"mine": true}\n')
    house.turn()
    (receipt,) = house.receipts()
    failed = house.root.failed / "credit"
    assert (failed / f"data.{receipt.code}.json.dropped").read_bytes() == b'{"mine": true}\n'
    assert json.loads((failed / f"data.{receipt.code}.json").read_bytes())["code"] == receipt.code


def test_a_route_whose_model_is_missing_leaves_the_others_alone(tmp_path: Path) -> None:
    house = make_house(tmp_path, "credit", "broken")
    other = tmp_path / "model" / "other"
    routes = [replace(route, model=other) if route.name == "broken" else route for route in house.plan.routes]
    house.service.reload(replace(house.plan, routes=tuple(routes)))
    for number in range(40):
        house.drop(f"d{number:02}.csv", route="broken")
    house.turn()
    house.drop()
    house.turn()
    assert [receipt.name for receipt in house.receipts()] == ["sales.csv"]
    assert len(house.service.jobs) <= house.plan.at_once, "what cannot be worked on need not be claimed"
    house.now += 2.0
    house.service.work_once(taking=True)
    waiting = json.loads(house.root.status.read_text())["waiting"]
    assert len(waiting) >= 40 - house.plan.at_once and {entry["waiting"] for entry in waiting} == {"unavailable"}
    assert "The model's folder" in waiting[0]["why"]
    (tmp_path / "model" / "credit").rename(other)
    for _ in range(12):
        house.now += 400
        house.turn()
    assert len(house.receipts()) == 41
