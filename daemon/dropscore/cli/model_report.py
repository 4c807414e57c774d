"""`model report`: how good a route's, a version's or a job's predictions turned out to be."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, NamedTuple

import click

from dropscore.cli.errors import Code
from dropscore.cli.output import put, put_json, say
from dropscore.cli.place import Place, config_option, json_option, open_place
from dropscore.domain.errors import Refused


class Wanted(NamedTuple):
    route: str
    version: str | None = None
    job: str | None = None


@click.command("report")
@click.argument("what", metavar="ROUTE|VERSION|CODE")
@click.option("--route", help="Whose version is meant, where several routes have it.")
@click.option("-o", "--out", type=click.Path(path_type=Path), help="A file: NAME.html or NAME.md. Else: Markdown here.")
@config_option
@json_option
def command(what: str, route: str | None, out: Path | None, config: Path | None, as_json: bool) -> int:
    """Tell how good predictions turned out, by the actuals that were dropped since."""
    if out is not None and out.suffix not in (".html", ".md"):
        raise Refused(f"{out}: name a file that ends in .html or .md.")
    place = open_place(config)
    actuals = importlib.import_module("dropscore.actuals")  # scikit-learn and pandas: a second, for this verb alone
    wanted = _wanted(place, actuals, what, route)
    settings = place.settings.routes[wanted.route]
    language, zone = settings.language or "en", settings.zone or "UTC"
    report: Any = actuals.report_of(
        place.root.state, wanted.route, language=language, zone=zone, version=wanted.version, job=wanted.job
    )
    if as_json:
        put_json(report.model_dump(mode="json", exclude_none=True))
        return Code.FINE
    reports = importlib.import_module("dropscore.reports")
    text = (reports.html if out is not None and out.suffix == ".html" else reports.markdown)(report, language, zone)
    if out is None:
        put(text.rstrip("\n"))
    else:
        out.write_text(text, encoding="utf-8")
        say(f"Written: {out}")
    return Code.FINE


def _wanted(place: Place, actuals: Any, what: str, route: str | None) -> Wanted:
    """Return what is meant. Refused: nothing is, or it is not clear."""
    routes = place.settings.routes
    if what in routes:
        known = [place.root.state / name / what for name in ("predictions", "challenged")]
        if not routes[what].actuals.key and not any(folder.is_dir() for folder in known):
            raise Refused(f"The route {what} keeps no predictions: set key and outcome in [routes.{what}.actuals].")
        return Wanted(what)
    found: dict[Wanted, None] = {}
    for name in routes:
        if route is None or name == route:
            for file in actuals.files_of(place.root.state, actuals.PREDICTIONS, name):
                if what.upper() in (file.about["code"], file.about["job"]):
                    return Wanted(name, job=file.about["job"])
                if what in (file.about["version"], f"{file.about['model']}/{file.about['version']}"):
                    found[Wanted(name, version=file.about["version"])] = None
    if not found:
        raise Refused(f"{what} is no route, and no job or version of which predictions are kept.")
    if len(found) > 1:
        having = ", ".join(one.route for one in found)
        raise Refused(f"Several routes have predictions of {what}: name one with --route ({having}).")
    return next(iter(found))
