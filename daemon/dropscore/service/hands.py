"""What the stages of a job work with."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from pathlib import Path

from dropscore.service.plan import Ledger, Plan, Submit


@dataclass(slots=True)
class Hands:
    """What the steps work with."""

    plan: Plan
    submit: Submit
    helpers: Executor
    ledger: Ledger
    wake: Callable[[], None]
    staging_tops: dict[Path, Path] = field(default_factory=dict)
    mismatches: dict[tuple[str, str], tuple[tuple[object, ...], float]] = field(default_factory=dict)
    """Drops (inbox, name) that did not match their checksum: what they were, and since when (monotonic)."""
    upkeep_wanted: set[str] = field(default_factory=set)
    """Duties of the daemon's upkeep that somebody has asked for, so that they do not wait for their time."""

    def help(self, function: Callable[..., object], *arguments: object) -> Future[object]:
        future = self.helpers.submit(function, *arguments)
        future.add_done_callback(lambda _: self.wake())
        return future
