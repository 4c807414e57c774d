"""Where the figures for Prometheus are read."""

from __future__ import annotations

import ipaddress
from typing import Self

from pydantic import Field, model_validator

from dropscore.settings.web import Section


class MetricsSettings(Section):
    """Figures for Prometheus, over HTTP and without a password: how many files, how long, what waits."""

    listen: str | None = Field(
        default=None,
        description="The address and port to listen on. Not set: none, but for one that systemd hands over.",
        examples=["127.0.0.1:9109"],
    )
    public: bool = Field(default=False, description="Whether it may be an address that other machines can reach.")

    @property
    def address(self) -> tuple[str, int] | None:
        """Host and port."""
        return None if self.listen is None else _parted(self.listen)

    @model_validator(mode="after")
    def _is_an_address(self) -> Self:
        if self.listen is None:
            return self
        host, _ = _parted(self.listen)
        if not self.public and not ipaddress.ip_address(host).is_loopback:
            raise ValueError(
                f"others can reach {host}, and no password is asked: set public = true if that is what you want"
            )
        return self


def _parted(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        raise ValueError("listen is an address and a port, such as 127.0.0.1:9109 or [::1]:9109") from None
    if not colon or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError("listen ends in a port from 1 to 65535, such as 127.0.0.1:9109")
    return host, int(port)
