"""The settle rule: nothing that moved, is open, or may be cut off is ever taken too soon, and all else is taken."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from dropscore.domain.jobs import Kind
from dropscore.intake.probe import Answer, probe
from dropscore.intake.scan import Completeness, Inbox, Listing, Seen, Waiting, scan
from dropscore.intake.settle import REFUSED_SECONDS, Decision, Settler

WHOLE = Answer(readable=True, writer=False, whole=True)
CUT = Answer(readable=True, writer=False, whole=False)
OPEN = Answer(readable=True, writer=True, whole=True)
BLIND = Answer(readable=True, writer=None, whole=True)
QUIET, LONGER = 5.0, 60.0


def _inbox(rule: Completeness = Completeness.QUIET, quiet: float = QUIET) -> Inbox:
    return Inbox("credit", Kind.SCORE, Path("/inbox"), rule, quiet)


def _seen(
    inbox: Inbox, name: str = "a.csv", size: int = 9, mtime: int = 1, inode: int = 7, nlink: int = 1, ctime: int = 1
) -> Seen:
    return Seen(inbox, name, 1, inode, size, mtime, ctime, 0o100640, 0, 0, nlink)


def _look(
    settler: Settler, now: float, *drops: Seen, sidecars: tuple[Seen, ...] = (), answer: Answer | None = WHOLE
) -> list[Decision]:
    listing = Listing(settler.inbox, drops, sidecars, (), (1, 1), 0, now, now, now)
    return settler.observe(listing, now, lambda seen: answer)


# --- the rule as a whole: any history of a drop, its writers and its sidecar ---


@dataclass(frozen=True)
class _File:
    """The truth about one file. `ctime` is the file system's clock, which only goes on."""

    inode: int
    size: int
    mtime: int
    ctime: int
    changed: float
    newline: bool = True


