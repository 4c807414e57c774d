"""Drops, jobs and what becomes of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from dropscore.domain.rules import Rules, Trusted


class State(StrEnum):
    """Where a job stands. A drop that is not claimed yet is *waiting* and has no job."""

    WORKING = "working"
    DELIVERED = "delivered"
    PARTIAL = "partial"
    REJECTED = "rejected"
    CHECKED = "checked"
    ANSWERED = "answered"
    HELD = "held"
    MENDED = "mended"
    ARCHIVED = "archived"
    TRASHED = "trashed"


class Verdict(StrEnum):
    """How a job ended."""

    DELIVERED = "delivered"
    PARTIAL = "partial"
    REJECTED = "rejected"
    CHECKED = "checked"
    ANSWERED = "answered"


class Kind(StrEnum):
    """What is asked of a drop: `inbox/[route/]check/` is for checking only, `actuals/` for what really happened."""

    SCORE = "score"
    CHECK = "check"
    ACTUALS = "actuals"


class Via(StrEnum):
    """By which door a drop came."""

    FOLDER = "folder"
    PANEL = "panel"
    API = "api"
    CLI = "cli"


DEFAULT_ROUTE = "default"
RESERVED_ROUTES = frozenset({"check", "actuals"})
TEMPLATE = "_TEMPLATE.xlsx"
"""Lies in each inbox for people to fill in; a name like this is never taken."""
TEMPLATE_MADE = "template.xlsx"
"""What a worker calls it in the folder that it is given."""
HELP_LATER, HELP_MORE, HELP_NONE = "later", "more", "none"
"""What a worker that helps with another's job says: not yet, there may be more to do, or nothing is left."""
REPORT_MADE = "report.json"
CHALLENGED, CHALLENGED_ROWS = "challenged.json", "predictions.parquet"
DRIFT_SEEN = "seen.json"
DRIFT_ROUTE = "route-{route}.json"

MOVES: dict[State, frozenset[State]] = {
    State.WORKING: frozenset(
        {State.DELIVERED, State.PARTIAL, State.REJECTED, State.CHECKED, State.ANSWERED, State.HELD}
    ),
    State.HELD: frozenset({State.WORKING, State.ARCHIVED, State.TRASHED}),
    State.DELIVERED: frozenset({State.MENDED, State.ARCHIVED, State.TRASHED}),
    State.PARTIAL: frozenset({State.MENDED, State.ARCHIVED, State.TRASHED}),
    State.REJECTED: frozenset({State.MENDED, State.ARCHIVED, State.TRASHED}),
    State.CHECKED: frozenset({State.MENDED, State.ARCHIVED, State.TRASHED}),
    State.ANSWERED: frozenset({State.MENDED, State.ARCHIVED, State.TRASHED}),
    State.MENDED: frozenset({State.ARCHIVED, State.TRASHED}),
    State.ARCHIVED: frozenset(
        {State.TRASHED, State.DELIVERED, State.PARTIAL, State.REJECTED, State.CHECKED, State.ANSWERED, State.MENDED}
    ),
    State.TRASHED: frozenset(
        {State.ARCHIVED, State.DELIVERED, State.PARTIAL, State.REJECTED, State.CHECKED, State.ANSWERED, State.MENDED}
    ),
}  # fmt: skip
"""Which state may follow which; an undo leads back to where the job came from.

Not from the trash to *held*: a published job must have no way back to work.
"""


@dataclass(frozen=True, slots=True)
class BundleRef:
    """The bundle of one job, fixed at the claim. `sha256` is the manifest's, which names all other hashes."""

    path: str
    name: str
    version: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Lineage:
    """Which earlier jobs (by id) a job has to do with."""

    retry_of: str | None = None
    mends: str | None = None
    late_of: str | None = None
    answers: str | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """All that a worker is told about one attempt. It writes into `folder` and nowhere else."""

    job: str
    code: str
    route: str
    kind: Kind
    name: str
    """The drop's name, for people."""
    input: str
    folder: str
    """`processing/J/attempt-N`, made by the service."""
    bundle: BundleRef
    sha256: str
    """Of the input."""
    expected_sha256: str | None = None
    """What a `.sha256` beside the drop said, once the wait for a matching one is over."""
    rules: Rules = field(default_factory=Rules)
    trusted: Trusted = field(default_factory=Trusted)
    claimed_at: str = ""
    """ISO 8601, UTC."""
    final_newline_waited: bool = False
    """The text has no final newline, and the longer wait is over."""
    lineage: Lineage = field(default_factory=Lineage)
    state: str = ""
    """The folder `state/`, for what is kept of predictions and actuals; empty: nothing is."""
    fixes: str = ""
    """The folder that says which rows were handed out for mending, `state/fixes`; empty: nothing is mended."""
    no_mend: bool = False
    again_of: str | None = None
    """The code of an earlier job with the same content, whose result is gone."""


@dataclass(frozen=True, slots=True)
class ReportTask:
    """What a worker is told of a report on a route's models: it writes `REPORT_MADE` into `folder`."""

    folder: str
    state: str
    route: str
    language: str
    zone: str


@dataclass(frozen=True, slots=True)
class TemplateTask:
    """What a worker is told of a route's template: it writes `TEMPLATE_MADE` into `folder`, and nothing else."""

    folder: str
    bundle: BundleRef
    rules: Rules
    trusted: Trusted = field(default_factory=Trusted)


@dataclass(frozen=True, slots=True)
class WatchedRoute:
    """A route whose last days are held beside its model's training."""

    name: str
    bundle: BundleRef
    trusted: Trusted
    language: str


@dataclass(frozen=True, slots=True)
class DriftTask:
    """What a worker is told of the last days of all routes: it writes a `DRIFT_ROUTE` for each, and `DRIFT_SEEN`."""

    folder: str
    receipts: str
    """The folder of kept receipts, by month."""
    kept: str
    """The folder with what earlier tasks wrote."""
    now: str
    """ISO 8601, UTC."""
    routes: tuple[WatchedRoute, ...]


@dataclass(frozen=True, slots=True)
class ChallengeTask:
    """What a worker is told of a published job that a challenger is to be shown: it writes `CHALLENGED` into `folder`,
    and the challenger's predictions where the route keeps any.
    """

    folder: str
    receipt: str
    """The kept receipt's path."""
    input: str
    champion: BundleRef
    challenger: BundleRef
    rules: Rules
    trusted: Trusted
    state: str = ""


Aside = TemplateTask | ReportTask | DriftTask | ChallengeTask
"""Work for nobody's drop: there is no verdict on it."""
