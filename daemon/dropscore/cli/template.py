"""`template`: what a model accepts, as files to fill in and a page to read."""

from __future__ import annotations

import importlib
import tempfile
from pathlib import Path

import click

from dropscore import durable
from dropscore.cli.errors import Code
from dropscore.cli.output import put, put_json, say
from dropscore.cli.place import json_option
from dropscore.domain.errors import Refused
from dropscore.domain.rules import Header, Policy, Rules
from dropscore.folders import pick_bundle


@click.command()
@click.option("--model", required=True, type=click.Path(path_type=Path), help="The model's folder, or one version.")
@click.option("--model-version", help="Which version, instead of the newest.")
@click.option(
    "-o", "--out", type=click.Path(path_type=Path, file_okay=False), default=Path(), help="Where to. Else: here."
)
@click.option("--language", type=click.Choice(["en", "es"]), default="en")
@click.option("--force", is_flag=True, help="Replace what is there.")
@click.option("--decimal", type=click.Choice([".", ",", "auto"]), help="The decimal sign of the route.")
@click.option("--group", help="Its sign between groups of three digits.")
@click.option("--dates", help="Its dates: iso, auto, or a format such as %d/%m/%Y.")
@click.option("--encoding", help="Its one code page beside UTF-8.")
@click.option("--header", type=click.Choice([str(h) for h in Header]), default=str(Header.EXACT))
@click.option("--policy", type=click.Choice([str(p) for p in Policy]), default=str(Policy.ALL_OR_NOTHING))
@json_option
def command(
    model: Path,
    model_version: str | None,
    out: Path,
    language: str,
    force: bool,
    decimal: str | None,
    group: str | None,
    dates: str | None,
    encoding: str | None,
    header: str,
    policy: str,
    as_json: bool,
) -> int:
    """Write what a model accepts: files to fill in, and a page to read.

    An empty CSV, a workbook, and the page twice: NAME.template.csv, NAME.template.xlsx, NAME.accepted.md and
    NAME.accepted.html. The daemon lays the workbook into each route's inbox by itself, as _TEMPLATE.xlsx.
    """
    bundle = pick_bundle(model, model_version)
    rules = Rules(Policy(policy), encoding, decimal, group, dates, Header(header), language=language)
    templating = importlib.import_module("dropscore.pipeline.templating")  # scikit-learn and pandas: seconds
    targets = [out / name for name in templating.names_of(bundle)]
    taken = [target for target in targets if target.exists() or target.is_symlink()]
    if taken and not force:
        raise _in_the_way(taken[0])
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=".dropscore-") as folder:
        made = templating.make_templates(bundle, rules, Path(folder))
        for source, target in zip(made, targets, strict=True):
            _move(source, target, force)
    if as_json:
        put_json({"model": bundle.name, "version": bundle.version, "files": [str(target) for target in targets]})
        return Code.FINE
    for target in targets:
        put(str(target))
    say(f"Fill in {targets[1].name} or {targets[0].name}; {targets[3].name} says what is accepted.")
    return Code.FINE


def _move(source: Path, target: Path, force: bool) -> None:
    if force:
        source.replace(target)
        return
    try:
        durable.rename_noreplace(source, target)
    except FileExistsError:
        raise _in_the_way(target) from None


def _in_the_way(target: Path) -> Refused:
    return Refused(f"{target} exists already. Name another folder with -o, or replace it with --force.")