class History(RuleBasedStateMachine):
    """A sender does what senders do; after every look the decision is held against the truth."""

    @initialize(
        rule=st.sampled_from(Completeness), leases=st.booleans(), quiet=st.sampled_from([0.0, 0.5, QUIET, 30.0])
    )
    def begin(self, rule: Completeness, leases: bool, quiet: float) -> None:
        self.inbox = _inbox(rule, quiet)
        self.settler = Settler(self.inbox)
        self.leases = leases
        self.now = 1000.0
        self.ticks = 0
        self.drop: _File | None = None
        self.mark: _File | None = None
        self.writers = 0

    def _tick(self) -> int:
        self.ticks += 1
        return self.ticks

    def _file(self, before: _File | None, size: int, mtime: int, newline: bool) -> _File:
        inode = before.inode if before is not None else self._tick()
        return _File(inode, size, mtime, self._tick(), self.now, newline)

    @rule(size=st.integers(0, 3), mtime=st.integers(-3, 3), newline=st.booleans())
    def write(self, size: int, mtime: int, newline: bool) -> None:
        """Sizes and mtimes of the sender's choice, with repeats: a change may leave both as they were."""
        self.drop = self._file(self.drop, size, mtime, newline)

    @rule(size=st.integers(0, 3), newline=st.booleans())
    def rename_over(self, size: int, newline: bool) -> None:
        self.drop = self._file(None, size, 0, newline)
        self.writers = 0

    @precondition(lambda self: self.drop is not None)
    @rule()
    def take_back(self) -> None:
        self.drop, self.writers = None, 0

    @precondition(lambda self: self.drop is not None)
    @rule()
    def open_for_writing(self) -> None:
        self.writers += 1

    @precondition(lambda self: self.writers)
    @rule()
    def close(self) -> None:
        self.writers -= 1

    @rule()
    def lay_sidecar(self) -> None:
        self.mark = self._file(None, 1, 0, True)

    @rule()
    def remove_sidecar(self) -> None:
        self.mark = None

    @rule(seconds=st.sampled_from([0.1, 2.0, 5.0, 10.0, 61.0]))
    def pass_time(self, seconds: float) -> None:
        self.now += seconds

    @precondition(lambda self: self.drop is not None)
    @rule()
    def look(self) -> None:
        decision = self._decide()
        assert decision.why.endswith(".")
        assert decision.ready == (decision.waiting is Waiting.QUEUED)
        if decision.ready:
            self._must_have_been_complete(decision)

    def _decide(self) -> Decision:
        assert self.drop is not None
        drop = self._as_seen("a.csv", self.drop)
        suffix = "sha256" if self.inbox.rule is Completeness.CHECKSUM else "done"
        asked = self.inbox.rule in (Completeness.MARKER, Completeness.CHECKSUM)
        sidecars = (self._as_seen(f"a.csv.{suffix}", self.mark),) if asked and self.mark else ()
        answer = Answer(True, self.writers > 0 if self.leases else None, self.drop.newline)
        (decision,) = _look(self.settler, self.now, drop, sidecars=sidecars, answer=answer)
        return decision

    def _as_seen(self, name: str, file: _File) -> Seen:
        return _seen(self.inbox, name, file.size, file.mtime, file.inode, ctime=file.ctime)

    def _must_have_been_complete(self, decision: Decision) -> None:
        assert self.drop is not None
        still = self.now - self.drop.changed
        rule, quiet = self.inbox.rule, self.inbox.quiet_seconds
        promised = False
        if rule in (Completeness.MARKER, Completeness.CHECKSUM):
            assert self.mark is not None
            promised = self.mark.ctime > self.drop.ctime
        if self.leases:
            assert not self.writers
        if not promised and not (rule is Completeness.RENAME and self.leases):
            assert still >= quiet
        if not self.drop.newline and not promised and rule is not Completeness.CHECKSUM:
            assert still >= LONGER
            assert decision.newline_waited
        else:
            assert not decision.newline_waited

    @precondition(lambda self: self.drop is not None)
    @rule()
    def leave_it_alone(self) -> None:
        """Whatever came before: a drop that is left alone, with its sidecar, is taken."""
        self.writers = 0
        self.lay_sidecar()
        for _ in range(3):
            decision = self._decide()
            self.now += self.inbox.quiet_seconds + LONGER
        assert decision.ready, decision

    @invariant()
    def remember_no_more_than_is_there(self) -> None:
        if hasattr(self, "settler"):
            assert len(self.settler._watched) <= 1
            assert len(self.settler._promises) <= 1


History.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
TestHistory = History.TestCase


@given(st.integers(-(2**62), 2**62), st.integers(0, 2**40))
def test_a_clock_of_the_senders_choice_changes_nothing(mtime: int, size: int) -> None:
    settler = Settler(_inbox())
    drop = _seen(settler.inbox, size=size, mtime=mtime)
    assert not _look(settler, 0.0, drop)[0].ready
    assert not _look(settler, 4.9, drop)[0].ready
    assert _look(settler, 5.0, drop)[0].ready


# --- what it waits for ---


@pytest.mark.parametrize(
    ("answer", "waiting", "told"),
    [
        (OPEN, Waiting.HELD_OPEN, "open for writing"),
        (CUT, Waiting.NO_FINAL_NEWLINE, "60 seconds"),
        (None, Waiting.GROWING, "5 seconds"),
        (Answer(False, None, False, "Permission denied", True), Waiting.UNREADABLE, "chmod g+r 'my sales.csv'"),
        (Answer(False, None, False, "Permission denied", True), Waiting.UNREADABLE, "chgrp"),
        (Answer(False, None, False, "Input/output error"), Waiting.UNREADABLE, "Input/output error"),
    ],
)
def test_what_it_waits_for_is_named(answer: Answer | None, waiting: Waiting, told: str) -> None:
    settler = Settler(_inbox())
    drop = _seen(settler.inbox, "my sales.csv")
    _look(settler, 0.0, drop)
    (decision,) = _look(settler, 6.0, drop, answer=answer)
    assert (decision.ready, decision.waiting) == (False, waiting)
    assert told in decision.why


