"""How a route wants its drops read and answered: plain values, handed down from the configuration."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from dropscore.domain.drifting import Drifting


class Policy(StrEnum):
    """One bad row refuses the file, or the good rows are scored and the bad ones handed back."""

    ALL_OR_NOTHING = "all-or-nothing"
    GOOD_ROWS = "good-rows"


class Header(StrEnum):
    """Whether a header in another case or with spaces is only suggested, or accepted."""

    EXACT = "exact"
    FORGIVING = "forgiving"


class FinalNewline(StrEnum):
    """What is done with a text whose last line has no end, after the longer wait."""

    WAIT = "wait"
    REQUIRED = "required"


class Again(StrEnum):
    """What is done with content that this model has already scored in this route."""

    PROCESS = "process"
    ANSWER = "answer"
    REFUSE = "refuse"


class Format(StrEnum):
    XLSX = "xlsx"
    CSV = "csv"
    PARQUET = "parquet"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a drop may cost at most; each bound has its own problem code, and is checked while reading."""

    bytes: int = 4 * 1024**3
    rows: int = 50_000_000
    columns: int = 2_000
    cell_bytes: int = 1_000_000
    ratio: int = 200
    """Unpacked bytes for each packed byte."""
    xlsx_rows: int = 200_000
    """Rows of an .xlsx drop, and of a fix workbook that holds all rows."""


@dataclass(frozen=True, slots=True)
class Actuals:
    """What of a route's predictions is kept, to be held against what really happens."""

    key: str
    """The column that names the same thing in the drop and in the actuals."""
    outcome: str
    """The column of the actuals that says what happened."""
    date: str | None = None
    """The column of the actuals that says when. None: when they were dropped."""
    exclude: tuple[str, ...] = ()
    """Columns of the model that are never kept; with `*`, or a name that it does not have, none is."""


@dataclass(frozen=True, slots=True)
class Rules:
    """None means: as the bundle's schema says."""

    policy: Policy = Policy.ALL_OR_NOTHING
    encoding: str | None = None
    """The one code page that is tried where a file is no UTF-8, such as `cp1252`."""
    decimal: str | None = None
    """`.`, `,` or `auto`."""
    group: str | None = None
    dates: str | None = None
    """A strptime format, `iso` or `auto`."""
    header: Header = Header.EXACT
    final_newline: FinalNewline = FinalNewline.WAIT
    formats: tuple[Format, ...] = (Format.XLSX,)
    language: str = "en"
    zone: str = "UTC"
    drift: Drifting = Drifting.WARN
    limits: Limits = field(default_factory=Limits)
    actuals: Actuals | None = None
    """None: no prediction is kept."""
    explain: int = 0
    """So many columns that moved a prediction most are told beside it."""


class Trust(StrEnum):
    """Which types a bundle may be made of. The operator decides, never the bundle."""

    NUMERIC = "numeric"
    SKLEARN = "sklearn"
    CUSTOM = "custom"


@dataclass(frozen=True, slots=True)
class Trusted:
    """The operator's word on what may be loaded."""

    tier: Trust = Trust.SKLEARN
    types: tuple[str, ...] = ()
    """Named types beyond the tier; only under `custom`."""
    pickles: tuple[str, ...] = ()
    """SHA-256 of the bundles (their manifests) whose joblib file may be loaded."""
