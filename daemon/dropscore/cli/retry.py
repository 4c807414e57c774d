"""`retry CODE…`: the same input once more."""

from __future__ import annotations

from pathlib import Path

import click

from dropscore.cli.moving import ask_for_each
from dropscore.cli.place import config_option, json_option


@click.command()
@click.argument("codes", nargs=-1, required=True)
@config_option
@json_option
def command(codes: tuple[str, ...], config: Path | None, as_json: bool) -> int:
    """Do jobs again, each as a new job with the model of today. A held job goes on where it was."""
    return ask_for_each("retry", codes, config, as_json)