def test_a_disk_that_fails_is_not_answered_with_chmod() -> None:
    settler = Settler(_inbox(quiet=0.0))
    (decision,) = _look(settler, 0.0, _seen(settler.inbox), answer=Answer(False, None, False, "Input/output error"))
    assert "chmod" not in decision.why


@pytest.mark.parametrize(
    "name", ["{quiet}.csv", "{0}.csv", "%s.csv", os.fsdecode(b"\xe9{.csv"), "a\nb.csv", "';rm -rf.csv"]
)
def test_no_name_does_harm_in_a_sentence(name: str) -> None:
    for rule_ in Completeness:
        for answer in (WHOLE, OPEN, Answer(False, None, False, "{0}", True)):
            settler = Settler(_inbox(rule_, quiet=0.0))
            (decision,) = _look(settler, 0.0, _seen(settler.inbox, name), answer=answer)
            assert decision.why.encode("utf-8").isascii() or "\ufffd" in decision.why
            assert "\n" not in decision.why


def test_when_it_may_be_ready_is_told_so_that_nobody_looks_before() -> None:
    settler = Settler(_inbox())
    drop = _seen(settler.inbox)
    assert _look(settler, 1.0, drop)[0].until == 6.0
    assert _look(settler, 6.0, drop, answer=CUT)[0].until == 66.0
    assert _look(settler, 66.0, drop, answer=OPEN)[0].until is None


def test_the_questions_are_asked_only_of_what_stands_still() -> None:
    settler = Settler(_inbox())
    asked: list[str] = []

    def look(now: float, *drops: Seen, answer: Answer = WHOLE) -> None:
        def ask(seen: Seen) -> Answer:
            asked.append(seen.name)
            return answer

        settler.observe(Listing(settler.inbox, drops, (), (), (1, 1), 0, now, now, now), now, ask)

    still, grown = _seen(settler.inbox, "still.csv"), _seen(settler.inbox, "grown.csv")
    look(0.0, still, grown)
    look(5.0, still, replace_size(grown, 10), answer=CUT)
    assert asked == ["still.csv"]
    look(30.0, still)  # found cut off, and not changed since: asked again only when its longer wait is over
    assert asked == ["still.csv"]
    look(65.0, still)
    assert asked == ["still.csv", "still.csv"]


def replace_size(seen: Seen, size: int) -> Seen:
    return seen._replace(size=size)


# --- single rules ---


def test_a_second_name_is_waited_out_and_not_refused() -> None:
    """OpenSSH renames by link and unlink: for a moment the file has two names, and then another ctime."""
    settler = Settler(_inbox())
    _look(settler, 0.0, _seen(settler.inbox, nlink=2))
    assert _look(settler, 9.0, _seen(settler.inbox, nlink=2))[0].waiting is Waiting.HARD_LINKED
    alone = _seen(settler.inbox, ctime=2)
    assert _look(settler, 10.0, alone)[0].waiting is Waiting.GROWING
    assert _look(settler, 15.0, alone)[0].ready


def test_a_writer_who_goes_may_come_again_so_the_quiet_time_begins_when_he_has_gone() -> None:
    """Scanners close and open a file again between two pages."""
    settler = Settler(_inbox())
    drop = _seen(settler.inbox)
    _look(settler, 0.0, drop)
    assert _look(settler, 6.0, drop, answer=OPEN)[0].waiting is Waiting.HELD_OPEN
    assert _look(settler, 8.0, drop)[0].waiting is Waiting.HELD_OPEN
    assert not _look(settler, 10.9, drop)[0].ready
    assert _look(settler, 11.0, drop)[0].ready


