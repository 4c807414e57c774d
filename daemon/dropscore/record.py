"""What every written record shares: frozen, tolerant of newer releases, times in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainSerializer


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Moment = Annotated[datetime, PlainSerializer(_utc, return_type=str, when_used="json")]


class Record(BaseModel):
    # A reader of version 1 must survive a record from a newer release: what it does not know is left out.
    model_config = ConfigDict(frozen=True, extra="ignore")


def now_utc() -> datetime:
    """Return the moment to the millisecond, as records keep it: what is read back is equal."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
