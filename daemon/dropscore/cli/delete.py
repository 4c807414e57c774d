"""`delete CODE…`: into the trash, where they stay for the configured days."""

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
    """Move jobs to the trash. They can be brought back for as long as it keeps them."""
    return ask_for_each("undo" if undo else "delete", codes, config, as_json)
