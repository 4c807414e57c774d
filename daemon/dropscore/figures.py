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


class Moved(Record):
    """One output under two models, over the rows that both scored."""

    output: str
    changed: int
    moves: dict[str, int] = Field(default_factory=dict)
    """Of classes: `good → bad`, and how many rows, the most frequent first."""
    mean: float | None = None
    """Of numbers: by how much they rose on average."""
    middle: float | None = None
    """Half of the rows moved by no more, up or down."""
    most: float | None = None
    most_row: int | None = None


class Compared(Record):
    """The same rows under the model of that time and under another."""

    code: str
    name: str
    before: str
    after: str
    rows: int = 0
    """That both scored."""
    changed: int = 0
    """Rows of which any class, or any number by its rounded digits, is another one."""
    only_before: int = 0
    only_after: int = 0
    refused: str = ""
    """Why the other model takes no row of it; empty: it takes some."""
    outputs: tuple[Moved, ...] = ()


class Challenged(Record):
    """One job as a challenger would have answered it: `state/challenged/ROUTE/MONTH/JOB.json`."""

    challenged: Literal[1] = 1
    job: str
    compared: Compared
    seconds: float = 0.0
    """What that took, in the background; the job itself took `own_seconds`."""
    own_seconds: float = 0.0
    drift: tuple[str, ...] = ()
    """What the challenger would have said of how the rows differ from its training."""
    failed: str = ""
    """Why it could not be scored at all."""


class Beside(Record):
    """One figure of both models on the same pairs, and by how much the challenger's is higher, with its interval."""

    champion: Figure
    challenger: Figure
    difference: float
    low: float | None = None
    high: float | None = None


class Rivalry(Record):
    """A challenger beside the versions that were in use, over all jobs that it was shown."""

    challenger: str
    champions: tuple[str, ...] = ()
    jobs: int = 0
    failed: int = 0
    """Jobs that it could not score; `why` is the last one's reason."""
    why: str = ""
    rows: int = 0
    changed: int = 0
    only_champion: int = 0
    only_challenger: int = 0
    seconds: float = 0.0
    own_seconds: float = 0.0
    outputs: tuple[Moved, ...] = ()
    drifted: int = 0
    """Jobs of which it would have told drift."""
    pairs: int = 0
    figures: tuple[Beside, ...] = ()


class Report(Record):
    """All versions that a route has used, the newest first."""

    report: Literal[1] = 1
    route: str
    made: Moment
    predictions: int = 0
    actuals: int = 0
    matched: int = 0
    models: tuple[Judgement, ...] = Field(default=())
    rivalry: Rivalry | None = None
    """None: there is no challenger, or it was shown nothing yet."""
