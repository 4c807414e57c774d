"""A job in the service's hands: where it stands, and what it waits for."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from dropscore.journal import Claim, Staged
from dropscore.receipt import Outcome, Receipt
from dropscore.service.plan import Route

FIRST_PAUSE, LONGEST_PAUSE = 2.0, 300.0


class Stage(StrEnum):
    """The way of one drop, after its claim. Each stage can be done again from its beginning."""

    COPY = "copy"
    WORK = "work"
    STAGE = "stage"
    PUBLISH = "publish"
    ARCHIVE = "archive"
    ACCOUNT = "account"
    TIDY = "tidy"
    HELD = "held"
    DONE = "done"


@dataclass(slots=True, eq=False)
class Job:
    claim: Claim
    folder: Path
    route: Route | None
    """None: the route is no longer configured; the job waits until it is."""
    stage: Stage
    size: int = 0
    """Bytes of the drop, as it was claimed."""
    future: Future[object] | None = None
    worker: Future[object] | None = None
    """The attempt itself, once a worker has been given it."""
    outcome: Outcome | None = None
    receipt: Receipt | None = None
    staged: Staged | None = None
    published: set[str] = field(default_factory=set)
    """Targets of the set that this process has published and synced."""
    started: datetime | None = None
    finished: datetime | None = None
    retry_at: float = 0.0
    pause: float = 0.0
    trouble: str = ""
    """The key of what is away, while this job waits for it."""
    copied: Claim | None = None
    """Its claim with what its copy told, while somebody has to decide about that."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Durations by step."""
    progress: dict[str, object] | None = None
    """How far its worker said to be last."""

    @property
    def is_published(self) -> bool:
        """Whether nobody waits for it but the ledger."""
        return self.stage in (Stage.ACCOUNT, Stage.TIDY, Stage.DONE)

    def wait(self, now: float, key: str) -> None:
        """Pause, longer each time: 2 s to 5 min."""
        self.pause = min(LONGEST_PAUSE, self.pause * 2 or FIRST_PAUSE)
        self.retry_at = now + self.pause
        self.trouble = key

    def go_on(self, stage: Stage) -> None:
        """Enter a stage. What was in the way is out of the way."""
        self.stage = stage
        self.future = None
        self.pause = self.retry_at = 0.0
        self.trouble = ""


def any_at_work(jobs: Iterable[Job]) -> bool:
    """Whether a drop is on its way to a worker, or with one. Those that wait for the world are not."""
    return any(job.stage in (Stage.COPY, Stage.WORK) and not job.trouble for job in jobs)


def read_verdict(folder: Path, claim: Claim) -> Outcome:
    """Read the verdict of the attempt that a job waits for.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is torn, or another attempt's.
    """
    path = folder / f"attempt-{claim.attempt}" / "verdict.json"
    outcome = Outcome.model_validate_json(path.read_bytes())
    if (outcome.job, outcome.attempt) != (claim.job, claim.attempt):
        raise ValueError(f"verdict of {outcome.job}, attempt {outcome.attempt}, in {path}")
    return outcome
