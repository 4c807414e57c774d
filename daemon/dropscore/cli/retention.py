"""`retention`: what has been kept for long enough, listed or removed."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from dropscore.app import daily_of
from dropscore.cli.asking import ask, expect_daemon
from dropscore.cli.errors import Code
from dropscore.cli.output import counted, local, plain, put, put_json, put_table, size
from dropscore.cli.place import Place, config_option, json_option, open_place
from dropscore.folders import now_utc
from dropscore.service.retention import due


@click.command()
@click.option("--dry-run", is_flag=True, help="Only list what would go, and why. Needs no daemon.")
@config_option
@json_option
def command(dry_run: bool, config: Path | None, as_json: bool) -> int:
    """Remove now what has been kept for long enough. The daemon does it daily, within [retention]."""
    place = open_place(config)
    if dry_run:
        _list(place, as_json)
        return Code.FINE
    expect_daemon(place.root)
    answer = ask(place, "retention")
    if as_json:
        put_json(answer)
    else:
        put(plain(answer["sentence"]))
    return Code.FINE if answer["ok"] else Code.ERROR


def _list(place: Place, as_json: bool) -> None:
    found = _found(place)
    files = sum(len(one["files"]) for one in found)
    total = sum(one["bytes"] for one in found)
    if as_json:
        put_json({"removes": found, "files": files, "bytes": total})
        return
    if found:
        zone = place.settings.zone
        rows = [
            (one["place"], one["code"], local(one["since"], zone), size(file["bytes"]), one["why"], file["path"])
            for one in found
            for file in one["files"]
        ]
        put_table(("place", "code", "since", "size", "why", "file"), rows, right=("size",))
    put(f"{counted(files, 'file')}, {size(total)}, would be removed.")


def _found(place: Place) -> list[dict[str, Any]]:
    root = place.root
    return [
        {
            "place": str(one.place),
            "job": one.job,
            "code": one.code,
            "route": one.route,
            "since": _iso(one.since),
            "bytes": one.bytes,
            "why": one.why,
            "files": [{"path": root.relative(item.path), "bytes": item.bytes} for item in one.items],
        }
        for one in due(root, daily_of(place.settings).retention, now_utc())
        if one is not None
    ]


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
