"""`why FILE`: a file that seems stuck."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cli_root import House, daemon, keep, make_house, receipt
from dropscore.domain.jobs import Verdict
from dropscore.journal import Claim
from dropscore.receipt import Sender, dump


@pytest.fixture
def house(tmp_path: Path) -> House:
    return make_house(tmp_path / "r", '[routes.credit]\nmodel = "absent"\nin_group = "credit-in"')


def why(house: House, file: object, **status: Any) -> dict[str, Any]:
    with daemon(house, status=status):
        found = house.json("why", file)
    assert len(found) == 1
    one: dict[str, Any] = found[0]
    return one


def test_what_the_daemon_says_of_a_waiting_drop(house: House) -> None:
    drop = house.root.inbox / "credit" / "sales.csv"
    drop.write_text("a")
    told = {
        "route": "credit",
        "folder": str(drop.parent),
        "name": "sales.csv",
        "waiting": "growing",
        "why": "It grows.",
    }
    answer = why(house, drop, waiting=[told])
    assert (answer["state"], answer["route"], answer["sentence"]) == ("waiting", "credit", "It grows.")
    assert why(house, "sales.csv", waiting=[told]) == answer
    assert "it has just come" in why(house, drop)["sentence"]


def test_names_and_things_that_are_never_taken(house: House) -> None:
    inbox = house.root.inbox
    for name in ("sales.csv.part", "_note.csv", "sales.csv.done"):
        (inbox / name).write_text("")
    (inbox / "credit" / "folder.csv").mkdir()
    os.mkfifo(inbox / "pipe.csv")
    (inbox / "link.csv").symlink_to("/etc/passwd")
    (inbox / "unknown").mkdir()
    (inbox / "unknown" / "lost.csv").write_text("")
    for path, part in (
        ("sales.csv.part", "still being written"),
        ("_note.csv", "underscore"),
        ("sales.csv.done", "goes with sales.csv"),
        ("credit/folder.csv", "It is a folder"),
        ("pipe.csv", "pipe"),
        ("link.csv", "symbolic link"),
        ("unknown/lost.csv", "not the folder of a route, so nothing is taken from it. Routes are: default, credit."),
    ):
        answer = why(house, inbox / path)
        assert (answer["state"], part in answer["sentence"]) == ("ignored", True), answer


def test_without_a_daemon_and_without_a_watched_folder(house: House) -> None:
    drop = house.root.inbox / "sales.csv"
    drop.write_text("a")
    result = house.call("why", drop)
    assert (result.exit_code, result.stdout) == (0, "sales.csv: no daemon runs. Start it with: dropscore run\n")
    away = {"key": "inbox:default", "matter": "Another folder lies there.", "then": "dropscore doctor --accept default"}
    assert "Another folder lies there." in why(house, drop, incidents=[away])["sentence"]


def test_a_drop_that_may_not_be_read_names_the_command(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    drop = house.root.inbox / "credit" / "it's.csv"
    drop.write_text("a")
    monkeypatch.setattr("dropscore.cli.why.readable", lambda path: False)  # root may read everything
    answer = why(house, drop)
    assert (
        answer["todo"]
        == f"""Let it: chgrp credit-in '{drop.parent}/it'"'"'s.csv' && chmod g+r '{drop.parent}/it'"'"'s.csv'"""
    )
    other = house.root.inbox / "other.csv"
    other.write_text("a")
    assert why(house, other)["todo"] == f"Let it: chmod a+r {other}"


def test_a_job_at_work_or_held(house: House) -> None:
    claim = Claim(
        job="01J00000000000000000000000", code="K7F2QXM4", route="credit", name="sales.csv", name_base64="c2FsZXMuY3N2",
        sender=Sender(name="ana"), claimed=datetime.now(UTC),
    )  # fmt: skip
    folder = house.root.job(claim.job)
    folder.mkdir()
    (folder / "claim.json").write_bytes(dump(claim))
    answer = why(house, house.root.inbox / "credit" / "sales.csv")
    assert (answer["state"], answer["code"]) == ("working", "K7F2QXM4")
    (folder / "claim.json").write_bytes(dump(claim.model_copy(update={"held": "Three workers ended."})))
    answer = why(house, "K7F2QXM4")
    assert (answer["state"], answer["sentence"]) == ("held", "Three workers ended.")
    assert "dropscore retry K7F2QXM4" in answer["todo"]


def test_a_job_that_waits_for_the_world_says_what_for(house: House) -> None:
    claim = Claim(
        job="01J00000000000000000000000", code="K7F2QXM4", route="credit", name="sales.csv", name_base64="c2FsZXMuY3N2",
        sender=Sender(name="ana"), claimed=datetime.now(UTC),
    )  # fmt: skip
    house.root.job(claim.job).mkdir()
    (house.root.job(claim.job) / "claim.json").write_bytes(dump(claim))
    job = {"job": claim.job, "waits_for": "model:credit"}
    away = {"key": "model:credit", "matter": "The model's folder holds no bundle.", "then": "It is tried again."}
    answer = why(house, "sales.csv", jobs=[job], incidents=[away])
    assert (answer["state"], answer["sentence"], answer["todo"]) == (
        "working",
        "it was taken, and waits: The model's folder holds no bundle.",
        "It is tried again.",
    )
    down = house.json("why", "sales.csv")[0]
    assert "no daemon runs" in down["sentence"] and "dropscore run" in down["todo"]


def test_one_of_a_crowd_that_is_too_long_to_be_listed(house: House) -> None:
    inbox = house.root.inbox / "credit"
    for name in ("closed.csv", "open.csv", "linked.csv"):
        (inbox / name).write_text("a\n")
    (inbox / "other.csv").hardlink_to(inbox / "linked.csv")
    crowd = {"waiting": [{"folder": "/elsewhere", "name": "x"}], "waiting_count": 5000}
    assert "behind more than 1 others" in why(house, inbox / "closed.csv", **crowd)["sentence"]
    with (inbox / "open.csv").open("a"):
        answer = why(house, inbox / "open.csv", **crowd)
        assert (answer["waiting"], "has it open for writing" in answer["sentence"]) == ("held-open", True)
    assert why(house, inbox / "linked.csv", **crowd)["waiting"] == "hard-linked"


def test_the_place_in_the_queue_is_handed_on(house: House) -> None:
    drop = house.root.inbox / "credit" / "sales.csv"
    drop.write_text("a")
    told = {"route": "credit", "folder": str(drop.parent), "name": "sales.csv", "waiting": "queued",
            "why": "It is complete, and number 3 in the queue.", "position": 3, "estimate_seconds": 12.5}  # fmt: skip
    answer = why(house, drop, waiting=[told], waiting_count=1)
    assert (answer["waiting"], answer["position"], answer["estimate_seconds"]) == ("queued", 3, 12.5)


def test_finished_jobs_by_name_code_published_name_and_content(house: House, tmp_path: Path) -> None:
    done, bad = receipt("sales.csv"), receipt("sales.csv", Verdict.REJECTED, todo="Mend it.")
    keep(house, done, bad)
    assert why(house, done.code)["job"] == done.job
    assert why(house, f"outbox/sales.{done.code}.xlsx")["job"] == done.job
    assert why(house, bad.job)["todo"] == "Mend it."
    found = json.loads(house.call("why", "sales.csv", "--json").stdout)
    assert {one["job"] for one in found} == {done.job, bad.job}
    copy = tmp_path / "sales.csv"
    copy.write_bytes(b"content")
    same = receipt(
        "sales.csv", input={"bytes": 7, "sha256": "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73"}
    )
    keep(house, same)
    assert why(house, copy)["job"] == same.job


def test_of_what_nothing_is_known(house: House) -> None:
    keep(house, receipt())
    result = house.call("why", "nothing.csv")
    assert result.exit_code == 1
    assert "nothing is known of it" in result.stdout
