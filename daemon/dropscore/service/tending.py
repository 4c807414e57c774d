"""The inboxes are tended: notices beside drops that wait for long, and what operators are told of what lies there."""

from __future__ import annotations

from itertools import islice

from dropscore.domain.errors import Unavailable
from dropscore.service.hands import Hands
from dropscore.service.job import Job
from dropscore.service.notices import Notices
from dropscore.service.troubles import Strays, of_drops
from dropscore.service.waiting import Pace, Waits, drops_of
from dropscore.service.watching import InboxState

_MOST_LOOKED_AT = 5000


class Tending:
    """It moves no drop. `faults` are told to operators until they are over."""

    def __init__(self, hands: Hands, jobs: dict[str, Job], pace: Pace) -> None:
        self._hands = hands
        self._jobs = jobs
        self._pace = pace
        self._notices = Notices()
        self._strays = Strays()
        self._of_drops: list[Unavailable] = []

    @property
    def faults(self) -> list[Unavailable]:
        return [*self._of_drops, *self._strays.faults]

    def work_once(self, states: list[InboxState], now: float) -> None:
        plan = self._hands.plan
        self._strays.look(states, plan.waiting_notice, plan.stale_in_flight, now)
        if not self._notices.look(states, now):
            return
        overdue: list[Waits] = []
        if self._notices.has_overdue(plan.waiting_notice, now):
            drops = drops_of(self._hands, self._jobs.values(), states, self._pace, now)
            overdue = list(islice(self._notices.overdue(drops, plan.waiting_notice, now), _MOST_LOOKED_AT))
        self._notices.write(overdue, now)
        self._of_drops = list(of_drops(overdue, plan.waiting_notice))
