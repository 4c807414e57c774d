"""A code is given once in a root, whatever is away, and whoever asks."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from ulid import ULID

from dropscore import durable
from dropscore.domain.errors import Unavailable
from dropscore.folders import Root, make_root
from dropscore.service import codes
from service_house import House, make_house


@pytest.fixture
def root(tmp_path: Path) -> Root:
    made = Root(tmp_path)
    make_root(made, ("credit",))
    return made


@pytest.fixture
def lot(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let the lot fall as this list says, then anew each time."""
    first: list[str] = []
    rest = (f"Z{number:07d}" for number in itertools.count())
    monkeypatch.setattr(codes, "new_code", lambda: first.pop(0) if first else next(rest))
    return first


def test_what_was_drawn_is_not_drawn_again(root: Root, lot: list[str]) -> None:
    lot += ["K7F2QXM4", "K7F2QXM4", "K7F2QXM4", "K7000000", "K7F2QXM4", "00000000"]
    assert [codes.draw_code(root) for _ in range(3)] == ["K7F2QXM4", "K7000000", "00000000"]
    assert (root.state / "codes" / "K7").read_text() == "K7F2QXM4\nK7000000\n"


def test_a_torn_line_spoils_only_itself(root: Root, lot: list[str]) -> None:
    lot += ["K7F2QXM4"]
    codes.draw_code(root)
    with (root.state / "codes" / "K7").open("a") as torn:
        torn.write("K7A")
    lot += ["K7F2QXM4", "K7BBBBBB", "K7BBBBBB", "K7CCCCCC", "K7CCCCCC"]
    assert [codes.draw_code(root) for _ in range(2)] == ["K7BBBBBB", "K7CCCCCC"]


def test_lost_ones_are_written_down_again(root: Root, lot: list[str]) -> None:
    assert [codes.remember_code(root, code) for code in ("K7F2QXM4", "K8F2QXM4", "K7F2QXM4")] == [True, True, False]
    lot += ["K7F2QXM4", "K8F2QXM4", "K9F2QXM4"]
    assert codes.draw_code(root) == "K9F2QXM4"
    assert (root.state / "codes" / "K7").read_text() == "K7F2QXM4\n"


def test_a_disk_at_fault_is_said(root: Root) -> None:
    (root.state / "codes").write_text("no folder")
    with pytest.raises(OSError):
        codes.draw_code(root)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return make_house(tmp_path, quiet_seconds=0.0)


def given(house: House) -> Iterator[str]:
    yield from (receipt.code for receipt in house.receipts())


def test_the_ledger_away_and_back_two_jobs_have_two_codes(
    house: House, lot: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lot += ["K7F2QXM4"]
    house.drop("a.csv")
    house.turn()

    def away(*_: object, **__: object) -> None:
        raise Unavailable("ledger", "It is away.")

    lot += ["K7F2QXM4", "K7AAAAAA", "K7AAAAAA", "K7BBBBBB"]
    with monkeypatch.context() as patched:
        for call in ("account", "job", "owe", "record_event"):
            patched.setattr(house.ledger, call, away)
        house.drop("b.csv")
        house.turn()
        house.restart()  # what is in memory is gone, too
        house.drop("c.csv")
        house.turn()
    house.now += 600.0
    house.turn()
    assert sorted(given(house)) == ["K7AAAAAA", "K7BBBBBB", "K7F2QXM4"]
    rows = house.ledger.jobs()
    assert sorted(row.code for row in rows) == sorted(given(house))
    assert {row.name: row.code for row in rows} == {receipt.name: receipt.code for receipt in house.receipts()}


def test_retries_and_uploads_draw_from_the_same_lot(house: House, lot: list[str]) -> None:
    lot += ["K7F2QXM4"]
    house.drop("a.csv")
    house.turn()
    (first,) = house.receipts()
    lot += ["K7F2QXM4", "K7AAAAAA"]
    assert house.ask(str(ULID()), verb="retry", job=first.job, by="ana")["code"] == "K7AAAAAA"
    upload = str(ULID())
    folder = house.root.uploads / upload
    folder.mkdir()
    durable.write_new(folder / "data", b"a,b\n1,2\n")
    durable.write_new(folder / "meta.json", json.dumps({"name": "u.csv", "route": "credit", "user": "ana"}).encode())
    lot += ["K7AAAAAA", "K7F2QXM4", "K7BBBBBB"]
    assert house.ask(upload, verb="submit", upload=upload)["code"] == "K7BBBBBB"
    assert sorted(given(house)) == ["K7AAAAAA", "K7BBBBBB", "K7F2QXM4"]
