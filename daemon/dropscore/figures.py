"""How good predictions turned out to be: what a drop of actuals brought, and the report on a route's models.

A report can be made again from what is kept. Shares are between 0 and 1; numbers are in the unit of the outcome.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from dropscore.record import Moment, Record


class ActualsFact(Record):
    """What came of a drop of actuals, in rows. Each is taken or set aside."""

    taken: int = 0
    matched: int = 0
    unmatched: int = 0
    """Their keys were never predicted."""
    early: int = 0
    """They happened before the first prediction for their key."""
    repeated: int = 0
    """They say once more what another row says."""
    changed: int = 0
    """An earlier drop said otherwise; this one counts."""
    blank: int = 0
    """Without an outcome: not known yet."""
    keyless: int = 0
    doubled: int = 0
    """Their key stands there with different outcomes: none of them counts."""


class Figure(Record):
    """One measure on some pairs of a prediction and what really happened, with its 95 % interval."""

    name: Literal["accuracy", "auc", "brier", "mae", "rmse", "bias"]
    value: float
    low: float | None = None
    """None: too few pairs, or pairs too much alike, to say."""
    high: float | None = None
    trained: float | None = None
    """In training, where the model's manifest says so."""
    trained_low: float | None = None
    trained_high: float | None = None
    outside: Literal["higher", "lower", ""] = ""
    """It lies outside the interval of training, and chance does not explain it."""


class Slice(Record):
    """The pairs of one month, or with one value of a column."""

    value: str
    pairs: int
    figures: tuple[Figure, ...] = ()


class Segment(Record):
    column: str
    title: str = ""
    slices: tuple[Slice, ...] = ()


class CalibrationBin(Record):
    """Pairs with similar probabilities: what was predicted on average, and the share in which it happened."""

    pairs: int
    predicted: float
    happened: float
    low: float
    high: float


class Calibration(Record):
    category: str
    bins: tuple[CalibrationBin, ...] = ()


class Judgement(Record):
    """One version of a model, and what became of its predictions."""

    model: str
    version: str
    task: Literal["classification", "regression", "other"] = "other"
    predictions: int = 0
    """Kept, each with a key."""
    pairs: int = 0
    first: Moment | None = None
    last: Moment | None = None
    """When the first and the last prediction of a pair was made."""
    figures: tuple[Figure, ...] = ()
    recent_days: int = 0
    """Whether a figure is outside is judged by the pairs of so many days before the last one."""
    recent_pairs: int = 0
    recent: tuple[Figure, ...] = ()
    months: tuple[Slice, ...] = ()
    """By the month in which the prediction was made."""
    segments: tuple[Segment, ...] = ()
    calibrations: tuple[Calibration, ...] = ()
    outside: tuple[str, ...] = ()
    """A sentence for each figure that lies outside the interval of training."""


class Report(Record):
    """All versions that a route has used, the newest first."""

    report: Literal[1] = 1
    route: str
    made: Moment
    predictions: int = 0
    actuals: int = 0
    matched: int = 0
    models: tuple[Judgement, ...] = Field(default=())
