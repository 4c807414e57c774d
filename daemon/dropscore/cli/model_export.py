"""`model export`: what a model may learn from: inputs, predictions and what really happened, as Parquet."""

from __future__ import annotations

import importlib
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from dropscore.cli.errors import Code
from dropscore.cli.output import put, put_json
from dropscore.cli.place import config_option, json_option, open_place
from dropscore.domain.errors import Refused


@click.command("export")
@click.argument("route")
@click.option("--since", help="Only what was predicted since: a day such as 2026-01-31, or so many days: 90d.")
@click.option("--job", "codes", multiple=True, help="Only what this job predicted, by code or id; may be given again.")
@click.option(
    "-o", "--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="A folder that is not there."
)
@config_option
@json_option
def command(
    route: str, since: str | None, codes: tuple[str, ...], out: Path, config: Path | None, as_json: bool
) -> int:
    """Write what was predicted in a route, joined with what happened, for `model/NAME/train.py --more`."""
    place = open_place(config)
    settings = place.settings.routes.get(route)
    if settings is None:
        raise Refused(f"there is no route {route}. Here are: {', '.join(place.settings.routes) or 'none'}.")
    if not settings.actuals.key:
        raise Refused(f"The route {route} keeps no predictions: set key and outcome in [routes.{route}.actuals].")
    if out.exists():
        raise Refused(f"{out} is there already: name a folder that is not.")
    zone = settings.zone or "UTC"
    moment = None if since is None else _moment(since, zone)
    actuals: Any = importlib.import_module("dropscore.actuals")  # pandas: for this verb alone
    with _progress(route) as progress:
        manifest = actuals.export(
            place.root.state, route, out, outcome=settings.actuals.outcome, since=moment, jobs=codes, progress=progress
        )
    if as_json:
        put_json(manifest)
    else:
        pairs, versions = manifest["pairs"], ", ".join(one["version"] for one in manifest["models"])
        put(f"{out}: {pairs:,} rows with an outcome, {manifest['rows'] - pairs:,} without. Versions: {versions}.")
    return Code.FINE


def _moment(since: str, zone: str) -> datetime:
    """Return the moment; Refused where it is none."""
    try:
        if since.endswith("d"):
            return datetime.now(UTC) - timedelta(days=float(since[:-1]))
        return datetime.combine(date.fromisoformat(since), datetime.min.time(), ZoneInfo(zone))
    except (ValueError, OverflowError):
        raise Refused(f"--since {since}: write a day such as 2026-01-31, or so many days: 90d.") from None


def _progress(route: str) -> Any:
    if not sys.stderr.isatty():
        return _Silent()
    return importlib.import_module("dropscore.cli.drawing").bar(route)


class _Silent:
    """No bar where nobody looks."""

    def __enter__(self) -> Any:
        return lambda done, total: None

    def __exit__(self, *_: object) -> None:
        return
