"""What the daemon writes down for itself: claims, the marker of publication, and what was handed out for mending.

The folders are the journal; these are its pages. A page of an older release is read, a torn one is parked.
"""

from __future__ import annotations

from typing import Literal

from dropscore.domain.jobs import Kind
from dropscore.receipt import Lineage, ModelFact, Moment, Record, Sender


class Claim(Record):
    """What the daemon writes down about a drop, before it touches it and until the receipt is there.

    `at_work`, `alone` and the counters below it decide after a crash whether a job is tried again or held.
    """

    claim: Literal[1] = 1
    job: str
    code: str
    route: str
    kind: Kind = Kind.SCORE
    name: str
    name_base64: str
    sender: Sender
    claimed: Moment
    inbox: str | None = None
    """The folder that it was dropped into; None for an upload."""
    upload: str | None = None
    """The folder under `state/uploads/` that it was streamed to."""
    source: str | None = None
    """The file that a retry takes its input from: left where it is."""
    sidecars: tuple[str, ...] = ()
    """Names (base64) of the sidecars, renamed before the drop."""
    expected_sha256: str | None = None
    newline_waited: bool = False
    asked: str | None = None
    """The request that wanted it taken at once."""
    no_mend: bool = False
    """Another file was quicker to mend the same job: this one is an ordinary drop, and is told so."""
    again_of: str | None = None
    """The earlier job with the same content, whose result is gone."""
    inode: int | None = None
    size: int | None = None
    mtime_ns: int | None = None
    """Of the claimed inode when it was copied: a late writer changes them."""
    sha256: str | None = None
    bytes: int | None = None
    model: ModelFact | None = None
    model_path: str | None = None
    attempt: int = 0
    at_work: bool = False
    alone: bool = False
    deaths: int = 0
    """Worker deaths and overruns that a living service saw."""
    crashes: int = 0
    """Unclean ends of the service while this job was at work."""
    crashes_alone: int = 0
    held: str = ""
    """Why it is held, if it is."""
    drifted: bool = False
    """It is held because it has drifted, and its verdict is there."""
    drift_accepted: bool = False
    """An operator has let it through."""
    lineage: Lineage = Lineage()


class PlannedFile(Record):
    """One file of a set that is about to be published: its name in staging, and where it goes."""

    staged: str
    target: str
    """Relative to the root."""


class Staged(Record):
    """The marker: once it is there, a file that is missing from staging has been published."""

    staged: Literal[1] = 1
    staging: str
    files: tuple[PlannedFile, ...]
    """In the order of publishing; the receipt is the last."""


class Handed(Record):
    """A fix file that was handed out: `state/fixes/CODE.json`. A mended file is held against it."""

    handed: Literal[1] = 1
    job: str
    code: str
    route: str
    name: str
    rows: tuple[tuple[int, int], ...]
