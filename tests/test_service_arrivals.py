"""Expected arrivals in the service: learned from the ledger, told once, over when the file comes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from ulid import ULID

from dropscore.domain.arrivals import Arrival, told
from dropscore.domain.jobs import State, Verdict
from dropscore.domain.notes import NoteKind, Recipients
from dropscore.domain.rules import Rules
from dropscore.notifier.addresses import targets_of
from dropscore.receipt import (
    BatchProfile,
    ColumnProfile,
    Counts,
    InputFact,
    Lineage,
    ProblemEntry,
    Reading,
    Receipt,
    Sender,
    Times,
)
from dropscore.service.arrivals import MOST_KEPT, Arrivals, columns_of, thinned
from dropscore.service.hands import Hands
from service_house import House, make_house

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
FAR = datetime(2026, 12, 1, tzinfo=UTC)


def receipt(at: datetime, rows: int = 100, *columns: str, sender: str = "ada", missing: str = "") -> Receipt:
    """Return the receipt of a drop that came at that time; with `missing`, of one that lacks that column."""
    refused = bool(missing)
    header = ", ".join(columns)
    entry = ProblemEntry(code="missing-column", column=missing, found=header)
    profile = {name: ColumnProfile(type="number", rows=rows, missing=0) for name in columns}
    return Receipt(
        job=str(ULID()),
        code=str(ULID())[-8:],
        route="credit",
        state=State.REJECTED if refused else State.DELIVERED,
        verdict=Verdict.REJECTED if refused else Verdict.DELIVERED,
        name=f"{at:%m%d}.csv",
        sender=Sender(name=sender),
        input=InputFact(bytes=1, sha256="0" * 64),
        times=Times(claimed=at, published=at),
        counts=Counts() if refused else Counts(rows=rows, scored=rows),
        problems=(entry,) if refused else (),
        profile=BatchProfile() if refused else BatchProfile(columns=profile),
    )


class Watch:
    """The arrivals of a house, with a clock of their own."""

    def __init__(self, tmp_path: Path, **settings: object) -> None:
        self.house: House = make_house(tmp_path, **settings)
        self.start()

    def start(self) -> None:
        hands: Hands = self.house.service._hands
        self.arrivals = Arrivals(hands, self.house.service._upkeep._read_ledger, 0.0)
        self.now = 0.0

    def came(self, at: datetime, rows: int = 100, *columns: str, **more: str) -> None:
        self.arrivals.published(receipt(at, rows, *columns, **more), at)

    def past(self, at: datetime, rows: int = 100) -> None:
        """Let a job stand in the ledger, from before this run."""
        self.house.ledger.account(receipt(at, rows))

    def look(self, at: datetime) -> list[tuple[str, str]]:
        """Let it be that time, and return all that owners were told so far, oldest first."""
        for _ in range(3):
            self.now += 400.0
            self.arrivals.work_once(self.now, at)
            past = self.arrivals._past
            if past is not None:
                past.exception(timeout=30)
        owed = [one.note for one in self.house.ledger.owed(FAR)]
        return [(str(note.kind), note.sentence) for note in owed if note.job is None]


def test_mondays_file_is_late_once_and_it_is_over_when_it_comes(tmp_path: Path) -> None:
    watch = Watch(tmp_path)
    for week in range(4):
        watch.came(MONDAY + timedelta(weeks=week))
    monday = MONDAY + timedelta(weeks=4)
    assert watch.look(monday + timedelta(minutes=59)) == []
    late = ("late", "Monday's file of ada for credit is late: it was due by 10:00.")
    assert watch.look(monday + timedelta(minutes=61)) == [late]
    assert watch.look(monday + timedelta(hours=5)) == [late]
    watch.start()  # a restart in the middle of it
    assert watch.look(monday + timedelta(hours=6)) == [late]
    watch.came(monday + timedelta(hours=7))
    assert watch.look(monday + timedelta(hours=8)) == [late, ("as-usual", "It has come: 0330.csv.")]
    assert len(watch.look(monday + timedelta(days=2))) == 2


def test_the_past_is_learned_from_the_ledger(tmp_path: Path) -> None:
    watch = Watch(tmp_path, rules=Rules(language="es", zone="Europe/Madrid"))
    now = datetime.now(UTC)
    monday = (now - timedelta(days=now.weekday())).replace(hour=8, minute=0, second=0, microsecond=0)
    for week in range(1, 6):
        watch.past(monday - timedelta(weeks=week))
    (found,) = watch.look(monday + timedelta(hours=9))
    assert found[0] == "late"
    assert found[1].startswith("El archivo del lunes de ada para credit se retrasa: debía llegar antes de las ")


def test_half_as_many_rows_are_told_once_and_over_with_the_next_whole_file(tmp_path: Path) -> None:
    watch = Watch(tmp_path)
    for day, rows in enumerate((1_000, 1_100, 900, 1_000)):
        watch.came(MONDAY + timedelta(days=3 * day), rows)
    watch.came(MONDAY + timedelta(days=13), 480)
    fewer = ("unusual", "0315.csv has half as many rows as usual or fewer: 480, against about 1,000.")
    assert watch.look(MONDAY + timedelta(days=13, hours=1)) == [fewer]
    watch.came(MONDAY + timedelta(days=16), 300)
    assert watch.look(MONDAY + timedelta(days=17)) == [fewer]
    watch.came(MONDAY + timedelta(days=19), 1_050)
    over = ("as-usual", "As many rows as usual again: 0321.csv.")
    assert watch.look(MONDAY + timedelta(days=20)) == [fewer, over]


def test_a_column_under_another_name_is_told_also_where_the_file_was_refused(tmp_path: Path) -> None:
    watch = Watch(tmp_path)
    watch.came(MONDAY, 100, "id", "Region")
    watch.came(MONDAY + timedelta(days=30), 100, "id", "region_code", missing="Region")
    sentence = "0401.csv has a column *region_code*. In the file of 2026-03-02 it was likely called *Region*."
    assert watch.look(MONDAY + timedelta(days=31)) == [("unusual", sentence)]
    watch.came(MONDAY + timedelta(days=32), 100, "id", "Region")
    over = ("as-usual", "Its columns are called as before: 0403.csv.")
    assert watch.look(MONDAY + timedelta(days=33)) == [("unusual", sentence), over]


def test_what_is_told_in_the_configuration_holds_for_whoever_sends_it(tmp_path: Path) -> None:
    watch = Watch(tmp_path, expected=(told("mon 12:00"),))
    sentence = "Monday's file for credit is late: it was due by 12:00."
    assert watch.look(MONDAY + timedelta(hours=2)) == [
        ("late", sentence)
    ]  # the Monday before, of which nothing is known
    watch.came(MONDAY + timedelta(hours=3), sender="ben")
    assert watch.look(MONDAY + timedelta(hours=4))[-1] == ("as-usual", "It has come: 0302.csv.")
    assert len(watch.look(MONDAY + timedelta(days=6))) == 2


def test_a_route_that_does_not_want_to_know(tmp_path: Path) -> None:
    watch = Watch(tmp_path, arrivals=False, expected=(told("mon 12:00"),))
    for day in range(6):
        watch.came(MONDAY + timedelta(days=day), 1 if day == 5 else 1_000)
    assert watch.look(MONDAY + timedelta(days=20)) == []


def test_retries_and_mends_are_no_arrivals(tmp_path: Path) -> None:
    watch = Watch(tmp_path)
    for week in range(4):
        again = receipt(MONDAY + timedelta(weeks=week))
        watch.arrivals.published(again.model_copy(update={"lineage": Lineage(retry_of="x")}), MONDAY)
    assert watch.look(MONDAY + timedelta(weeks=4, hours=9)) == []


def test_owners_hear_of_it_and_nobody_else(tmp_path: Path) -> None:
    watch = Watch(tmp_path, expected=(told("mon 12:00"),))
    watch.look(MONDAY)
    note = next(one.note for one in watch.house.ledger.owed(FAR) if one.note.kind is NoteKind.LATE)
    everybody = Recipients(
        ("json://ops.example",), {"credit": ("json://owner.example",)}, {"ada": ("json://a.example",)}
    )
    assert [target.url for target in targets_of(note, everybody)] == ["json://owner.example"]


def test_a_ledger_that_is_away_stops_nothing_and_is_told_later(tmp_path: Path) -> None:
    watch = Watch(tmp_path, expected=(told("mon 12:00"),))
    hands = watch.house.service._hands
    ledger, away = hands.ledger, type("Away", (), {"owe": lambda *_: (_ for _ in ()).throw(OSError("away"))})()
    hands.ledger = away
    assert watch.look(MONDAY) == []
    hands.ledger = ledger
    watch.start()
    assert len(watch.look(MONDAY + timedelta(minutes=10))) == 1


@pytest.mark.parametrize("content", ["", "[]", '{"begun": 3}', '{"begun": [], "columns": [[1]], "owed": []}'])
def test_what_was_kept_and_cannot_be_read_is_forgotten(tmp_path: Path, content: str) -> None:
    watch = Watch(tmp_path)
    (watch.house.root.state / "arrivals.json").write_text(content)
    watch.start()
    assert watch.look(MONDAY) == []


def test_the_names_in_a_header() -> None:
    whole = receipt(MONDAY, 5, "a", "b").model_copy(update={"reading": Reading(passed_through=("c",))})
    assert columns_of(whole) == ("a", "b", "c")
    assert columns_of(receipt(MONDAY, 5, "a", "b", missing="z")) == ("a", "b")
    assert columns_of(receipt(MONDAY, 5)) == ()


def test_of_many_arrivals_the_newest_and_the_first_of_each_day_are_kept() -> None:
    start = MONDAY.replace(hour=0)
    came = thinned([Arrival(start + timedelta(minutes=minute), minute) for minute in range(0, 3 * 1_440, 2)])
    assert [one.rows for one in came[:3]] == [0, 1_440, 2_880]
    assert len(came) == MOST_KEPT + 3


def test_a_fault_in_it_stops_no_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stumbles(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Arrivals, "published", stumbles)
    house = make_house(tmp_path)
    house.drop()
    house.turn()
    assert [one.state for one in house.receipts()] == [State.DELIVERED]
