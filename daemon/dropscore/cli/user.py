"""`user`: who may log in to the panel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import click

from dropscore.cli.errors import Code
from dropscore.cli.output import local, put, put_json, put_table, say
from dropscore.cli.place import Place, config_option, json_option, open_place
from dropscore.web.people import audit, users
from dropscore.web.people.roles import EVERY_ROUTE, Role, Who, routes_text
from dropscore.web.people.store import People

_ROLES = click.Choice([str(role) for role in Role])


@contextmanager
def people_of(place: Place) -> Iterator[tuple[People, Callable[..., None]]]:
    """Open the database of people, and hand out the function that writes its audit log as the caller."""
    with closing(People(place.root.state / "people.sqlite")) as people:
        who = Who(place.caller, "cli", frozenset(), None)
        yield people, lambda action, target: audit.note(people, who, action, target)


def known_routes(place: Place, routes: tuple[str, ...]) -> tuple[str, ...]:
    """Return the routes as given. UsageError where one is not configured."""
    for route in routes:
        if route != EVERY_ROUTE and route not in place.settings.routes:
            raise click.UsageError(f"there is no route {route}; there are: {', '.join(place.settings.routes)}")
    return routes


@click.group()
def command() -> None:
    """Look after the panel's users."""


@command.command("add")
@config_option
@click.argument("name")
@click.option("--role", type=_ROLES, default="sender", show_default=True)
@click.option("--route", "routes", multiple=True, help="A route that the user sees; * is all. May be repeated.")
def add(config: Path | None, name: str, role: str, routes: tuple[str, ...]) -> int:
    """Add a user, and print the one-time link by which the password is set."""
    place = open_place(config)
    with people_of(place) as (people, note):
        secret = users.add(people, name, Role(role), known_routes(place, routes or (EVERY_ROUTE,)))
        note("add user", name)
    put(_link(place, secret))
    return Code.FINE


@command.command("link")
@config_option
@click.argument("name")
def link(config: Path | None, name: str) -> int:
    """Print a new one-time link for a user who has forgotten the password."""
    place = open_place(config)
    with people_of(place) as (people, note):
        secret = users.renew_link(people, name)
        note("new set-up link", name)
    put(_link(place, secret))
    return Code.FINE


@command.command("list")
@config_option
@json_option
def list_(config: Path | None, as_json: bool) -> int:
    """List the users."""
    place = open_place(config)
    with people_of(place) as (people, _):
        found = users.everybody(people)
    lines = [(u.name, str(u.role), _routes(u.routes), _state(u), u.last_login) for u in found]
    names = ("name", "role", "routes", "state", "last_login")
    if as_json:
        put_json([dict(zip(names, line, strict=True)) for line in lines])
    else:
        zone = place.settings.zone
        put_table(names, [(*line[:4], _local(line[4], zone)) for line in lines])
    return Code.FINE


@command.command("change")
@config_option
@click.argument("name")
@click.option("--role", type=_ROLES)
@click.option("--route", "routes", multiple=True, help="The routes that the user sees from now on.")
@click.option("--disable/--enable", "disabled", default=None)
def change(config: Path | None, name: str, role: str | None, routes: tuple[str, ...], disabled: bool | None) -> int:
    """Change a user's role or routes, or lock the user out."""
    place = open_place(config)
    with people_of(place) as (people, note):
        user = users.find(people, name)
        if user is None:
            raise click.UsageError(f"there is no user {name}")
        chosen = known_routes(place, routes) or tuple((EVERY_ROUTE,) if user.routes is None else user.routes)
        off = user.disabled if disabled is None else disabled
        users.change(people, name, Role(role) if role else user.role, chosen, off)
        note("change user", name)
    say(f"{name} is changed.")
    return Code.FINE


@command.command("remove")
@config_option
@click.argument("name")
def remove(config: Path | None, name: str) -> int:
    """Remove a user. The audit log keeps what the user did."""
    place = open_place(config)
    with people_of(place) as (people, note):
        users.remove(people, name)
        note("remove user", name)
    say(f"{name} is removed.")
    return Code.FINE


def _link(place: Place, secret: str) -> str:
    web = place.settings.web
    return f"{web.public_url or f'http://{web.host}:{web.port}'}/setup/{secret}"


def _routes(routes: frozenset[str] | None) -> str:
    return EVERY_ROUTE if routes is None else routes_text(routes)


def _state(user: users.User) -> str:
    if user.disabled:
        return "disabled"
    return "active" if user.has_password else "invited"


def _local(moment: float | None, zone: str) -> str:
    return local(users.moment_of(moment), zone) if moment else ""