def test_an_uploader_who_was_cut_off_after_hours_has_a_minute_to_resume() -> None:
    settler = Settler(_inbox())
    drop = _seen(settler.inbox)
    for now in range(0, 7200, 60):
        assert not _look(settler, float(now), drop, answer=OPEN)[0].ready
    assert not _look(settler, 7200.0, drop, answer=CUT)[0].ready
    (decision,) = _look(settler, 7300.0, drop, answer=CUT)
    assert (decision.ready, decision.newline_waited) == (True, True)


def test_a_resumed_upload_starts_anew() -> None:
    settler = Settler(_inbox())
    _look(settler, 0.0, _seen(settler.inbox, size=5), answer=CUT)
    _look(settler, 60.0, _seen(settler.inbox, size=5), answer=CUT)
    _look(settler, 61.0, _seen(settler.inbox, size=9), answer=CUT)
    assert not _look(settler, 66.5, _seen(settler.inbox, size=9), answer=CUT)[0].ready
    assert _look(settler, 66.6, _seen(settler.inbox, size=9, ctime=2))[0].waiting is Waiting.GROWING


def test_a_drop_that_is_replaced_is_named_and_one_that_grows_is_not() -> None:
    settler = Settler(_inbox())
    _look(settler, 0.0, _seen(settler.inbox))
    assert settler.replaced == []
    _look(settler, 1.0, _seen(settler.inbox, size=20, mtime=2))
    assert settler.replaced == []
    _look(settler, 2.0, _seen(settler.inbox, size=20, mtime=3, inode=8))
    assert settler.replaced == ["a.csv"]
    _look(settler, 3.0, _seen(settler.inbox, size=0, mtime=4, inode=8))
    assert settler.replaced == ["a.csv"]
    _look(settler, 4.0, _seen(settler.inbox, size=0, mtime=4, inode=8))
    assert settler.replaced == []


def test_a_marker_ends_the_wait_but_not_for_a_drop_that_changed_since() -> None:
    settler = Settler(_inbox(Completeness.MARKER))
    drop, mark = _seen(settler.inbox), _seen(settler.inbox, "a.csv.done")
    assert _look(settler, 0.0, drop)[0].waiting is Waiting.MARKER_MISSING
    assert _look(settler, 100.0, drop, sidecars=(mark,))[0].ready
    settler = Settler(_inbox(Completeness.MARKER))
    assert _look(settler, 0.0, drop, sidecars=(mark,))[0].sidecar == "a.csv.done"
    grown = _seen(settler.inbox, size=10)
    assert not _look(settler, 1.0, grown, sidecars=(mark,))[0].ready
    assert not _look(settler, 5.9, grown, sidecars=(mark,))[0].ready
    assert _look(settler, 6.0, grown, sidecars=(mark,))[0].ready


def test_a_marker_of_an_earlier_drop_promises_nothing_for_this_one() -> None:
    settler = Settler(_inbox(Completeness.MARKER))
    mark = _seen(settler.inbox, "a.csv.done")
    _look(settler, 0.0, sidecars=(mark,))
    assert not _look(settler, 1.0, _seen(settler.inbox), sidecars=(mark,))[0].ready
    assert _look(settler, 6.0, _seen(settler.inbox), sidecars=(mark,))[0].ready


def test_after_a_start_the_file_systems_own_times_tell_whether_the_drop_changed_after_its_marker() -> None:
    settler = Settler(_inbox(Completeness.MARKER))
    drop, mark = _seen(settler.inbox, ctime=2), _seen(settler.inbox, "a.csv.done", ctime=1)
    assert not _look(settler, 0.0, drop, sidecars=(mark,))[0].ready
    assert _look(settler, 5.0, drop, sidecars=(mark,))[0].ready


def test_a_new_marker_is_a_new_promise() -> None:
    settler = Settler(_inbox(Completeness.MARKER))
    _look(settler, 0.0, sidecars=(_seen(settler.inbox, "a.csv.done"),))
    drop, anew = _seen(settler.inbox, ctime=2), _seen(settler.inbox, "a.csv.done", inode=8, ctime=3)
    assert _look(settler, 1.0, drop, sidecars=(anew,))[0].ready


