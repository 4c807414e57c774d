"""How the work is done: by processes of this machine, or by a Dask cluster."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from dropscore.settings.web import Section


class WorkerSettings(Section):
    """The processes that read, check and score."""

    backend: Literal["local", "dask"] = Field(
        default="local",
        description="local: processes of this machine. dask: a Dask cluster that sees the same folders.",
    )
    scheduler: str = Field(
        default="", description="The address of Dask's scheduler.", examples=["tcp://scheduler.example:8786"]
    )
    processes: int = Field(
        default=0,
        ge=0,
        le=256,
        description="How many of this machine. 0: one for each core, and at least two.",
    )
    memory_mb: int = Field(
        default=2048, ge=256, description="The memory that one worker may use. Beyond it, it is ended."
    )
    deadline_seconds: float = Field(
        default=3600, gt=0, description="A job that takes longer is ended, and tried again."
    )

    @model_validator(mode="after")
    def _dask_needs_a_scheduler(self) -> Self:
        if self.backend == "dask" and not self.scheduler:
            raise ValueError('backend = "dask" needs the scheduler\'s address')
        return self
