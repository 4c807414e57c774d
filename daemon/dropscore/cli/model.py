"""`model list`, `model show`, `model check`."""

from __future__ import annotations

import importlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from dropscore import champions
from dropscore.champions import Switch
from dropscore.cli import model_export, model_report, model_switch
from dropscore.cli.errors import Code
from dropscore.cli.output import plain, put, put_json, put_table, say
from dropscore.cli.place import config_option, find_config, json_option, open_place
from dropscore.domain.errors import Refused, Unavailable
from dropscore.domain.jobs import BundleRef
from dropscore.domain.rules import Trust, Trusted
from dropscore.folders import pick_bundle
from dropscore.settings import Settings, load, trusted_of


@dataclass(frozen=True, slots=True)
class Named:
    """A model that is asked about: by the routes that use it, or by its folder."""

    routes: tuple[str, ...]
    folder: Path
    version: str | None = None
    challenger: str = ""
    switch: Switch | None = None
    """The last one, where people decided which version it is."""


@click.group()
def command() -> None:
    """List, show, check and switch models; tell how good they turned out, and export what they may learn from."""


command.add_command(model_report.command)
command.add_command(model_export.command)
command.add_command(model_switch.promote)
command.add_command(model_switch.rollback)


def _models_of(settings: Settings) -> list[Named]:
    chosen = champions.read(settings.root / "state")
    used: dict[Named, list[str]] = {}
    for name, route in settings.routes.items():
        last = None if route.version else next(reversed(chosen.routes.get(name, ())), None)
        version = route.version or (last.version if last else None)
        used.setdefault(Named((), route.model, version, route.challenger, last), []).append(name)
    return [replace(named, routes=tuple(routes)) for named, routes in used.items()]


def manifest_of(ref: BundleRef) -> dict[str, Any]:
    """Return a manifest as it stands, unverified: `model check` verifies."""
    found: dict[str, Any] = json.loads((Path(ref.path) / "manifest.json").read_bytes())
    return found


@command.command("list")
@config_option
@json_option
def list_(config: Path | None, as_json: bool) -> int:
    """List the models of all routes: the version in use, and what else is there."""
    found = [_entry(named) for named in _models_of(load(find_config(config), os.environ))]
    if as_json:
        put_json(found)
        return Code.FINE
    put_table(
        ("routes", "model", "version", "task", "packed", "folder"),
        [
            (", ".join(e["routes"]), e.get("name"), e.get("version"), e.get("task"), e.get("created"), _where(e))
            for e in found
        ],
    )
    for entry in found:
        if switched := entry.get("switched"):
            put(f"{', '.join(entry['routes'])}: {_told(switched)}")
    return Code.FINE if all("trouble" not in entry for entry in found) else Code.ERROR


def _told(switched: dict[str, Any]) -> str:
    at, by, why = str(switched["at"])[:10], plain(switched["by"]), plain(switched["why"])
    return f"{switched['version']} in place of {switched['before']} since {at}, by {by}: {why}"


def _entry(named: Named) -> dict[str, Any]:
    entry: dict[str, Any] = {"routes": list(named.routes), "folder": str(named.folder), "pinned": bool(named.version)}
    try:
        ref = pick_bundle(named.folder, named.version, named.challenger)
        manifest = manifest_of(ref)
    except (Unavailable, OSError, ValueError) as error:
        return entry | {"trouble": str(error)}
    if named.switch is not None:
        entry["switched"] = named.switch.model_dump(mode="json", exclude={"request"})
    if named.challenger:
        entry["challenger"] = named.challenger
    known = {key: manifest.get(key) for key in ("title", "task", "created", "estimator")}
    return entry | {"name": ref.name, "version": ref.version, "sha256": ref.sha256} | known


def _where(entry: dict[str, Any]) -> str:
    return f"{entry['folder']}: {entry['trouble']}" if "trouble" in entry else str(entry["folder"])


@command.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--model-version")
@json_option
def show(folder: Path, model_version: str | None, as_json: bool) -> int:
    """Show what a model accepts and answers, and how well it did in training."""
    ref = pick_bundle(folder, model_version)
    manifest = manifest_of(ref)
    if as_json:
        put_json({"path": ref.path, "sha256": ref.sha256, "manifest": manifest})
        return Code.FINE
    put(f"{plain(manifest.get('title') or ref.name)} {ref.version} ({manifest.get('estimator', '?')})")
    put(f"Packed {manifest.get('created', '?')} from {manifest.get('training_rows', '?')} rows. SHA-256 {ref.sha256}")
    if manifest.get("description"):
        put(plain(manifest["description"]))
    for name, score in manifest.get("scores", {}).items():
        spread = f" ± {score['std']:.4g}" if score.get("std") is not None else ""
        put(f"{name}: {score['mean']:.4g}{spread}")
    columns = manifest.get("schema", {}).get("fields", [])
    put_table(
        ("column", "type", "must be there", "allowed", "meaning"),
        [(c["name"], c["type"], _required(c), _allowed(c), c.get("description") or c.get("title")) for c in columns],
    )
    put("It answers: " + ", ".join(str(output["name"]) for output in manifest.get("outputs", [])))
    return Code.FINE


def _required(column: dict[str, Any]) -> str:
    return "yes" if column.get("constraints", {}).get("required") else "may be empty"


def _allowed(column: dict[str, Any]) -> str:
    limits = column.get("constraints", {})
    if limits.get("enum"):
        return ", ".join(str(value) for value in limits["enum"])
    low, high = limits.get("minimum"), limits.get("maximum")
    return f"{'' if low is None else low} … {'' if high is None else high}" if (low, high) != (None, None) else ""


@command.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--model-version")
@click.option("--trust", type=click.Choice([str(tier) for tier in Trust]), default=str(Trust.SKLEARN))
@click.option("--trust-pickle", multiple=True, help="A bundle with a joblib file, by its manifest's SHA-256.")
@config_option
@json_option
def check(
    folder: Path | None,
    model_version: str | None,
    trust: str,
    trust_pickle: tuple[str, ...],
    config: Path | None,
    as_json: bool,
) -> int:
    """Load models as a worker does and score their golden rows: one folder, or those of all routes."""
    if folder is not None:
        models, trusted = [Named((), folder, model_version)], Trusted(Trust(trust), (), trust_pickle)
    else:
        settings = open_place(config).settings  # a model can run code when it is loaded: never as root
        models, trusted = _models_of(settings), trusted_of(settings)
    if not models:
        raise Refused("no route is configured, so there is no model to check.")
    results = list(_checked(models, trusted))
    if as_json:
        put_json(results)
    else:
        for result in results:
            put(f"{result['model']}: {result['sentence']}")
            for note in result.get("notes", []):
                say(f"Note: {note}")
    return Code.FINE if all(result["ok"] for result in results) else Code.ERROR


def _checked(models: list[Named], trusted: Trusted) -> Iterator[dict[str, Any]]:
    bundles = importlib.import_module("dropscore.bundle")  # scikit-learn and pandas: a second, for this verb alone
    for named in models:
        entry = {"routes": list(named.routes), "model": str(named.folder)}
        try:
            ref = pick_bundle(named.folder, named.version, named.challenger)
            loaded = bundles.load(ref, trusted, fresh=True)
        except Unavailable as error:
            yield entry | {"ok": False, "sentence": error.matter, "then": error.then}
        else:
            sentence = f"{ref.name} {ref.version} is loaded, and its golden rows come out as they did."
            yield entry | {"model": str(ref.path), "ok": True, "sentence": sentence, "notes": list(loaded.notes)}