def test_a_marker_whose_drop_is_still_open_is_not_believed() -> None:
    settler = Settler(_inbox(Completeness.MARKER))
    drop, mark = _seen(settler.inbox), _seen(settler.inbox, "a.csv.done")
    assert _look(settler, 0.0, drop, sidecars=(mark,), answer=OPEN)[0].waiting is Waiting.HELD_OPEN
    assert _look(settler, 2.0, drop, sidecars=(mark,))[0].ready


def test_a_marked_drop_needs_no_final_newline() -> None:
    settler = Settler(_inbox(Completeness.MARKER))
    mark = _seen(settler.inbox, "a.csv.done")
    (decision,) = _look(settler, 0.0, _seen(settler.inbox), sidecars=(mark,), answer=CUT)
    assert (decision.ready, decision.newline_waited) == (True, False)


def test_a_marker_speaks_of_the_drop_of_its_very_name() -> None:
    settler = Settler(_inbox(Completeness.MARKER))
    drops = (_seen(settler.inbox, "a.csv"), _seen(settler.inbox, "A.csv"))
    decisions = _look(settler, 0.0, *drops, sidecars=(_seen(settler.inbox, "A.csv.DONE"),))
    assert {decision.seen.name: decision.ready for decision in decisions} == {"a.csv": False, "A.csv": True}


def test_a_checksum_is_waited_for_and_an_empty_one_is_still_being_written() -> None:
    settler = Settler(_inbox(Completeness.CHECKSUM))
    drop, check = _seen(settler.inbox), _seen(settler.inbox, "a.csv.sha256")
    assert _look(settler, 0.0, drop)[0].waiting is Waiting.CHECKSUM_MISSING
    assert _look(settler, 5.0, drop, sidecars=(replace_size(check, 0),))[0].waiting is Waiting.CHECKSUM_MISSING
    (decision,) = _look(settler, 6.0, drop, sidecars=(check,), answer=CUT)
    assert (decision.ready, decision.sidecar, decision.newline_waited) == (True, "a.csv.sha256", False)


def test_rename_takes_a_final_name_at_once_where_leases_tell() -> None:
    settler = Settler(_inbox(Completeness.RENAME))
    assert _look(settler, 0.0, _seen(settler.inbox))[0].ready
    settler = Settler(_inbox(Completeness.RENAME))
    assert not _look(settler, 0.0, _seen(settler.inbox), answer=OPEN)[0].ready
    assert _look(settler, 0.1, _seen(settler.inbox))[0].ready


def test_rename_serves_the_quiet_time_where_leases_do_not_tell() -> None:
    settler = Settler(_inbox(Completeness.RENAME))
    (decision,) = _look(settler, 0.0, _seen(settler.inbox), answer=BLIND)
    assert (decision.ready, decision.waiting, decision.until) == (False, Waiting.GROWING, 5.0)
    assert _look(settler, 5.0, _seen(settler.inbox), answer=BLIND)[0].ready


def test_rename_gives_a_text_without_a_final_newline_its_longer_wait() -> None:
    settler = Settler(_inbox(Completeness.RENAME))
    assert _look(settler, 0.0, _seen(settler.inbox), answer=CUT)[0].waiting is Waiting.NO_FINAL_NEWLINE
    assert _look(settler, 60.0, _seen(settler.inbox), answer=CUT)[0].newline_waited


def test_what_has_gone_is_forgotten_and_the_oldest_comes_first() -> None:
    settler = Settler(_inbox())
    first, second = _seen(settler.inbox, "z.csv"), _seen(settler.inbox, "a.csv")
    _look(settler, 0.0, first)
    _look(settler, 1.0, first, second)
    assert [decision.seen.name for decision in _look(settler, 9.0, first, second)] == ["z.csv", "a.csv"]
    _look(settler, 10.0, second)
    assert len(settler._watched) == 1
    assert not any(decision.ready for decision in _look(settler, 11.0, first))


