"""What is away in the world: told once when it begins and once when it ends, also across crashes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dropscore.domain.errors import Unavailable
from dropscore.domain.notes import Note
from dropscore.service.incidents import Incidents
from service_house import House, make_house

NOW = datetime(2027, 3, 4, 5, 6, 7, tzinfo=UTC)
FULL = Unavailable("disk:outbox", "The disk is full.")


class _Away:
    """A ledger that takes notes, or is away."""

    def __init__(self) -> None:
        self.away = True
        self.told: list[Note] = []

    def owe(self, notes: Iterable[Note]) -> None:
        if self.away:
            raise Unavailable("ledger", "The ledger is away.")
        self.told += notes


def test_what_is_owed_while_the_ledger_is_away_survives_a_crash(tmp_path: Path) -> None:
    ledger, kept = _Away(), tmp_path / "incidents.json"
    first = Incidents(kept)
    first.begin(FULL, NOW)
    first.begin(FULL, NOW)
    with pytest.raises(Unavailable):
        first.hand_over(ledger.owe)
    again = Incidents(kept)  # the process was killed
    again.begin(FULL, NOW)
    assert [note.sentence for note in again.owed] == ["The disk is full."]
    assert again.owed == first.owed
    again.end_all_but([], NOW)
    ledger.away = False
    Incidents(kept).hand_over(ledger.owe)
    assert [str(note.kind) for note in ledger.told] == ["unavailable", "recovered"]
    last = Incidents(kept)
    assert (last.owed, last.open) == ([], {})


def test_what_could_not_be_written_down_is_written_as_soon_as_it_can_be(tmp_path: Path) -> None:
    kept = tmp_path / "away" / "incidents.json"
    incidents = Incidents(kept)
    incidents.begin(FULL, NOW)
    kept.parent.mkdir()
    incidents.end_all_but([FULL.key], NOW)
    assert Incidents(kept).owed == incidents.owed != []


def test_the_file_of_an_earlier_release_is_understood(tmp_path: Path) -> None:
    kept = tmp_path / "incidents.json"
    entry = {"key": FULL.key, "matter": FULL.matter, "then": FULL.then, "since": NOW.isoformat(), "route": ""}
    kept.write_text(json.dumps([entry]))
    incidents = Incidents(kept)
    incidents.begin(FULL, NOW)
    assert (list(incidents.open), incidents.owed) == ([FULL.key], [])


@pytest.mark.parametrize("text", ["", "{", "[7]", '{"open": []}', '{"open": [], "owed": [{}]}'])
def test_a_damaged_file_stops_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "incidents.json").write_text(text)
    assert Incidents(tmp_path / "incidents.json").open == {}


def _told(house: House) -> list[tuple[str, str]]:
    owed = house.ledger.owed(datetime.now(UTC).replace(year=2100))
    return [(str(one.note.kind), one.note.place) for one in owed if one.note.job is None]


def test_a_fault_while_the_ledger_is_away_is_told_after_a_crash_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = make_house(tmp_path)
    house.turn()
    with monkeypatch.context() as patch:

        def away(notes: Iterable[Note]) -> None:
            raise Unavailable("ledger", "The ledger is away.")

        patch.setattr(house.ledger, "owe", away)
        inbox = house.root.inbox / "credit"
        inbox.rename(inbox.with_name("elsewhere"))
        house.turn(3)
        house.restart()
        house.turn(3)
    inbox.with_name("elsewhere").rename(inbox)
    house.turn()
    inboxes = [told for told in _told(house) if told[1].startswith("inbox:credit")]
    assert sorted(inboxes) == [
        ("recovered", "inbox:credit"),
        ("recovered", "inbox:credit/check"),
        ("unavailable", "inbox:credit"),
        ("unavailable", "inbox:credit/check"),
    ]
