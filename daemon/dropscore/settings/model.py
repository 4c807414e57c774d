"""Every setting: its name, type, default, and what it does in words for the person who sets it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from dropscore.domain.drifting import Drifting
from dropscore.domain.notes import TO_OWNERS, NoteKind
from dropscore.domain.reasons import MOST
from dropscore.domain.rules import Again, FinalNewline, Format, Header, Policy, Trust
from dropscore.settings.actuals import ActualsSettings
from dropscore.settings.intake import IntakeSettings
from dropscore.settings.limits import LimitSettings
from dropscore.settings.metrics import MetricsSettings
from dropscore.settings.upkeep import RetentionSettings, RouteRetentionSettings, UpkeepSettings
from dropscore.settings.values import (
    Addresses,
    Dates,
    Encoding,
    Expected,
    Formats,
    Group,
    Hashes,
    Kinds,
    Language,
    RouteName,
    Words,
    Zone,
)
from dropscore.settings.web import Section, WebSettings
from dropscore.settings.workers import WorkerSettings


class LedgerSettings(Section):
    """Where the table of jobs is kept."""

    url: SecretStr | None = Field(
        default=None,
        description="The database, as an SQLAlchemy URL. Not set: SQLite in state/ledger.sqlite.",
        examples=["postgresql+psycopg://dropscore@db.example/dropscore"],
    )
    url_file: Path | None = Field(
        default=None,
        description="A file that holds the URL, so that its password stands nowhere else.",
        examples=["/etc/dropscore/ledger-url"],
    )

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if self.url and self.url_file:
            raise ValueError("set url or url_file, not both")
        return self


class NotifySettings(Section):
    """Who is told what. Every address is an apprise URL: mailto://, slack://, json:// and many more."""

    operators: Addresses = Field(
        default=(),
        description="Told when something is unavailable, has recovered, or a job is held.",
        examples=[["mailto://user:password@mail.example?to=ops@example.org"]],
    )
    group_seconds: float = Field(
        default=30, ge=0, description="What happens in one route within this time goes out as one message."
    )
    send_deadline_seconds: float = Field(
        default=30, gt=0, description="A send that takes longer is ended, and tried again."
    )
    allow_cell_values: bool = Field(default=False, description="Whether messages may quote cells of the files.")
    senders: dict[str, Addresses] = Field(
        default={},
        description="Where each sender is told of the sender's own drops, by name.",
        examples=[{"ana": ["mailto://user:password@mail.example?to=ana@example.org"]}],
    )


class BundleSettings(Section):
    """Which models may be loaded. Only you decide that, never the bundle."""

    trust: Trust = Field(
        default=Trust.SKLEARN,
        description="numeric: linear models and scalers of scikit-learn. sklearn: all of scikit-learn. "
        "custom: that, and the types named below.",
    )
    types: Words = Field(
        default=(),
        description="Types beyond scikit-learn, under trust = custom.",
        examples=[["mycompany.encoders.Zip"]],
    )
    pickles: Hashes = Field(
        default=(),
        description="Bundles whose model is a joblib file, which can run any program when it is loaded: each by "
        "the SHA-256 of its manifest.json.",
        examples=[["0" * 64]],
    )

    @model_validator(mode="after")
    def _types_need_custom(self) -> Self:
        if self.types and self.trust is not Trust.CUSTOM:
            raise ValueError('types are only trusted under trust = "custom"')
        return self


