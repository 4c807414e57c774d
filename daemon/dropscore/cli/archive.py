"""`archive CODE…`: finished jobs out of outbox and failed."""

from __future__ import annotations

from pathlib import Path

import click

from dropscore.cli.moving import ask_for_each
from dropscore.cli.place import config_option, json_option


@click.command()
@click.argument("codes", nargs=-1, required=True)
@click.option("--undo", is_flag=True, help="Bring them back.")
@config_option
@json_option
def command(codes: tuple[str, ...], undo: bool, config: Path | None, as_json: bool) -> int:
    """Put finished jobs away: what is left of them in outbox/ and failed/ goes to archive/."""
    return ask_for_each("undo" if undo else "archive", codes, config, as_json)
