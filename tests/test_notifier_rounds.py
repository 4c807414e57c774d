"""Rounds of the notifier on a real ledger and real servers: grouped, at least once, and patient."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from dropscore.domain.errors import Unavailable
from dropscore.domain.notes import Note, NoteKind, Recipients
from dropscore.ledger import Ledger, note_of
from dropscore.notifier import child, rounds
from dropscore.notifier.messages import Audience, Message
from dropscore.notifier.rounds import NOBODY, Manner, Memory, back_off, work_once
from ledgers import NOW, receipt
from listeners import black_hole, mail_server, webhook

SOON = NOW + timedelta(seconds=40)
LATER = NOW + timedelta(minutes=10)
OWNER = Recipients(owners={"credit": ("json://boss/c4n4ry",)})


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    yield opened
    opened.close()


class World:
    """Stands for the network: takes messages, and answers as told."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, Message]] = []
        self.away: set[str] = set()

    def send(self, url: str, message: Message, deadline: float) -> child.Answer:
        if url in self.away:
            return child.Answer(False, "away")
        self.heard.append((url, message))
        return child.Answer(True, "")

    def urls(self) -> list[str]:
        return sorted(url for url, _ in self.heard)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    monkeypatch.setattr(rounds.child, "send", made.send)
    return made


def note(number: int, state: str = "delivered", **more: object) -> Note:
    made = note_of(receipt(number, state, **more))
    assert made is not None
    return made


def errors(ledger: Ledger) -> set[tuple[object, ...]]:
    select = "SELECT id, last_error, sent_at IS NOT NULL FROM notifications"
    return {tuple(row) for row in ledger._database.read(lambda connection: connection.exec_driver_sql(select).all())}


def test_a_real_mail_and_a_real_hook_are_told_and_the_notes_marked(ledger: Ledger) -> None:
    ledger.owe([note(1), note(2, "rejected")])
    recorded: list[str] = []
    with mail_server() as mails, webhook() as hook:
        who = Recipients(owners={"credit": (hook.url("c4n4ry"),)}, senders={"ana": (mails.url(),)})
        done = work_once(
            ledger, who, Manner(), SOON, Memory(), lambda notes, at: recorded.extend(one.id for one in notes)
        )
        assert done
        assert [mail["subject"] for mail in mails.taken] == [
            f"FAILED: credit – 1 failed, 1 delivered [{receipt(2).code}] and 1 more"
        ]
        assert "you own the route credit" in hook.taken[0]["message"]
    assert recorded == [note(1).id, note(2, "rejected").id]
    assert ledger.owing() == 0
    assert not work_once(ledger, who, Manner(), LATER, Memory())


def test_what_happens_within_the_time_goes_out_as_one(ledger: Ledger, world: World) -> None:
    for number in (1, 10, 25):
        ledger.owe([note(number)])
    first = note(1)
    assert not work_once(ledger, OWNER, Manner(), datetime.fromisoformat(first.at) + timedelta(seconds=29), Memory())
    assert world.heard == []
    assert work_once(ledger, OWNER, Manner(), datetime.fromisoformat(first.at) + timedelta(seconds=30), Memory())
    assert [message.subject.count("3 delivered") for _, message in world.heard] == [1]
    assert ledger.owing() == 0


def test_routes_are_told_apart_and_operators_sooner(ledger: Ledger, world: World) -> None:
    disk = Note("disk", NoteKind.UNAVAILABLE, "", NOW.isoformat(), sentence="Full.")
    ledger.owe([note(1), note(2, route="leads"), disk])
    who = Recipients(operators=("json://ops",), owners={"credit": ("json://boss",), "leads": ("json://boss",)})
    assert not work_once(ledger, who, Manner(), NOW + timedelta(seconds=4), Memory())
    assert work_once(ledger, who, Manner(), NOW + timedelta(seconds=5), Memory())
    assert world.urls() == ["json://ops"]
    assert work_once(ledger, who, Manner(), SOON, Memory())
    assert world.urls() == ["json://boss", "json://boss", "json://ops"]


def test_nobody_to_tell_is_the_end_of_it(ledger: Ledger, world: World) -> None:
    ledger.owe([note(1)])
    assert work_once(ledger, Recipients(), Manner(), SOON, Memory())
    assert errors(ledger) == {(note(1).id, NOBODY, 1)}


def test_who_was_reached_is_not_told_again_for_who_was_not(ledger: Ledger, world: World) -> None:
    ledger.owe([note(1)])
    who = Recipients(owners={"credit": ("json://boss", "json://deputy")}, senders={"ana": ("json://ana",)})
    world.away = {"json://deputy"}
    memory, recorded = Memory(), []
    now = SOON
    for _ in range(5):
        work_once(ledger, who, Manner(), now, memory, lambda notes, at: recorded.append(at))
        now += timedelta(seconds=60)
    assert world.urls() == ["json://ana", "json://boss"]
    assert recorded == []
    assert ledger.owing() == 1
    world.away = set()
    work_once(ledger, who, Manner(), now, memory, lambda notes, at: recorded.append(at))
    assert world.urls() == ["json://ana", "json://boss", "json://deputy"]
    assert len(recorded) == 1
    assert ledger.owing() == 0
    assert not (memory.reached or memory.recorded or memory.resting)
    assert memory.sent == {Audience.OWNERS: 2, Audience.SENDER: 1}


