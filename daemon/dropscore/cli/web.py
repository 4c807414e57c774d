"""`web`: the panel and the HTTP API."""

from __future__ import annotations

import importlib
from pathlib import Path

import click

from dropscore.cli.output import say
from dropscore.cli.place import config_option, find_config, open_place


@click.command()
@config_option
@click.option("--host", help="The address to listen on. Else: as configured.")
@click.option("--port", type=click.IntRange(1, 65535), help="The port to listen on. Else: as configured.")
def command(config: Path | None, host: str | None, port: int | None) -> int:
    """Serve the panel and the HTTP API. It works with and without a daemon, and says what is missing."""
    path = find_config(config)
    open_place(path)
    # FastAPI is an extra: whoever has not installed it still has every other verb.
    return int(importlib.import_module("dropscore.web.serve").run(path, host, port, say))
