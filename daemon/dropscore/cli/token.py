"""`token`: which programs may use the API."""

from __future__ import annotations

from pathlib import Path

import click

from dropscore.cli.errors import Code
from dropscore.cli.output import local, put, put_json, put_table, say
from dropscore.cli.place import config_option, json_option, open_place
from dropscore.cli.user import known_routes, people_of
from dropscore.web.people import tokens
from dropscore.web.people.roles import EVERY_ROUTE, Scope, routes_text
from dropscore.web.people.users import moment_of


@click.group()
def command() -> None:
    """Look after the API's tokens."""


@command.command("add")
@config_option
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, type=click.Choice([str(s) for s in Scope]), required=True)
@click.option("--route", "routes", multiple=True, help="A route that it may use; * is all. May be repeated.")
@click.option("--days", type=click.FloatRange(min=0, min_open=True), help="How long it is good. Else: until revoked.")
def add(config: Path | None, name: str, scopes: tuple[str, ...], routes: tuple[str, ...], days: float | None) -> int:
    """Add a token and print it. It is shown this once."""
    place = open_place(config)
    with people_of(place) as (people, note):
        chosen = known_routes(place, routes or (EVERY_ROUTE,))
        secret = tokens.add(people, name, scopes, chosen, place.caller, days)
        note("add token", name)
    put(secret)
    return Code.FINE


@command.command("list")
@config_option
@json_option
def list_(config: Path | None, as_json: bool) -> int:
    """List the tokens, without their secrets."""
    place = open_place(config)
    with people_of(place) as (people, _):
        found = tokens.all_of(people)
    names = ("name", "scopes", "routes", "state", "created_by", "expires", "used")
    zone = place.settings.zone
    lines = [
        (
            t.name,
            " ".join(t.scopes),
            EVERY_ROUTE if t.routes is None else routes_text(t.routes),
            "revoked" if t.revoked else "good",
            t.created_by,
            local(moment_of(t.expires), zone) if t.expires else "",
            local(moment_of(t.used), zone) if t.used else "",
        )
        for t in found
    ]
    if as_json:
        put_json([dict(zip(names, line, strict=True)) for line in lines])
    else:
        put_table(names, lines)
    return Code.FINE


@command.command("revoke")
@config_option
@click.argument("name")
def revoke(config: Path | None, name: str) -> int:
    """Make a token useless, at once and for good."""
    place = open_place(config)
    with people_of(place) as (people, note):
        tokens.revoke(people, name)
        note("revoke token", name)
    say(f"{name} is revoked.")
    return Code.FINE
