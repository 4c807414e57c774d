"""`why FILE` names the rule that keeps a drop where it is: each is tried on the real daemon."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from e2e.daemon import House, awaited, homes_csv, make_house, make_model, running

ROUTES = {
    "homes": "",
    "slow": "quiet_seconds = 3600",
    "marked": "complete = 'marker'",
    "summed": "complete = 'checksum'",
    "lost": "",
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("model") / "price")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, model: Path) -> Iterator[House]:
    made = make_house(tmp_path_factory.mktemp("why") / "root", ROUTES, model=model)
    text = made.config.read_text().replace("quiet_seconds = 0.4\nquiet_seconds = 3600", "quiet_seconds = 3600")
    absent = f"[routes.lost]\nmodel = '{model.parent}/absent'"
    made.config.write_text(text.replace(f"[routes.lost]\nmodel = '{model}'", absent))
    with running(made):
        yield made


def why(house: House, path: Path) -> dict[str, Any]:
    (answer,) = json.loads(house.call("why", path, "--json"))
    found: dict[str, Any] = answer
    return found


def _await(house: House, path: Path, *parts: str) -> dict[str, Any]:
    """Return the answer once it says all of these."""

    def said() -> dict[str, Any] | None:
        answer = why(house, path)
        return answer if all(part in f"{answer['sentence']} {answer['todo']}" for part in parts) else None

    try:
        return awaited(said, f"an answer with {parts}", house.log) or {}
    except AssertionError:
        raise AssertionError(f"{parts} not in {why(house, path)}") from None


def test_growing_and_held_open(house: House) -> None:
    path = house.root / "inbox" / "slow" / "sales.csv"
    with path.open("w") as writer:
        writer.write(homes_csv(5))
        writer.flush()
        _await(house, path, "still changing", "stood still for 3600 seconds")
    answer = _await(house, path, "still changing")
    assert (answer["position"], answer["state"]) == (1, "waiting") and answer["estimate_seconds"] > 3000
    path.unlink()
    path = house.root / "inbox" / "homes" / "open.csv"
    with path.open("w") as writer:
        writer.write(homes_csv(5))
        writer.flush()
        _await(house, path, "A program still has it open for writing")
    house.await_receipt("homes", "open")


def test_a_missing_marker_and_a_checksum_that_is_missing_or_wrong(house: House) -> None:
    path = house.root / "inbox" / "marked" / "sales.csv"
    path.write_text(homes_csv(5))
    _await(house, path, "sales.csv.done is not there yet")
    path.with_name("sales.csv.done").touch()
    house.await_receipt("marked", "sales")
    path = house.root / "inbox" / "summed" / "sales.csv"
    path.write_text(homes_csv(5))
    _await(house, path, "sales.csv.sha256 is not there yet")
    path.with_name("sales.csv.sha256").write_text("0" * 64)
    _await(house, path, "not what its .sha256 says")
    path.with_name("sales.csv.sha256").write_text(hashlib.sha256(path.read_bytes()).hexdigest())
    house.await_receipt("summed", "sales")


def test_names_and_things_that_are_never_taken(house: House) -> None:
    inbox = house.root / "inbox" / "homes"
    (inbox / "a.csv.part").touch()
    (inbox / "_b.csv").touch()
    (inbox / "c.csv").symlink_to("/etc/passwd")
    os.mkfifo(inbox / "d.csv")
    (inbox / "e.csv").mkdir()
    for name, part in (
        ("a.csv.part", "still being written"),
        ("_b.csv", "underscore"),
        ("c.csv", "symbolic link"),
        ("d.csv", "pipe"),
        ("e.csv", "folder"),
    ):
        answer = why(house, inbox / name)
        assert answer["state"] == "ignored" and part in answer["sentence"], answer


def test_a_second_name_and_a_text_that_may_be_cut_off(house: House) -> None:
    inbox = house.root / "inbox" / "homes"
    (inbox / "linked.csv").write_text(homes_csv(5))
    other = house.root / "other-name"
    other.hardlink_to(inbox / "linked.csv")
    _await(house, inbox / "linked.csv", "second name")
    other.unlink()
    house.await_receipt("homes", "linked")
    (inbox / "cut.csv").write_text(homes_csv(5).rstrip("\n"))
    _await(house, inbox / "cut.csv", "may be cut off")
    told = house.call("process", "homes", "cut.csv")
    assert told.startswith("1 drop is taken: cut.csv [")
    assert house.await_receipt("homes", "cut")["counts"]["warnings"] == 1


MANY = 300
"""More than may be on their way at once, however small."""


def test_a_missing_model_before_and_after_the_claim(house: House) -> None:
    inbox = house.root / "inbox" / "lost"
    for number in range(MANY):
        (inbox / f"d{number:03}.csv").write_text(homes_csv(2))
    awaited(lambda: len(list(inbox.glob("*.csv"))) < MANY, "some to be claimed", house.log)
    last = sorted(inbox.glob("*.csv"))[-1]
    answer = _await(house, last, "waits as others of its route do", "The model's folder")
    assert answer["waiting"] == "unavailable"
    claimed = next(name for n in range(MANY) if not (inbox / (name := f"d{n:03}.csv")).exists())
    _await(house, inbox / claimed, "it was taken, and waits: The model's folder")
    (house.root / "inbox" / "homes" / "other-route.csv").write_text(homes_csv(2))
    house.await_receipt("homes", "other-route")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to mount")
def test_a_full_disk(house: House) -> None:
    full, inbox = house.root / "processing", house.root / "inbox" / "homes"
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", full], check=True)
    try:
        with (full / "filler").open("wb", buffering=0) as filler, suppress(OSError):
            while True:
                filler.write(b"x" * 4096)
        (inbox / "later.csv").write_text(homes_csv(5))
        answer = _await(house, inbox / "later.csv", "cannot be taken now", "No space left on device")
        assert answer["waiting"] == "unavailable"
    finally:
        subprocess.run(["umount", full], check=True)
    house.await_receipt("homes", "later")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to mount")
def test_an_inbox_that_is_mounted_over(house: House) -> None:
    inbox = house.root / "inbox" / "summed"
    subprocess.run(["mount", "-t", "tmpfs", "none", inbox], check=True)
    try:
        (inbox / "sales.csv").write_text(homes_csv(5))
        answer = _await(house, inbox / "sales.csv", "Another folder lies in the place of")
        assert "doctor --accept summed" in answer["todo"]
        assert (inbox / "sales.csv").exists() and not (inbox / "sales.csv.waiting.json").exists()
    finally:
        subprocess.run(["umount", inbox], check=True)
