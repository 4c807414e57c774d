"""What the panel and the API are set by, and what every section has in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from dropscore.settings.values import Words


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class WebSettings(Section):
    """The panel and the HTTP API: `dropscore web`."""

    host: str = Field(default="127.0.0.1", description="The address to listen on. Others reach it through a proxy.")
    port: int = Field(default=8765, ge=1, le=65535, description="The port to listen on.")
    public_url: str = Field(
        default="",
        pattern=r"^(https?://[^/\s]+)?$",
        description="How people reach it. With https:// the cookie is sent over TLS alone.",
        examples=["https://dropscore.example.org"],
    )
    proxies: Words = Field(
        default=(),
        description="Addresses of reverse proxies whose X-Forwarded-For and -Proto are believed.",
        examples=[["127.0.0.1"]],
    )
    session_idle_minutes: float = Field(default=60, gt=0, description="A session ends after so long without a click.")
    session_hours: float = Field(default=12, gt=0, description="A session ends after so long in any case.")
    upload_mb: int = Field(default=4096, gt=0, description="The largest upload, in millions of bytes.")
    score_mb: int = Field(default=10, gt=0, description="The largest file of a call that waits for its result.")
    uploads_of_one: int = Field(
        default=1000, gt=0, description="Uploads of one person or token that may wait for the daemon."
    )
