"""The receipt: what every drop ends in. Its JSON Schema is published; version 1 only ever grows.

Times are UTC. Durations are seconds. Names that are no UTF-8 are kept as base64 of their bytes.
"""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, Field, model_validator

from dropscore.domain.harmless import harmless
from dropscore.domain.jobs import Kind, State, Verdict, Via
from dropscore.domain.problems import Severity
from dropscore.figures import ActualsFact
from dropscore.profiles import BatchProfile as BatchProfile
from dropscore.profiles import ColumnDrift as ColumnDrift
from dropscore.profiles import ColumnProfile as ColumnProfile
from dropscore.profiles import Drift as Drift
from dropscore.record import Moment as Moment
from dropscore.record import Record as Record


class Sender(Record):
    """Who dropped it: the panel's or API's user, else the file's owner."""

    name: str
    uid: int | None = None
    via: Via = Via.FOLDER


class InputFact(Record):
    bytes: int
    sha256: str


class FileFact(Record):
    """One published file, named relative to the root."""

    role: Literal["result", "original", "fix", "archive", "kept"]
    path: str
    bytes: int
    sha256: str


class ModelFact(Record):
    name: str
    version: str
    sha256: str


class Times(Record):
    seen: Moment | None = None
    claimed: Moment
    started: Moment | None = None
    finished: Moment | None = None
    published: Moment | None = None


class Counts(Record):
    """Rows in = rows scored + rows set aside; a receipt whose counts do not add up cannot be made."""

    rows: int = 0
    scored: int = 0
    set_aside: int = 0
    bad_cells: int = 0
    problems: int = 0
    warnings: int = 0

    @model_validator(mode="after")
    def _add_up(self) -> Self:
        if self.rows != self.scored + self.set_aside:
            raise ValueError(f"{self.rows} rows in, but {self.scored} scored and {self.set_aside} set aside")
        return self


class ProblemEntry(Record):
    code: str
    row: int | None = None
    line: int | None = None
    column: str | None = None
    cell: str | None = None
    found: str | None = None
    expected: str | None = None
    hint: str | None = None
    severity: Severity = Severity.ERROR


class GroupEntry(Record):
    code: str
    column: str | None = None
    count: int
    sentence: str
    hint: str = ""
    severity: Severity = Severity.ERROR
    rows: tuple[int, ...] = ()


class Reading(Record):
    """How the bytes were read: enough to read them again in the same way."""

    format: str = "csv"
    """`csv`, `xlsx` or `parquet`; packed files say `csv.gz` and the like."""
    encoding: str | None = None
    delimiter: str | None = None
    newline: str | None = None
    header_row: int | None = None
    sheet: str | None = None
    notation: dict[str, str] = Field(default_factory=dict)
    """Per column, where it is not the schema's own: `decimal ,`, `dates %d/%m/%Y`."""
    passed_through: tuple[str, ...] = ()
    """Columns that the model does not know."""


class Lineage(Record):
    retry_of: str | None = None
    mends: str | None = None
    mended_by: str | None = None
    late_of: str | None = None
    answers: str | None = None


class Made(Record):
    """A file that an attempt made in its own folder, by name."""

    role: Literal["result", "fix", "kept"]
    name: str
    suffix: str
    """What it is published as: `.xlsx`, `.fix.xlsx`, `.csv`, …"""
    bytes: int
    sha256: str


class Outcome(Record):
    """What one attempt found. The worker writes it last, as `verdict.json`; the service builds the receipt of it."""

    job: str
    attempt: int
    verdict: Verdict
    sentence: str
    """The outcome in one sentence, for people: no cell values in it."""
    todo: str = ""
    """What the reader should do now."""
    counts: Counts = Counts()
    reading: Reading = Reading()
    model: ModelFact | None = None
    problems: tuple[ProblemEntry, ...] = ()
    problems_truncated: bool = False
    groups: tuple[GroupEntry, ...] = ()
    profile: BatchProfile = BatchProfile()
    drift: Drift | None = None
    files: tuple[Made, ...] = ()
    kept: Made | None = None
    actuals: ActualsFact | None = None
    durations: dict[str, float] = Field(default_factory=dict)
    versions: dict[str, str] = Field(default_factory=dict)
    mends: str | None = None
    """The job whose fix file this is, mended."""
    answers: str | None = None
    """The earlier job whose result is the answer."""
    handed_out: tuple[tuple[int, int], ...] = ()
    """The rows in the fix file, as ranges (first, last) of the source's row numbers."""


class Progress(Record):
    """How far a worker is with a job: told once a second, while the job is at work."""

    rows: int = 0
    bytes: int = 0
    total: int = 0
    """Bytes that are to be read."""
    seconds: float = 0.0
    rows_per_second: int | None = None
    seconds_left: float | None = None


class Receipt(Record):
    receipt: Literal[1] = 1
    job: str
    code: str
    route: str
    kind: Kind = Kind.SCORE
    state: State
    verdict: Verdict | None = None
    sentence: str = ""
    todo: str = ""
    name: str
    name_base64: str | None = None
    sender: Sender
    input: InputFact
    files: tuple[FileFact, ...] = ()
    model: ModelFact | None = None
    times: Times
    counts: Counts = Counts()
    reading: Reading = Reading()
    problems: tuple[ProblemEntry, ...] = ()
    problems_truncated: bool = False
    groups: tuple[GroupEntry, ...] = ()
    drift: Drift | None = None
    """None: nobody looked, because it was not asked for, or because nothing was scored."""
    profile: BatchProfile = BatchProfile()
    kept: FileFact | None = None
    """Predictions, or actuals, that are kept to be held against each other: in `state/`, for the route's term."""
    actuals: ActualsFact | None = None
    durations: dict[str, float] = Field(default_factory=dict)
    attempts: int = 1
    versions: dict[str, str] = Field(default_factory=dict)
    lineage: Lineage = Lineage()
    progress: Progress | None = None
    """Only while the job is at work."""


class Event(Record):
    """What happened to a job later: one line of `J.events.jsonl`."""

    at: Moment
    event: Literal["mended", "retried", "archived", "trashed", "restored", "removed", "notified", "held", "released"]
    by: str = "dropscore"
    request: str | None = None
    job: str | None = None
    """The other job, where there is one: the one that mends or retries this."""
    notification: str | None = None
    paths: tuple[str, ...] = ()
    """What was removed, from the root on."""
    note: str = ""


def dump(record: BaseModel) -> bytes:
    """Return the record as indented JSON with a final newline. Opened as a table, it holds no formula."""
    return harmless(record.model_dump_json(indent=2, exclude_none=True)).encode() + b"\n"


def receipt_schema() -> dict[str, Any]:
    """Return the JSON Schema of a receipt, as published in `docs/receipt.schema.json`."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Receipt.model_json_schema(mode="serialization"),
    }
