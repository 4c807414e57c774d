"""`config check`, `config show`, `config schema`."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from dropscore import champions
from dropscore.cli.errors import Code
from dropscore.cli.output import counted, put, put_json, put_table, say
from dropscore.cli.place import config_option, find_config, json_option
from dropscore.domain.errors import Misconfigured, Unavailable
from dropscore.folders import pick_bundle
from dropscore.settings import Settings, WrongSettings, json_schema, load_layers, sources


@click.group()
def command() -> None:
    """Check and show the configuration."""


@command.command()
@config_option
@json_option
def check(config: Path | None, as_json: bool) -> int:
    """Find every mistake in the configuration, with its line."""
    path: Path | None = None
    faults: list[dict[str, Any]] = []
    advice: list[str] = []
    try:
        path = find_config(config)
        advice = _advice(load_layers(path, os.environ).settings)
    except WrongSettings as error:
        faults = [asdict(fault) for fault in error.faults]
    except Misconfigured as error:
        faults = [{"where": error.where, "setting": "", "message": error.message}]
    if as_json:
        put_json({"file": str(path) if path else None, "fine": not faults, "faults": faults, "advice": advice})
    elif faults:
        for fault in faults:
            put(": ".join(part for part in (fault["where"], fault["setting"], fault["message"]) if part))
        say(f"{counted(len(faults), 'mistake')}. A running daemon keeps the settings that it has.")
    else:
        put(f"{path}: fine.")
        for sentence in advice:
            say(f"Note: {sentence}")
    return Code.MISCONFIGURED if faults else Code.FINE


def _advice(settings: Settings) -> list[str]:
    """Return what is no mistake in the file, but will keep drops waiting."""
    try:
        chosen = champions.read(settings.root / "state")
    except Unavailable as error:
        return [error.matter]
    found = [] if settings.routes else ["There is no route, so nothing will be scored. Set [routes.default] model."]
    for name, route in settings.routes.items():
        try:
            pick_bundle(route.model, route.version or chosen.version_of(name), route.challenger)
        except Unavailable as error:
            found.append(f"Route {name}: {error.matter}")
    return found


@command.command()
@config_option
@json_option
def show(config: Path | None, as_json: bool) -> int:
    """Show every setting that holds, and where it comes from. Secrets are masked."""
    loaded = load_layers(find_config(config), os.environ)
    found = sources(loaded)
    if as_json:
        put_json([asdict(source) for source in found])
    else:
        put_table(("setting", "value", "from"), [(s.setting, _told(s.value), s.where) for s in found])
    return Code.FINE


def _told(value: Any) -> str:
    if value is None or value == []:
        return "(not set)"
    if isinstance(value, bool):
        return "true" if value else "false"
    return " ".join(str(item) for item in value) if isinstance(value, list) else str(value)


@command.command()
def schema() -> int:
    """Print the configuration's JSON Schema, for editors."""
    put_json(json_schema())
    return Code.FINE
