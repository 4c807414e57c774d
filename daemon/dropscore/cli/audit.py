"""`audit`: whether every file that was ever claimed is accounted for."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

import click

from dropscore.cli.errors import Code
from dropscore.cli.output import counted, put, put_json, put_table, say
from dropscore.cli.place import config_option, json_option, open_place
from dropscore.cli.reading import ledger_of
from dropscore.domain.errors import Unavailable
from dropscore.service.audit import Audit, audit


@click.command()
@config_option
@json_option
@click.option("--hashes/--no-hashes", default=True, help="Read every file, or compare sizes only.")
def command(config: Path | None, as_json: bool, hashes: bool) -> int:
    """See that every file that was ever claimed is accounted for. Receipts, folders and ledger have to agree."""
    place = open_place(config)
    with ExitStack() as held:
        try:
            ledger = held.enter_context(ledger_of(place))
        except Unavailable as fault:
            say(f"The ledger is not compared: {fault}")
            ledger = None
        found = audit(place.root, ledger, place.settings.routes, hashes)
    _show(found, as_json)
    return Code.ERROR if found.count else Code.FINE


def _show(found: Audit, as_json: bool) -> None:
    if as_json:
        put_json(asdict(found))
        return
    if found.differences:
        rows = [(one.place, one.what, one.mend) for one in found.differences]
        put_table(("where", "what", "mend"), rows)
    put(
        f"{counted(found.jobs, 'job')}, {counted(found.files, 'file')} in place, {found.taken:,} taken by their "
        f"readers, {found.removed:,} removed; {counted(found.count, 'difference')}."
    )
