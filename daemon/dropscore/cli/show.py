"""`show CODE`: one job, from the drop to what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from dropscore.cli.errors import Code
from dropscore.cli.output import counted, local, plain, put, put_json, size
from dropscore.cli.place import Place, config_option, json_option, open_place
from dropscore.cli.reading import as_document, claims_of, job_named, ledger_of, receipt_of
from dropscore.cli.telling import put_findings
from dropscore.ledger import HistoryRow, JobRow
from dropscore.receipt import Receipt


@click.command()
@click.argument("code")
@config_option
@json_option
def command(code: str, config: Path | None, as_json: bool) -> int:
    """Show one job, by its code or id: what came, what went, what is wrong with it, and its history."""
    place = open_place(config)
    row, history, receipt = find(place, code)
    if as_json:
        put_json(
            {
                "job": as_document(row) if row else None,
                "receipt": receipt.model_dump(mode="json", exclude_none=True) if receipt else None,
                "history": [as_document(event) for event in history],
            }
        )
        return Code.FINE
    if receipt is not None:
        tell(place, receipt, row)
    elif row is not None:
        put(f"{row.code}  {plain(row.name)}: {row.state}. {row.sentence} Its receipt is no longer kept here.")
    for event in history:
        more = f" ({event.note})" if event.note else ""
        put(f"{local(event.at, place.settings.zone)}  {event.event}, by {plain(event.by)}{plain(more)}")
    return Code.FINE


def find(place: Place, code: str) -> tuple[JobRow | None, list[HistoryRow], Receipt | None]:
    """Return a job's row, history and receipt. Refused where nothing is known of it."""
    at_work = next((claim for claim in claims_of(place.root) if code.upper() in (claim.code, claim.job)), None)
    if at_work is not None:
        return None, [], receipt_of(place.root, at_work.job)
    with ledger_of(place) as ledger:
        row = job_named(ledger, code)
        history = ledger.history(row.job)
    return row, history, receipt_of(place.root, row.job)


def tell(place: Place, receipt: Receipt, row: JobRow | None) -> None:
    """Write what a person wants to know of a job, most important first."""
    for name, value in _facts(place, receipt, row):
        put(f"{name + ':':<10} {value}")
    put_findings(receipt)


def _facts(place: Place, receipt: Receipt, row: JobRow | None) -> Iterator[tuple[str, str]]:
    zone = place.settings.zone
    yield "Job", f"{receipt.code}  ({receipt.job})"
    yield "File", f"{plain(receipt.name)}, {size(receipt.input.bytes)}, from {plain(receipt.sender.name)}"
    yield "Route", receipt.route
    yield "State", str(row.state if row else receipt.state)
    if receipt.sentence:
        yield "Outcome", f"{receipt.sentence} {receipt.todo}".strip()
    if receipt.counts.rows:
        counts = receipt.counts
        yield "Rows", f"{counted(counts.rows, 'row')}: {counts.scored:,} scored, {counts.set_aside:,} set aside"
    if receipt.model:
        yield "Model", f"{receipt.model.name} {receipt.model.version}"
    yield "Claimed", local(receipt.times.claimed, zone)
    if receipt.times.published:
        seconds = (receipt.times.published - receipt.times.claimed).total_seconds()
        yield "Published", f"{local(receipt.times.published, zone)}, after {seconds:.1f} s"
    for file in receipt.files:
        here = "" if (place.root.path / file.path).exists() else " (taken away)"
        yield file.role.capitalize(), f"{file.path}, {size(file.bytes)}{here}"
    lineage = receipt.lineage
    mended_by = row.mended_by if row else lineage.mended_by
    for name, job in (("Retry of", lineage.retry_of), ("Mends", lineage.mends), ("Mended by", mended_by)):
        if job:
            yield name, job
