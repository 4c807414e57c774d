"""What the data of a batch look like, and how that differs from training: parts of the receipt and of a bundle."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from dropscore.record import Record


class ColumnProfile(Record):
    """One column of the batch. Numbers have quantiles, everything else has counts of its commonest values."""

    type: str
    rows: int
    missing: int
    quantiles: tuple[float, ...] | None = None
    """At 0, 1, …, 100 per cent, of the values that are not missing."""
    counts: dict[str, int] | None = None
    """At most 100 values; only for columns that the schema lists (`enum`, booleans) and for predictions."""
    distinct: int | None = None
    sampled: int | None = None
    """Numbers of which the quantiles are made: all, or a sample of a large file."""
    values: tuple[tuple[float, int], ...] | None = None
    """Each number and how often it was sampled, where training has at most 100 different ones that repeat."""
    outside: int | None = None
    """Sampled numbers below or above all that training held."""
    unseen: int | None = None
    """Rows with a value that the schema does not list."""


class BatchProfile(Record):
    columns: dict[str, ColumnProfile] = Field(default_factory=dict)
    predictions: dict[str, ColumnProfile] = Field(default_factory=dict)


class ColumnDrift(Record):
    """One column beside the training's. Pairs are the batch's and the training's; shares are 0 to 1."""

    column: str
    of: Literal["input", "prediction"] = "input"
    state: Literal["steady", "drift", "unknown"] = "steady"
    changes: tuple[Literal["level", "shape", "mix", "missing", "unseen", "outside"], ...] = ()
    """What is more than chance, at this number of rows, and large enough to matter."""
    why: Literal["few-rows", "all-missing", "few-trained", "older-profile", "not-compared", ""] = ""
    """Why nothing can be said, or nothing but of missing values."""
    rows: int = 0
    """Values that were compared."""
    level: float | None = None
    """By how many standard deviations of training the numbers are higher."""
    shape: float | None = None
    """How differently they are spread at the same level, in the same unit."""
    mix: float | None = None
    """The share of rows that would need another category for both to be the same."""
    probability: float | None = None
    """How often chance alone gives as much."""
    missing: tuple[float, float] = (0.0, 0.0)
    unseen: float | None = None
    outside: float | None = None
    median: tuple[float, float] | None = None
    mean: tuple[float, float] | None = None
    middle: tuple[tuple[float, float], tuple[float, float]] | None = None
    """Between which the middle half of the numbers lies."""
    category: str | None = None
    """The one whose share has changed most."""
    shares: tuple[float, float] | None = None


class Drift(Record):
    """How the batch differs from what the model was trained on. It is told, and refuses nothing by itself."""

    state: Literal["steady", "drift", "few-rows", "unknown"] = "unknown"
    rows: int = 0
    columns: tuple[ColumnDrift, ...] = ()
    sentences: tuple[str, ...] = ()
    """One for each column that has drifted, in the route's language, and one for what cannot be said."""