def test_back_off_grows_to_five_minutes_and_never_ends(ledger: Ledger, world: World) -> None:
    assert [back_off(n).total_seconds() for n in (1, 2, 3, 8, 9, 10_000)] == [2, 4, 8, 256, 300, 300]
    ledger.owe([note(1)])
    world.away = {"json://boss/c4n4ry"}
    memory, now, waits = Memory(), SOON, []
    for _ in range(12):
        assert work_once(ledger, OWNER, Manner(), now, memory)
        assert ledger.owed(now) == []
        (owed,) = ledger.owed(now + timedelta(seconds=301))
        waits.append(round((owed.due - now).total_seconds()))
        now = owed.due
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 300]
    assert owed.attempts == 12
    assert owed.last_error == "owners at json://boss/***: away"
    work_once(ledger, OWNER, Manner(), now + timedelta(hours=25), memory)
    (owed,) = ledger.owed(now + timedelta(hours=26))
    assert (owed.last_error or "").startswith("Not sent for more than a day.")
    world.away = set()
    work_once(ledger, OWNER, Manner(), now + timedelta(hours=26), memory)
    assert ledger.owing() == 0


def test_an_address_that_is_away_keeps_nobody_else_waiting(ledger: Ledger, world: World) -> None:
    """New notes must not call on it again and again either."""
    tried: list[str] = []
    real = world.send

    def counted(url: str, message: Message, deadline: float) -> child.Answer:
        tried.append(url)
        return real(url, message, deadline)

    rounds.child.send = counted  # the fixture puts it back
    world.away = {"json://boss/c4n4ry"}
    who = Recipients(owners={"credit": ("json://boss/c4n4ry",)}, senders={"ana": ("json://ana",)})
    memory, now = Memory(), SOON
    for number in range(1, 11):
        ledger.owe([note(number)])
        work_once(ledger, who, Manner(group_seconds=0), now, memory)
        now += timedelta(seconds=1)
    assert tried.count("json://ana") == 10
    assert tried.count("json://boss/c4n4ry") == 3  # after 0, 2 and 6 seconds


def test_a_black_hole_is_left_at_its_deadline_while_others_are_told(ledger: Ledger) -> None:
    ledger.owe([note(1)])
    with black_hole() as port, webhook() as hook:
        hole = f"mailto://127.0.0.1:{port}?to=a@example.org&from=b@example.org"
        who = Recipients(owners={"credit": (hole, hook.url())})
        memory = Memory()
        assert work_once(ledger, who, Manner(deadline_seconds=6), SOON, memory)
        assert len(hook.taken) == 1
    ((_, error, sent),) = errors(ledger)
    assert not sent
    assert error == f"owners at mailto://127.0.0.1:{port}/***: No answer within 6 seconds; the attempt was ended."


def test_a_crash_between_sending_and_marking_repeats_and_loses_nothing(ledger: Ledger, world: World) -> None:
    ledger.owe([note(1)])

    def crash(notes: object, at: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work_once(ledger, OWNER, Manner(), SOON, Memory(), crash)
    work_once(ledger, OWNER, Manner(), SOON, Memory())
    assert [message.subject for _, message in world.heard] == [world.heard[0][1].subject] * 2
    assert ledger.owing() == 0


@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), Unavailable("disk", "Full.")])
def test_what_cannot_be_recorded_is_not_sent_again_but_recorded_later(
    ledger: Ledger, world: World, fault: Exception
) -> None:
    ledger.owe([note(1)])
    memory, recorded = Memory(), []

    def full(notes: object, at: object) -> None:
        raise fault

    work_once(ledger, OWNER, Manner(), SOON, memory, full)
    assert ledger.owing() == 1
    work_once(ledger, OWNER, Manner(), LATER, memory, lambda notes, at: recorded.extend(notes))
    assert [one.id for one in recorded] == [note(1).id]
    assert len(world.heard) == 1
    assert ledger.owing() == 0


def test_a_ledger_that_goes_away_after_the_sending_costs_no_second_message(
    ledger: Ledger, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.owe([note(1)])
    memory, recorded = Memory(), []

    def away(ids: object, at: object, remark: object = None) -> None:
        raise Unavailable("ledger", "Away.")

    with monkeypatch.context() as patched:
        patched.setattr(ledger, "sent", away)
        with pytest.raises(Unavailable):
            work_once(ledger, OWNER, Manner(), SOON, memory, lambda notes, at: recorded.extend(notes))
    work_once(ledger, OWNER, Manner(), LATER, memory, lambda notes, at: recorded.extend(notes))
    assert (len(world.heard), len(recorded), ledger.owing()) == (1, 1, 0)


def test_a_clock_that_was_set_back_keeps_nothing_waiting(ledger: Ledger, world: World) -> None:
    ledger.owe([note(1)])
    ledger.put_off([note(1).id], "no", NOW + timedelta(hours=9))
    assert work_once(ledger, OWNER, Manner(), NOW - timedelta(hours=3), Memory())
    assert len(world.heard) == 1


def test_a_thousand_failures_are_one_message(ledger: Ledger, world: World) -> None:
    ledger.owe([note(number, "rejected") for number in range(1000)])
    work_once(ledger, OWNER, Manner(), LATER + timedelta(hours=1), Memory())
    assert [message.subject.count("1,000 failed") for _, message in world.heard] == [1]
    assert ledger.owing() == 0
