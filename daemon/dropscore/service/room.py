"""How many more jobs may be at work: some of whatever size, and many small ones beside them.

What is claimed is copied, so it takes place on the disk twice; and a stop has to finish or hand back all of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dropscore.service.job import Job, Stage
from dropscore.service.plan import Plan

SMALL_BYTES = 256 << 10


@dataclass(slots=True)
class Room:
    """Places that are free: for drops of any size, and for small ones alone."""

    any: int
    small: int = 0

    @property
    def is_full(self) -> bool:
        return self.any <= 0 and self.small <= 0

    def take(self, size: int) -> bool:
        """Take a place for a drop of so many bytes. False: there is none."""
        if size <= SMALL_BYTES and self.small > 0:
            self.small -= 1
            return True
        if self.any > 0:
            self.any -= 1
            return True
        return False


def room_beside(plan: Plan, jobs: Iterable[Job]) -> Room:
    """Return the room that these jobs leave. Those that wait for the world leave theirs to other routes."""
    busy = [job.size for job in jobs if not (job.stage is Stage.HELD or job.is_published or job.trouble)]
    small = sum(size <= SMALL_BYTES for size in busy)
    crowded = max(0, small - plan.small_at_once)
    return Room(plan.at_once - (len(busy) - small) - crowded, plan.small_at_once - small + crowded)
