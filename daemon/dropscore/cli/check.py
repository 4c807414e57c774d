"""`check`: what scoring would say of a file, without scoring it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dropscore.cli.scoring import judge, model_options
from dropscore.domain.jobs import Kind


@click.command()
@model_options
def command(file: Path, as_json: bool, **given: Any) -> int:
    """Check one file against a model, without scoring it. Nothing is written.

    Exit codes say what scoring would: 0 all rows are fine, 3 some would be set aside, 4 it would be refused.
    """
    return judge(Kind.CHECK, file, as_json, **given)
