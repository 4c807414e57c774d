"""A switch of versions in the service: carried out once, whatever happens between its steps."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any

import pytest

from dropscore import champions, durable
from dropscore.domain.errors import Refused
from dropscore.folders import new_job
from dropscore.service.switching import switch
from service_house import House, make_house


@pytest.fixture
def house(tmp_path: Path) -> House:
    made = make_house(tmp_path)
    folder = made.plan.routes[0].model / "2.0.0"
    folder.mkdir()
    (folder / "manifest.json").write_text(json.dumps({"name": "credit", "version": "2.0.0"}))
    return made


def promote(version: str = "1.0.0", **more: Any) -> dict[str, Any]:
    return {"verb": "promote", "route": "credit", "version": version, "by": "ana", "why": "better", **more}


def switched(house: House, ulid: str, request: dict[str, Any]) -> dict[str, Any]:
    return switch(house.service.plan, house.service.reload, ulid, request)


def test_the_next_job_uses_it_and_one_that_has_begun_does_not(house: House) -> None:
    assert switched(house, new_job(), promote())["before"] == "2.0.0"
    house.drop()
    house.turn()
    (receipt,) = house.receipts()
    assert receipt.model is not None and receipt.model.version == "1.0.0"


def test_a_request_that_is_repeated_after_a_crash_is_carried_out_once(house: House) -> None:
    first, second = new_job(), new_job()
    answer = switched(house, first, promote())
    assert switched(house, first, promote()) == answer
    back = {**promote(), "verb": "rollback"}
    assert switched(house, second, back)["version"] == "2.0.0"
    assert switched(house, second, back)["version"] == "2.0.0"
    assert len(champions.read(house.root.state).routes["credit"]) == 2
    with pytest.raises(Refused, match="no switch"):
        switched(house, new_job(), back)


def test_what_cannot_be_written_down_is_not_switched(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as full:
        full.setattr(durable, "write_new", refuse)
        with pytest.raises(OSError, match="full"):
            switched(house, new_job(), promote())
    house.drop()
    house.turn()
    (receipt,) = house.receipts()
    assert receipt.model is not None and receipt.model.version == "2.0.0"


@pytest.mark.parametrize(
    ("more", "why"),
    [({"route": "nowhere"}, "no route"), ({"version": "3.0.0"}, "holds no bundle"), ({"version": "2.0.0"}, "already")],
)
def test_what_makes_no_sense_is_refused(house: House, more: dict[str, Any], why: str) -> None:
    with pytest.raises(Refused, match=why):
        switched(house, new_job(), promote(**more))
