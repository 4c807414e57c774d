"""`model promote` and `model rollback`: another version of its model for a route, decided by people."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import click

from dropscore import champions
from dropscore.cli.asking import ask, expect_daemon
from dropscore.cli.errors import Code
from dropscore.cli.output import plain, put, put_json
from dropscore.cli.place import Place, config_option, json_option, open_place
from dropscore.domain.errors import Refused
from dropscore.folders import pick_bundle
from dropscore.settings import trusted_of

_WHY = "Why: it is kept with your name."


@click.command("promote")
@click.argument("route")
@click.argument("version")
@click.option("--why", required=True, help=_WHY)
@config_option
@json_option
def promote(route: str, version: str, why: str, config: Path | None, as_json: bool) -> int:
    """Let a route use another version of its model, from the next job on. It is loaded and tried before."""
    place = _expected(config, route)
    _expect_loadable(place, route, version)
    return _told(ask(place, "promote", route=route, version=version, why=why), as_json)


@click.command("rollback")
@click.argument("route")
@click.option("--why", required=True, help=_WHY)
@config_option
@json_option
def rollback(route: str, why: str, config: Path | None, as_json: bool) -> int:
    """Take the last promotion back, from the next job on."""
    place = _expected(config, route)
    _expect_loadable(place, route, champions.former(champions.read(place.root.state), route))
    return _told(ask(place, "rollback", route=route, why=why), as_json)


def _expected(config: Path | None, route: str) -> Place:
    """Return the place. Refused: there is no such route; DaemonDown: nobody would carry it out."""
    place = open_place(config)
    if route not in place.settings.routes:
        raise Refused(f"there is no route {route}. Here are: {', '.join(place.settings.routes) or 'none'}.")
    expect_daemon(place.root)
    return place


def _expect_loadable(place: Place, route: str, version: str) -> None:
    """Load the version as a worker does. Unavailable: it is not there, or cannot be used."""
    bundles: Any = importlib.import_module("dropscore.bundle")  # scikit-learn and pandas: a second or two
    bundles.load(pick_bundle(place.settings.routes[route].model, version), trusted_of(place.settings), fresh=True)


def _told(answer: dict[str, Any], as_json: bool) -> int:
    if as_json:
        put_json(answer)
    else:
        put(plain(answer["sentence"]))
    return Code.FINE if answer["ok"] else Code.ERROR
