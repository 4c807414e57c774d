"""`jobs`: what has been done, newest first."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from dropscore.cli.errors import Code
from dropscore.cli.output import local, put_json, put_table, say
from dropscore.cli.place import config_option, json_option, open_place
from dropscore.cli.reading import as_document, ledger_of
from dropscore.domain.jobs import State

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@click.command()
@config_option
@json_option
@click.option("--state", "states", multiple=True, type=click.Choice([str(state) for state in State]))
@click.option("--route", "routes", multiple=True)
@click.option("--sender")
@click.option("--text", default="", help="Part of a code, a file's name or a sender.")
@click.option("--since", help="90m, 24h, 7d, 2w, or a date such as 2027-03-01.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 100_000))
def command(
    config: Path | None,
    as_json: bool,
    states: tuple[str, ...],
    routes: tuple[str, ...],
    sender: str | None,
    text: str,
    since: str | None,
    limit: int,
) -> int:
    """List jobs, newest first."""
    place = open_place(config)
    zone = place.settings.zone
    with ledger_of(place) as ledger:
        found = ledger.jobs(
            states=[State(state) for state in states] or None,
            routes=routes or None,
            sender=sender,
            text=text,
            since=moment_of(since, zone) if since else None,
            limit=limit,
        )
    if as_json:
        put_json([as_document(row) for row in found])
        return Code.FINE
    put_table(
        ("code", "state", "route", "file", "rows", "set aside", "sender", "claimed", "seconds"),
        [
            (
                r.code,
                r.state,
                r.route,
                r.name,
                r.rows,
                r.set_aside,
                r.sender,
                local(r.claimed, zone),
                f"{r.seconds:.1f}",
            )
            for r in found
        ],
        right=("rows", "to fix", "seconds"),
    )
    if len(found) == limit:
        say(f"The newest {limit:,} are shown; --limit shows more.")
    return Code.FINE


def moment_of(text: str, zone: str) -> datetime:
    """Return the moment that a person means: so long ago, or a date in the zone. UsageError if it is neither."""
    match = re.fullmatch(r"(\d{1,6})([mhdw])", text)
    if match:
        return datetime.now(UTC) - timedelta(**{_UNITS[match.group(2)]: int(match.group(1))})
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        raise click.UsageError("--since is 90m, 24h, 7d, 2w, or a date such as 2027-03-01") from None
    return given if given.tzinfo else given.replace(tzinfo=ZoneInfo(zone))
