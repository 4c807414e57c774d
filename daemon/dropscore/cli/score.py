"""`score`: one file, without a daemon."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dropscore.cli.scoring import judge, model_options
from dropscore.domain.errors import Refused
from dropscore.domain.jobs import Kind
from dropscore.folders import stem_and_suffix


@click.command()
@model_options
@click.option("-o", "--out", type=click.Path(path_type=Path), help="The .xlsx, .csv or .parquet, or a folder.")
@click.option("--force", is_flag=True, help="Replace what is there.")
def command(file: Path, out: Path | None, force: bool, as_json: bool, **given: Any) -> int:
    """Score one file with a model.

    The workbook is written beside the file, as NAME.scored.xlsx. Where rows are wrong, NAME.scored.fix.xlsx has
    them marked, to be mended. With -o NAME.csv or NAME.parquet the result is that instead of a workbook.
    Exit codes: 0 all scored, 3 some rows set aside, 4 nothing scored.
    """
    name = f"{stem_and_suffix(file.name)[0]}.scored.xlsx"
    target = file.with_name(name) if out is None else out / name if out.is_dir() else out
    if target.exists() and not force:
        raise Refused(f"{target} exists already. Name another with -o, or replace it with --force.")
    return judge(Kind.SCORE, file, as_json, target, force, **given)
