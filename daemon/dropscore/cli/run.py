"""`run`: the daemon."""

from __future__ import annotations

import os
from pathlib import Path

import click

from dropscore import app
from dropscore.cli.place import become_owner, config_option, find_config
from dropscore.folders import Root
from dropscore.settings import load


@click.command()
@config_option
@click.option("--once", is_flag=True, help="Empty the inbox, then end.")
@click.option(
    "--notifier/--no-notifier",
    default=None,
    help="Whether to run the notifier, too. Else: unless systemd started this, where it has a unit of its own.",
)
def command(config: Path | None, once: bool, notifier: bool | None) -> int:
    """Run the daemon: score whatever is dropped into the inbox."""
    path = find_config(config)
    root = Root(load(path, os.environ).root)
    if root.state.exists():
        become_owner(root)
    if notifier is None:
        notifier = "NOTIFY_SOCKET" not in os.environ
    return app.run(path, once=once, notifier=notifier)
