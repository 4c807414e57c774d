"""When drops are looked for, and when they are taken."""

from __future__ import annotations

from pydantic import Field

from dropscore.settings.web import Section


class IntakeSettings(Section):
    """How drops are found and when they are taken."""

    scan_seconds: float = Field(default=2, gt=0, le=3600, description="How often each inbox is listed.")
    scan_seconds_network: float = Field(
        default=10, gt=0, le=3600, description="The same for an inbox on a network file system (NFS, SMB)."
    )
    late_writer_grace: float = Field(
        default=900,
        ge=0,
        description="Seconds for which a claimed file is kept and compared, where the system cannot tell "
        "whether somebody still writes to it.",
    )
    waiting_notice_minutes: float = Field(
        default=15,
        gt=0,
        description="After so long a waiting drop gets a file beside it that says what for (sales.csv.waiting.json), "
        "and operators are told.",
    )
    stale_hours: float = Field(
        default=24,
        gt=0,
        description="Operators are told of a name in flight (sales.csv.part) that is older: its upload has broken off.",
    )
