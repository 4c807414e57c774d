"""`retry`, `archive`, `delete`, `submit`: asked of the daemon by file, and written by nobody else."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from cli_root import House, daemon, keep, make_house, receipt
from dropscore.cli import asking
from dropscore.domain.jobs import Verdict


@pytest.fixture
def house(tmp_path: Path) -> House:
    return make_house(tmp_path / "r")


def fine(request: dict[str, Any]) -> dict[str, Any]:
    return {"ok": True, "sentence": f"{request['verb']} of {request.get('job')}", "job": "J", "code": "K7F2QXM4"}


@pytest.mark.parametrize(
    ("arguments", "verb"),
    [(("retry",), "retry"), (("archive",), "archive"), (("delete",), "delete"), (("delete", "--undo"), "undo"),
     (("archive", "--undo"), "undo")],
)  # fmt: skip
def test_each_code_is_one_request(house: House, arguments: tuple[str, ...], verb: str) -> None:
    with daemon(house, fine) as requests:
        result = house.call(*arguments, "k7f2qxm4", "AAAAAAAA")
    assert result.exit_code == 0
    assert [(request["verb"], request["job"], request["via"]) for request in requests] == [
        (verb, "K7F2QXM4", "cli"),
        (verb, "AAAAAAAA", "cli"),
    ]
    assert all(request["by"] and len(request["request"]) == 26 for request in requests)
    assert result.stdout.splitlines() == [f"k7f2qxm4: {verb} of K7F2QXM4", f"AAAAAAAA: {verb} of AAAAAAAA"]


def test_a_refusal_is_1_and_the_others_are_carried_out(house: House) -> None:
    def answer(request: dict[str, Any]) -> dict[str, Any]:
        return fine(request) if request["job"] == "BBBBBBBB" else {"ok": False, "sentence": "There is no such job."}

    with daemon(house, answer) as requests:
        result = house.call("retry", "AAAAAAAA", "BBBBBBBB", "--json")
    assert result.exit_code == 1
    assert [one["ok"] for one in json.loads(result.stdout)] == [False, True]
    assert len(requests) == 2


@pytest.mark.parametrize(
    ("arguments", "routes", "name"),
    [
        ((), ["default", "credit"], None),
        (("credit",), ["credit"], None),
        (("credit", "inbox/credit/a.csv"), ["credit"], "a.csv"),
    ],
)
def test_process_asks_for_all_a_route_or_a_file(
    tmp_path: Path, arguments: tuple[str, ...], routes: list[str], name: str | None
) -> None:
    house = make_house(tmp_path / "r", '[routes.credit]\nmodel = "absent"')
    with daemon(house, lambda request: {"ok": True, "sentence": "1 drop is taken.", "jobs": []}) as requests:
        result = house.call("process", *arguments)
        assert (result.exit_code, result.stdout) == (0, "1 drop is taken.\n")
        assert house.call("process", "nowhere").exit_code == 1
    assert [(one["verb"], one["routes"], one["name"]) for one in requests] == [("process", routes, name)]


@pytest.mark.parametrize("verb", ["retry", "archive", "delete"])
def test_without_a_daemon_nothing_is_written(house: House, verb: str) -> None:
    result = house.call(verb, "K7F2QXM4")
    assert result.exit_code == 10
    assert "dropscore run" in result.stderr
    assert [path.name for path in house.root.requests.iterdir()] == ["done"]


def test_a_daemon_that_never_answers(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "PATIENCE_SECONDS", 0.1)
    with daemon(house):
        result = house.call("retry", "K7F2QXM4")
    assert result.exit_code == 1
    assert "the request was withdrawn" in result.stderr
    assert list(house.root.requests.glob("*.json")) == []


def test_a_request_that_is_being_carried_out_is_not_called_withdrawn(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "PATIENCE_SECONDS", 0.1)

    def take(request: dict[str, Any]) -> None:
        (house.root.requests / f"{request['request']}.json").unlink()

    with daemon(house, take):
        result = house.call("retry", "K7F2QXM4")
    assert result.exit_code == 1
    assert "has taken the request" in result.stderr


def test_submit_streams_first_and_then_asks(house: House, tmp_path: Path) -> None:
    drop = tmp_path / "my sales.csv"
    drop.write_bytes(b"a,b\n1,2\n")
    seen = {}

    def answer(request: dict[str, Any]) -> dict[str, Any]:
        upload = house.root.uploads / request["upload"]
        seen.update(json.loads((upload / "meta.json").read_bytes()))
        seen["data"] = (upload / "data").read_bytes()
        return fine(request)

    with daemon(house, answer) as requests:
        result = house.call("submit", drop, "--check")
    assert result.exit_code == 0
    assert result.stdout.startswith("K7F2QXM4: ")
    assert requests[0]["request"] == requests[0]["upload"]
    assert seen["data"] == b"a,b\n1,2\n"
    assert (seen["name"], seen["route"], seen["kind"], seen["via"]) == ("my sales.csv", "default", "check", "cli")
    assert seen["sha256"] == hashlib.sha256(b"a,b\n1,2\n").hexdigest()


def test_submit_waits_for_the_verdict(house: House, tmp_path: Path) -> None:
    drop = tmp_path / "sales.csv"
    drop.write_bytes(b"a\n")
    bad = receipt("sales.csv", Verdict.REJECTED)

    def answer(request: dict[str, Any]) -> dict[str, Any]:
        keep(house, bad)
        return fine(request) | {"job": bad.job}

    with daemon(house, answer):
        result = house.call("submit", drop, "--wait")
    assert result.exit_code == 4
    assert result.stdout.splitlines()[0] == f"{bad.code}: sales.csv: Nothing was scored."


def test_submit_leaves_nothing_behind_where_it_is_refused(house: House, tmp_path: Path) -> None:
    drop = tmp_path / "sales.csv"
    drop.write_bytes(b"a\n")
    assert house.call("submit", drop).exit_code == 10
    with daemon(house, lambda request: {"ok": False, "sentence": "No."}):
        assert house.call("submit", drop, "--route", "nowhere").exit_code == 1
        refused = house.call("submit", drop)
    assert (refused.exit_code, refused.stderr) == (1, "dropscore: No.\n")
    assert list(house.root.uploads.iterdir()) == []
    assert house.call("submit", tmp_path / "absent.csv").exit_code == 2


def test_submit_says_so_where_the_job_is_held_or_the_daemon_ends(house: House, tmp_path: Path) -> None:
    drop = tmp_path / "sales.csv"
    drop.write_bytes(b"a\n")
    held = {"jobs": [{"job": "01J00000000000000000000000", "held": "A worker ended three times on it."}]}
    with daemon(house, lambda request: fine(request) | {"job": "01J00000000000000000000000"}, status=held):
        result = house.call("submit", drop, "--wait")
    assert (result.exit_code, result.stderr) == (1, "dropscore: A worker ended three times on it.\n")