class LogSettings(Section):
    """What the programs write to standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least that is written."
    )
    format: Literal["auto", "json", "console"] = Field(
        default="auto", description="auto: readable on a terminal, JSON elsewhere."
    )


class RouteSettings(Section):
    """One folder of the inbox: its model, its rules, its people. The route `default` is the inbox itself."""

    model: Path = Field(
        description="The folder of the model, which holds its versions. Relative to this file's folder.",
        examples=["../model/credit"],
    )
    version: str = Field(default="", description="The only version to use. Empty: the newest one.")
    challenger: str = Field(
        default="",
        description="A version that is shown each job after it was published: `dropscore model report` says what it "
        "would have answered. Only `dropscore model promote` makes it the one in use.",
        examples=["2.0.0"],
    )
    policy: Policy = Field(
        default=Policy.ALL_OR_NOTHING,
        description="all-or-nothing: one bad row refuses the file. good-rows: the good rows are scored, the bad "
        "ones handed back for mending.",
    )
    complete: Literal["quiet", "marker", "checksum", "rename"] = Field(
        default="quiet",
        description="When a drop is complete. quiet: it has stood still for quiet_seconds and nobody writes. "
        "marker: sales.csv.done lies beside it. checksum: sales.csv.sha256 lies beside it and is right. "
        "rename: senders write under another name (sales.csv.part) and rename.",
    )
    quiet_seconds: float = Field(default=5, ge=0, le=86400, description="How long a drop must stand still.")
    final_newline: FinalNewline = Field(
        default=FinalNewline.WAIT,
        description="A text whose last line has no end. wait: taken a minute later, with a warning. "
        "required: rejected.",
    )
    encoding: Encoding | None = Field(
        default=None, description="The one code page for files that are not UTF-8.", examples=["cp1252"]
    )
    decimal: Literal[".", ",", "auto"] | None = Field(
        default=None,
        description="The decimal sign. auto: each column decides, or is refused. Not set: as the model says.",
        examples=[","],
    )
    group: Group | None = Field(
        default=None, description="The sign between groups of three digits. Not set: as the model says.", examples=["."]
    )
    dates: Dates | None = Field(
        default=None,
        description="How dates are written: iso, auto, or a format. Not set: as the model says.",
        examples=["%d/%m/%Y"],
    )
    header: Header = Field(
        default=Header.EXACT,
        description="exact: names as the model has them. forgiving: case and blanks do not matter.",
    )
    formats: Formats = Field(
        default=(Format.XLSX,),
        description="What results are written as, one file for each: xlsx, csv, parquet.",
        examples=[["xlsx", "parquet"]],
    )
    again: Again = Field(
        default=Again.PROCESS,
        description="The same content again for the same model. process: scored again. answer: the receipt names "
        "the earlier result. refuse: rejected.",
    )
    drift: Drifting = Field(
        default=Drifting.WARN,
        description="A drop that has drifted from what the model was trained on. warn: it is told. hold: it waits "
        "for your `dropscore retry` or `delete`. off: nobody looks.",
    )
    explain: int = Field(
        default=0,
        ge=0,
        le=MOST,
        description="So many columns that moved a prediction most are told beside it, in words and with their share. "
        "For linear models; for trees with the extra dropscore[explain]. 0: none.",
        examples=[3],
    )
    arrivals: bool = Field(
        default=True,
        description="Whether the owners hear of a file that is late, has half or twice as many rows as usual, or a "
        "column under another name. What is usual is learned from at least four files of a sender.",
    )
    expected: Expected = Field(
        default=(),
        description="When files come, by when at the latest, whoever sends them. Empty: learned.",
        examples=[["mon 09:30", "day 5 12:00"]],
    )
    owners: Addresses = Field(
        default=(),
        description="Who is told of this route's jobs, as apprise URLs.",
        examples=[["mailto://user:password@mail.example?to=credit@example.org"]],
    )
    notify: Kinds = Field(
        default=tuple(kind for kind in NoteKind if kind in TO_OWNERS), description="Of what the owners are told."
    )
    in_group: str | None = Field(
        default=None, description="The Unix group that may drop files here.", examples=["credit-in"]
    )
    out_group: str | None = Field(
        default=None, description="The Unix group that may take results and failed files.", examples=["credit-out"]
    )
    language: Language | None = Field(
        default=None, description="Of messages and workbooks. Not set: as for all routes.", examples=["es"]
    )
    zone: Zone | None = Field(
        default=None, description="The time zone of its people. Not set: as for all routes.", examples=["Europe/Madrid"]
    )
    retention: RouteRetentionSettings = RouteRetentionSettings()
    actuals: ActualsSettings = ActualsSettings()
    limits: LimitSettings = LimitSettings()

    @model_validator(mode="after")
    def _signs_differ(self) -> Self:
        if self.group and self.group == self.decimal:
            raise ValueError("decimal and group are the same sign, so no number could be read")
        return self


class Settings(BaseSettings):
    """All settings of one root."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        validate_default=True,
        env_prefix="DROPSCORE_",
        env_nested_delimiter="__",
        env_ignore_empty=True,
        enable_decoding=False,
    )

    root: Path = Field(
        default=Path(".."), description="The folder with inbox/, outbox/ and the rest. Relative to this file's folder."
    )
    zone: Zone = Field(default="UTC", description="The time zone in which people read times.")
    language: Language = Field(default="en", description="Of messages and workbooks: en or es.")
    ledger: LedgerSettings = LedgerSettings()
    intake: IntakeSettings = IntakeSettings()
    workers: WorkerSettings = WorkerSettings()
    notify: NotifySettings = NotifySettings()
    retention: RetentionSettings = RetentionSettings()
    upkeep: UpkeepSettings = UpkeepSettings()
    bundles: BundleSettings = BundleSettings()
    web: WebSettings = WebSettings()
    metrics: MetricsSettings = MetricsSettings()
    log: LogSettings = LogSettings()
    routes: dict[RouteName, RouteSettings] = Field(
        default={}, description="Each folder of the inbox by name; `default` is the inbox itself."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `load` has merged: it remembers where each value came from, which the sources do not."""
        return (init_settings,)