def test_a_burst_is_asked_about_in_turns_so_that_no_look_takes_long() -> None:
    settler = Settler(_inbox())
    drops = [_seen(settler.inbox, f"{number:05}.csv", inode=number) for number in range(2500)]
    asked: list[str] = []

    def ask(seen: Seen) -> Answer:
        asked.append(seen.name)
        return WHOLE

    def look(now: float) -> list[Decision]:
        asked.clear()
        return settler.observe(Listing(settler.inbox, tuple(drops), (), (), (1, 1), 0, now, now, now), now, ask)

    look(0.0)
    decisions = look(5.0)
    assert asked == [f"{number:05}.csv" for number in range(1000)]
    assert [decision.ready for decision in decisions] == [True] * 1000 + [False] * 1500
    assert {decision.waiting for decision in decisions} == {Waiting.QUEUED}
    del drops[:1000]
    assert sum(decision.ready for decision in look(6.0)) == 1000
    del drops[:1000]
    assert sum(decision.ready for decision in look(7.0)) == 500


# --- with real files ---


def _ready(settler: Settler, now: float) -> list[str]:
    decisions = settler.observe(scan(settler.inbox, None, now), now, probe)
    return [decision.seen.name for decision in decisions if decision.ready]


def test_a_real_drop_from_its_first_byte_to_its_last(tmp_path: Path) -> None:
    settler = Settler(replace(_inbox(), path=tmp_path))
    path = tmp_path / "a.csv"
    with path.open("w") as file:
        file.write("a\n1\n")
        file.flush()
        assert _ready(settler, 0.0) == []
        file.write("2\n")
        file.flush()
        assert _ready(settler, 6.0) == []
    os.utime(path, (0, 2**33))  # far in the future, as a device with a wrong clock would have it
    assert _ready(settler, 20.0) == []
    assert _ready(settler, 24.9) == []
    assert _ready(settler, 25.0) == ["a.csv"]


def test_a_real_upload_under_another_name_by_link_and_unlink(tmp_path: Path) -> None:
    settler = Settler(replace(_inbox(Completeness.RENAME), path=tmp_path))
    (tmp_path / "a.csv.part").write_text("a\n1\n")
    assert _ready(settler, 0.0) == []
    (tmp_path / "a.csv").hardlink_to(tmp_path / "a.csv.part")
    assert _ready(settler, 1.0) == []
    (tmp_path / "a.csv.part").unlink()
    _ready(settler, 2.0)
    assert _ready(settler, 7.0) == ["a.csv"]


def test_a_crowd_that_cannot_be_read_starves_no_drop_and_is_not_asked_about_all_the_time() -> None:
    settler = Settler(_inbox())
    denied = [_seen(settler.inbox, f"{number:05}.csv", inode=number) for number in range(2500)]
    drops = [*denied, _seen(settler.inbox, "zz.csv", mtime=2, inode=9999)]
    asked: list[str] = []

    def ask(seen: Seen) -> Answer:
        asked.append(seen.name)
        return WHOLE if seen.name == "zz.csv" else Answer(readable=False, writer=None, whole=False, denied=True)

    def look(now: float) -> list[Decision]:
        asked.clear()
        return settler.observe(Listing(settler.inbox, tuple(drops), (), (), (1, 1), 0, now, now, now), now, ask)

    look(0.0)
    ready = [one.seen.name for now in (5.0, 5.1, 5.2) for one in look(now) if one.ready]
    assert ready == ["zz.csv"]
    drops.pop()
    assert {one.waiting for one in look(5.3)} == {Waiting.UNREADABLE}
    assert asked == [], "each was asked a moment ago"
    look(5.3 + REFUSED_SECONDS)
    assert len(asked) == 1000, "rights may come without a change of the file"
