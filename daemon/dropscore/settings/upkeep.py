"""Settings of what is kept for how long, and of what the daemon does by itself once a day."""

from __future__ import annotations

from pydantic import Field

from dropscore.settings.web import Section


class RetentionSettings(Section):
    """How long and how much is kept. 0: no limit. Receipts and events are kept for ever.

    Only what a receipt names is removed, the oldest first, and never anything of a job that is open. Results and
    failed files are left alone unless you say otherwise here.
    """

    archive_days: int = Field(default=30, ge=0, description="Inputs of delivered jobs, in archive/.")
    trash_days: int = Field(default=30, ge=0, description="Deleted jobs, in trash/.")
    result_days: int = Field(default=7, ge=0, description="Copies of results for panel and API, in state/results/.")
    outbox_days: int = Field(default=0, ge=0, description="Results that nobody took, in outbox/.")
    failed_days: int = Field(default=0, ge=0, description="Rejected files that nobody took, in failed/.")
    archive_mb: int = Field(default=0, ge=0, description="All of archive/, in millions of bytes.")
    trash_mb: int = Field(default=0, ge=0, description="All of trash/, in millions of bytes.")
    result_mb: int = Field(default=0, ge=0, description="All of state/results/, in millions of bytes.")
    outbox_mb: int = Field(default=0, ge=0, description="All of outbox/, in millions of bytes.")
    failed_mb: int = Field(default=0, ge=0, description="All of failed/, in millions of bytes.")


class RouteRetentionSettings(Section):
    """What this route keeps, where it differs. A route with a limit of size of its own is counted by itself."""

    archive_days: int | None = Field(default=None, ge=0, description="Its inputs, in archive/.", examples=[365])
    outbox_days: int | None = Field(default=None, ge=0, description="Its results that nobody took.", examples=[90])
    failed_days: int | None = Field(default=None, ge=0, description="Its rejected files.", examples=[90])
    archive_mb: int | None = Field(
        default=None, ge=0, description="Its part of archive/, in millions of bytes.", examples=[10000]
    )
    outbox_mb: int | None = Field(
        default=None, ge=0, description="Its part of outbox/, in millions of bytes.", examples=[10000]
    )
    failed_mb: int | None = Field(
        default=None, ge=0, description="Its part of failed/, in millions of bytes.", examples=[10000]
    )


class UpkeepSettings(Section):
    """What the daemon does by itself once a day: it removes what was kept for long enough, then it audits.

    Both go in small steps, and slower while drops are at work.
    """

    at: str = Field(
        default="03:30",
        pattern=r"^([01]\d|2[0-3]):[0-5]\d$",
        description="When, on the clock of the zone above. What was missed is made up for after the next start.",
    )
    audit: bool = Field(
        default=True,
        description="Whether it sees daily that every file is accounted for. Each file is read once a week.",
    )
