"""The settle rule: which drops are complete, and what the others wait for. Pure: time and looks are handed in.

Only change that was watched under the monotonic clock counts. An mtime is a sender's word, from a sender's clock.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

from dropscore.intake.names import MARKER, display, drop_of
from dropscore.intake.probe import Answer, Probe
from dropscore.intake.scan import SIDECAR_OF, Completeness, Inbox, Listing, Seen, Waiting

_WORDS = {
    Waiting.GROWING: "It was still changing. It is taken once it has stood still for {quiet:g} seconds.",
    Waiting.HELD_OPEN: "A program still has it open for writing. It is taken once that program closes it.",
    Waiting.MARKER_MISSING: "{name}.done is not there yet. The sender lays it beside the file when it is complete.",
    Waiting.CHECKSUM_MISSING: "{name}.sha256 is not there yet. The sender lays it beside the file.",
    Waiting.NO_FINAL_NEWLINE: "Its last line has no end: it may be cut off. It is taken {longer:g} seconds later.",
    Waiting.HARD_LINKED: "It has a second name (a hard link). It is taken once it has only one.",
    Waiting.QUEUED: "It is complete, and waits for its turn.",
}
_DENIED = (
    "The daemon may not read it. Let its group do so: chmod g+r {quoted}; "
    "and if its group is not that of the folder: chgrp --reference=. {quoted}"
)
_BROKEN = "It cannot be read: {error}. It is tried again by itself."


MOST_QUESTIONS = 1000
"""Of how many drops more may be asked in one look: each question opens a file. The oldest come first."""
REFUSED_SECONDS = 10.0
"""What could not be read is asked again no sooner, and after all others: a crowd of it must starve no drop."""


class Decision(NamedTuple):
    """What was decided of one drop. `since` is the monotonic time since when it stands as it is."""

    seen: Seen
    ready: bool
    waiting: Waiting
    """QUEUED if it is ready, or will be asked about in a later look: see `MOST_QUESTIONS`."""
    why: str
    since: float
    sidecar: str | None = None
    """The marker or checksum that belongs to it."""
    newline_waited: bool = False
    """It is taken without a final newline, after the longer wait."""
    until: float | None = None
    """The monotonic time at which it may be ready if nothing happens; None if something has to happen first."""


@dataclass(slots=True)
class _Watch:
    """One drop under watch. `since`: when it last changed, or was last seen to have a writer."""

    identity: tuple[int, ...]
    since: float
    held_open: bool = False
    cut_off: bool = False
    """It was found without a final newline, and has not changed since."""
    hastened: bool = False
    """Somebody asked for it as it is now: without its quiet time, and without the wait for a final newline."""
    refused: Answer | None = None
    """It could not be read when it was asked last, at `refused_at`."""
    refused_at: float = 0.0


class _Promise(NamedTuple):
    """A sidecar, and what its drop was when the sidecar was first seen; None if there was no drop yet."""

    identity: tuple[int, ...]
    about: tuple[int, ...] | None


class Settler:
    """Watches the drops of one inbox. It holds one small record for each file that is there, and no other."""

    def __init__(self, inbox: Inbox) -> None:
        self.inbox = inbox
        self._watched: dict[str, _Watch] = {}
        self._promises: dict[str, _Promise] = {}
        self._questions = MOST_QUESTIONS
        self.replaced: list[str] = []
        """Drops that have become others since the last look, under the same name: the last one counts."""
        self._words = {
            waiting: words.format(quiet=inbox.quiet_seconds, longer=inbox.final_newline_seconds, name="{name}")
            for waiting, words in _WORDS.items()
        }

    def observe(self, listing: Listing, now: float, probe: Probe, hasten: Collection[str] = ()) -> list[Decision]:
        """Decide on each drop of a listing, oldest change first. `probe` is asked only of those that stand still.

        The drops named by `hasten` are taken as they are now, where it can be told that nobody writes to them:
        marker, checksum and every other rule hold for them all the same.
        """
        sidecars = self._take_note_of_sidecars(listing)
        watched: dict[str, _Watch] = {}
        self.replaced = []
        for seen in listing.drops:
            watch = self._watched.get(seen.name)
            identity = seen.identity
            if watch is not None and watch.identity != identity:
                # Another inode, or less than there was: no sender who only goes on does that.
                if watch.identity[1] != seen.inode or watch.identity[2] > seen.size:
                    self.replaced.append(seen.name)
                watch = None
            watched[seen.name] = watch or _Watch(identity, now)
        for name in hasten:
            if name in watched:
                watched[name].hastened = True
        self._watched = watched
        self._questions = MOST_QUESTIONS
        in_turn = sorted(listing.drops, key=lambda seen: _turn(watched[seen.name], seen))
        return [self._decide(seen, watched[seen.name], sidecars.get(seen.name), now, probe) for seen in in_turn]

    def _take_note_of_sidecars(self, listing: Listing) -> dict[str, Seen]:
        """Return the sidecars that this inbox's rule asks for, by the name of their drop."""
        suffix = SIDECAR_OF.get(self.inbox.rule)
        if suffix is None:
            return {}
        sidecars = {
            drop_of(seen.name): seen
            for seen in listing.sidecars
            if suffix == MARKER or seen.size > 0  # an empty checksum is one that is being written
        }
        drops = {seen.name: seen for seen in listing.drops} if sidecars else {}
        promises: dict[str, _Promise] = {}
        for name, sidecar in sidecars.items():
            earlier = self._promises.get(name)
            if earlier is None or earlier.identity != sidecar.identity:
                drop = drops.get(name)
                earlier = _Promise(sidecar.identity, drop.identity if drop else None)
            promises[name] = earlier
        self._promises = promises
        return sidecars

    def _is_promised(self, seen: Seen, sidecar: Seen | None) -> bool:
        """Whether a sidecar speaks of what the drop is now, and not of what it was, or of an earlier drop.

        At the first sight of both, only their ctimes tell which came last: no sender can set them, and one
        clock, the file system's, has made both.
        """
        if sidecar is None:
            return False
        return self._promises[seen.name].about == seen.identity and seen.ctime_ns <= sidecar.ctime_ns

    def _decide(self, seen: Seen, watch: _Watch, sidecar: Seen | None, now: float, probe: Probe) -> Decision:
        rule = self.inbox.rule
        if seen.nlink != 1:
            return self._wait(seen, watch, Waiting.HARD_LINKED)  # for a moment: OpenSSH renames by link and unlink
        if rule is Completeness.MARKER and sidecar is None:
            return self._wait(seen, watch, Waiting.MARKER_MISSING)
        if rule is Completeness.CHECKSUM and sidecar is None:
            return self._wait(seen, watch, Waiting.CHECKSUM_MISSING)
        promised = self._is_promised(seen, sidecar)
        at_once = promised or rule is Completeness.RENAME or watch.hastened
        due = watch.since if at_once else watch.since + self.inbox.quiet_seconds
        if now < due:
            return self._wait(seen, watch, Waiting.HELD_OPEN if watch.held_open else Waiting.GROWING, due)
        longer = due + self.inbox.final_newline_seconds
        if watch.cut_off and not watch.hastened and now < longer:
            return self._wait(seen, watch, Waiting.NO_FINAL_NEWLINE, longer)
        if watch.refused is not None and not watch.hastened and now < watch.refused_at + REFUSED_SECONDS:
            return self._unreadable(seen, watch, watch.refused)
        if self._questions == 0:
            return self._wait(seen, watch, Waiting.QUEUED, now)
        self._questions -= 1
        answer = probe(seen)
        if answer is None:
            return self._wait(seen, watch, Waiting.GROWING, now + self.inbox.quiet_seconds)
        return self._judge(seen, watch, promised, sidecar, answer, now)

    def _judge(
        self, seen: Seen, watch: _Watch, promised: bool, sidecar: Seen | None, answer: Answer, now: float
    ) -> Decision:
        inbox = self.inbox
        watch.refused, watch.refused_at = (None, 0.0) if answer.readable else (answer, now)
        if not answer.readable:
            watch.hastened = False
            return self._unreadable(seen, watch, answer)
        if answer.writer:
            # Whoever has it open may close it, open it again and go on: the quiet time begins when he has gone.
            watch.since, watch.held_open, watch.cut_off, watch.hastened = now, True, False, False
            return self._wait(seen, watch, Waiting.HELD_OPEN)
        known_closed = answer.writer is False
        at_once = promised or (known_closed and (watch.hastened or inbox.rule is Completeness.RENAME))
        due = watch.since if at_once else watch.since + inbox.quiet_seconds
        if now < due:
            return self._wait(seen, watch, Waiting.GROWING, due)
        longer = due + inbox.final_newline_seconds
        # A checksum is verified on the copy, whatever its drop was when it came.
        watch.cut_off = not (answer.whole or promised or inbox.rule is Completeness.CHECKSUM)
        if watch.cut_off and now < longer and not (watch.hastened and known_closed):
            return self._wait(seen, watch, Waiting.NO_FINAL_NEWLINE, longer)
        name = sidecar.name if sidecar else None
        return Decision(seen, True, Waiting.QUEUED, self._words[Waiting.QUEUED], watch.since, name, watch.cut_off, now)

    def _unreadable(self, seen: Seen, watch: _Watch, answer: Answer) -> Decision:
        words = _DENIED if answer.denied else _BROKEN
        why = words.format(quoted=shlex.quote(display(seen.name)), error=answer.error)
        return Decision(seen, False, Waiting.UNREADABLE, why, watch.since)

    def _wait(self, seen: Seen, watch: _Watch, waiting: Waiting, until: float | None = None) -> Decision:
        why = self._words[waiting]
        if waiting in (Waiting.MARKER_MISSING, Waiting.CHECKSUM_MISSING):
            why = why.replace("{name}", display(seen.name), 1)
        return Decision(seen, False, waiting, why, watch.since, until=until)


def _turn(watch: _Watch, seen: Seen) -> tuple[float, float, int, str]:
    """Return what drops are sorted by: the oldest first, those that could not be read after all others."""
    return watch.refused_at, watch.since, seen.mtime_ns, seen.name
