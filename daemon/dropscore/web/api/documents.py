"""What the API answers: records with every field described by its type."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from dropscore.domain.jobs import Kind, State, Verdict, Via
from dropscore.ledger import JobRow
from dropscore.receipt import Moment, Receipt
from dropscore.web.seen import Seen


class Health(BaseModel):
    """`ok` is true where drops are being worked on and jobs can be read."""

    ok: bool
    daemon: bool
    ledger: bool
    scanned: str | None = Field(description="When the daemon last looked at the inboxes.")
    incidents: int = Field(description="How many things are away right now.")


class JobDocument(BaseModel):
    """One job in a list. Its receipt says everything."""

    job: str
    code: str
    kind: Kind
    route: str
    state: State
    verdict: Verdict | None = None
    name: str
    sender: str
    via: Via
    bytes: int
    sha256: str
    rows: int = 0
    scored: int = 0
    set_aside: int = 0
    claimed: Moment
    published: Moment | None = None
    seconds: float | None = None
    sentence: str = ""
    retry_of: str | None = None
    mends: str | None = None
    mended_by: str | None = None


class JobPage(BaseModel):
    items: list[JobDocument]
    next: str | None = Field(description="The cursor of the next page; null on the last one.")


class Submitted(BaseModel):
    """The file is durable and will be worked on. Ask for `/jobs/{job}` until its state is no longer `working`."""

    job: str
    sha256: str
    bytes: int
    waits_for_daemon: bool = Field(description="No daemon runs right now; the request can be withdrawn until one does.")
    replayed: bool = Field(default=False, description="The same idempotency key was used before: this is its job.")


class Taken(BaseModel):
    """A drop that was taken, and the job that it became."""

    job: str
    code: str
    name: str
    route: str


class Left(BaseModel):
    """A drop that goes on waiting."""

    name: str
    why: str


class Asked(BaseModel):
    """What came of a request. Without an answer yet it waits for the daemon, and can be withdrawn."""

    request: str
    done: bool
    ok: bool | None = None
    sentence: str = ""
    job: str | None = None
    code: str | None = None
    jobs: list[Taken] = Field(default=[], description="Of `process`: what was taken.")
    next: list[str] = Field(default=[], description="Of `process`: what is taken as soon as there is room.")
    left: list[Left] = Field(default=[], description="Of `process`: what was not taken.")


class Scored(BaseModel):
    """The receipt and the result's table: numbers as numbers, everything else as text."""

    receipt: Receipt
    columns: list[str]
    rows: list[list[str | int | float | None]]
    truncated: bool = Field(description="There are more rows: download the result.")


def document_of(row: JobRow) -> JobDocument:
    return JobDocument.model_validate({name: getattr(row, name) for name in JobDocument.model_fields})


def document_of_seen(found: Seen) -> JobDocument:
    """Return a job as a list shows it, also where it is not in the ledger yet."""
    if found.row is not None:
        return document_of(found.row)
    receipt = found.receipt
    return JobDocument(
        job=receipt.job,
        code=receipt.code,
        kind=receipt.kind,
        route=receipt.route,
        state=State(found.state),
        verdict=receipt.verdict,
        name=receipt.name,
        sender=receipt.sender.name,
        via=receipt.sender.via,
        bytes=receipt.input.bytes,
        sha256=receipt.input.sha256,
        rows=receipt.counts.rows,
        scored=receipt.counts.scored,
        set_aside=receipt.counts.set_aside,
        claimed=receipt.times.claimed,
        published=receipt.times.published,
        sentence=receipt.sentence,
        retry_of=receipt.lineage.retry_of,
        mends=receipt.lineage.mends,
    )


def asked_of(request: str, answer: dict[str, Any] | None) -> Asked:
    if answer is None:
        return Asked(request=request, done=False, sentence="It waits for the daemon.")
    return Asked(
        request=request,
        done=True,
        ok=bool(answer.get("ok")),
        sentence=str(answer.get("sentence", "")),
        job=answer.get("job"),
        code=answer.get("code"),
        jobs=[Taken.model_validate(one) for one in answer.get("jobs") or ()],
        next=[str(name) for name in answer.get("next") or ()],
        left=[Left.model_validate(one) for one in answer.get("left") or ()],
    )
