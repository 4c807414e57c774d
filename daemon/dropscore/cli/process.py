"""`process [ROUTE] [FILE]`: what waits in an inbox is taken at once."""

from __future__ import annotations

from pathlib import Path

import click

from dropscore.cli.asking import ask, expect_daemon
from dropscore.cli.errors import Code
from dropscore.cli.output import plain, put, put_json
from dropscore.cli.place import config_option, json_option, open_place
from dropscore.domain.errors import Refused


@click.command()
@click.argument("route", required=False)
@click.argument("file", required=False)
@config_option
@json_option
def command(route: str | None, file: str | None, config: Path | None, as_json: bool) -> int:
    """Take what waits at once, without its quiet time: of all routes, of a ROUTE, or one FILE of it.

    What somebody still writes, or whose marker or checksum is missing, stays where it is.
    """
    place = open_place(config)
    expect_daemon(place.root)
    routes = list(place.settings.routes) if route is None else [route]
    if route is not None and route not in place.settings.routes:
        raise Refused(f"there is no route {route}. Routes are: {', '.join(place.settings.routes) or 'none'}.")
    answer = ask(place, "process", routes=routes, name=Path(file).name if file else None)
    if as_json:
        put_json(answer)
    else:
        put(plain(answer["sentence"]))
    return Code.FINE if answer["ok"] else Code.ERROR
