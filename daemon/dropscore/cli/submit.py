"""`submit FILE`: a drop that need not settle, since we know that it is whole."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

import click
from ulid import ULID

from dropscore import durable
from dropscore.cli.asking import ask, expect_daemon
from dropscore.cli.errors import Code
from dropscore.cli.output import plain, put, put_json
from dropscore.cli.place import Place, config_option, json_option, open_place
from dropscore.cli.reading import daemon_of
from dropscore.domain.errors import Refused
from dropscore.domain.jobs import DEFAULT_ROUTE, Kind, Via
from dropscore.receipt import Receipt

_LOOK_SECONDS = 0.1


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--route", default=DEFAULT_ROUTE, show_default=True)
@click.option("--check", is_flag=True, help="Check it only.")
@click.option("--actuals", is_flag=True, help="It says what really happened, for a route that keeps its predictions.")
@click.option("--wait", is_flag=True, help="Wait for the verdict; the exit code tells it, as for score.")
@config_option
@json_option
def command(file: Path, route: str, check: bool, actuals: bool, wait: bool, config: Path | None, as_json: bool) -> int:
    """Hand a file to the daemon, without waiting for it to settle."""
    with durable.opened(file) as handle:  # as who typed: the daemon's user may not read it
        place = open_place(config)
        if route not in place.settings.routes:
            raise Refused(f"there is no route {route}. Here are: {', '.join(place.settings.routes) or 'none'}.")
        if check and actuals:
            raise Refused("Say either --check or --actuals.")
        if actuals and not place.settings.routes[route].actuals.key:
            raise Refused(f"The route {route} takes no actuals: set key and outcome in [routes.{route}.actuals].")
        expect_daemon(place.root)
        kind = Kind.ACTUALS if actuals else Kind.CHECK if check else Kind.SCORE
        upload = _upload(place, handle, file.name, route, kind)
    answer = ask(place, "submit", upload.name, upload=upload.name)
    if not answer["ok"]:
        shutil.rmtree(upload, ignore_errors=True)
        raise Refused(answer["sentence"])
    if not wait:
        put_json(answer) if as_json else put(f"{answer['code']}: {plain(answer['sentence'])}")
        return Code.FINE
    receipt = _await_verdict(place, str(answer["job"]))
    if as_json:
        put_json(receipt.model_dump(mode="json", exclude_none=True))
    else:
        put(f"{receipt.code}: {plain(receipt.name)}: {receipt.sentence}")
        for fact in receipt.files:
            put(str(place.root.path / fact.path))
    return code_of(receipt)


def _upload(place: Place, handle: int, name: str, route: str, kind: Kind) -> Path:
    """Copy the file into `state/uploads/ULID/`, durable, with what the daemon must know of it."""
    upload = place.root.uploads / str(ULID())
    durable.make_directory(upload)
    try:
        size, digest = durable.copy_new(handle, upload / "data")
        meta: dict[str, Any] = {"user": place.caller, "route": route, "name": name, "sha256": digest, "bytes": size}
        durable.write_new(upload / "meta.json", json.dumps(meta | {"kind": kind, "via": Via.CLI}).encode())
    except BaseException:
        shutil.rmtree(upload, ignore_errors=True)
        raise
    return upload


def _await_verdict(place: Place, job: str) -> Receipt:
    """Return the receipt once it is published. Refused where the job is held, or the daemon ends before."""
    kept = place.root.kept_receipt(job)
    while True:
        daemon = daemon_of(place.root)
        if kept.exists() and not place.root.job(job).exists():
            return Receipt.model_validate_json(kept.read_bytes())
        held = next((j["held"] for j in daemon.jobs if j["job"] == job and j.get("held")), None)
        if held:
            raise Refused(str(held))
        if not daemon.runs:
            raise Refused(f"the daemon ended before the verdict; it takes the job up again when it starts ({job}).")
        time.sleep(_LOOK_SECONDS)


def code_of(receipt: Receipt) -> Code:
    """Return what a verdict means to the shell."""
    if receipt.verdict == "rejected" or (receipt.verdict == "checked" and receipt.counts.problems):
        return Code.REJECTED
    return Code.PARTIAL if receipt.verdict == "partial" else Code.FINE
