"""`status`: running or not, what is at work, what waits and for what, what is away."""

from __future__ import annotations

import importlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from dropscore.cli.errors import Code
from dropscore.cli.output import counted, local, plain, put, put_json, put_table
from dropscore.cli.place import Place, config_option, json_option, open_place
from dropscore.cli.reading import Daemon, claims_of, daemon_of, ledger_of
from dropscore.domain.errors import Unavailable

MOST_WAITING = 20


@click.command()
@config_option
@json_option
@click.option("--watch", is_flag=True, help="Show how the jobs at work move on, until ^C.")
def command(config: Path | None, as_json: bool, watch: bool) -> int:
    """Say what the daemon is doing. Exit code 10: it is not running."""
    place = open_place(config)
    if watch:
        # Only who watches needs Rich's bars.
        importlib.import_module("dropscore.cli.watching").watch(lambda: daemon_of(place.root))
        return Code.FINE if daemon_of(place.root).runs else Code.DAEMON_DOWN
    daemon = daemon_of(place.root)
    counts, owing, trouble = _ledger(place)
    if as_json:
        put_json(
            {
                "root": str(place.root.path),
                "running": daemon.runs,
                "daemon": daemon.holder,
                "status": daemon.status if daemon.runs else None,
                "left_at_work": [] if daemon.runs else [claim.code for claim in claims_of(place.root)],
                "jobs": counts,
                "messages_owed": owing,
                "ledger": trouble or "fine",
            }
        )
    else:
        _tell(place, daemon, counts, owing, trouble)
    return Code.FINE if daemon.runs else Code.DAEMON_DOWN


def _ledger(place: Place) -> tuple[dict[str, int], int, str]:
    """Return jobs by state, messages owed, and what is wrong with the ledger."""
    try:
        with ledger_of(place) as ledger:
            return {str(state): number for state, number in ledger.counts().items()}, ledger.owing(), ""
    except Unavailable as error:
        return {}, 0, str(error)


def _tell(place: Place, daemon: Daemon, counts: dict[str, int], owing: int, trouble: str) -> None:
    zone = place.settings.zone
    if daemon.holder is not None:
        holder = daemon.holder
        since = local(holder.get("since"), zone)
        put(f"Running since {since} (process {holder.get('pid', '?')} on {holder.get('host', '?')}).")
        put(f"Last look at the inbox: {_ago(daemon.status.get('scanned'))}.")
    else:
        put(f"Not running: no daemon holds {place.root.path}. Drops stay where they are.")
        left = [claim for claim in claims_of(place.root) if not claim.held]
        if left:
            put(f"{counted(len(left), 'job')} left in processing/: the daemon goes on with them when it starts.")
    for incident in daemon.incidents:
        put(f"Unavailable since {local(incident['since'], zone)}: {plain(incident['matter'])} {incident['then']}")
    for claim in claims_of(place.root):
        if claim.held:
            put(f"Held: [{claim.code}] {plain(claim.held)} Try it again with: dropscore retry {claim.code}")
    _tell_jobs(daemon)
    _tell_waiting(daemon)
    if trouble:
        put(f"Ledger: {trouble}")
    else:
        put("Jobs: " + (", ".join(f"{number:,} {state}" for state, number in sorted(counts.items())) or "none yet"))
        if owing:
            put(f"Messages not sent yet: {owing:,}")


def _tell_jobs(daemon: Daemon) -> None:
    at_work = [job for job in daemon.jobs if not job.get("held")]
    if at_work:
        put(f"At work: {len(at_work)}")
        put_table(
            ("code", "route", "file", "stage", "progress"),
            [(j["code"], j["route"], j["name"], _stage(j), _progress(j)) for j in at_work],
        )


def _stage(job: dict[str, Any]) -> str:
    return f"{job['stage']}, waits for {job['waits_for']}" if job.get("waits_for") else str(job["stage"])


def _progress(job: dict[str, Any]) -> str:
    progress = job.get("progress") or {}
    if not progress.get("total"):
        return ""
    return f"{progress['rows']:,} rows, {100 * progress['bytes'] // progress['total']} %"


def _tell_waiting(daemon: Daemon) -> None:
    if daemon.waiting:
        put(f"Waiting: {daemon.status.get('waiting_count', len(daemon.waiting))}")
        put_table(
            ("route", "file", "waits for"),
            [(w["route"], w["name"], w["why"]) for w in daemon.waiting[:MOST_WAITING]],
        )


def _ago(moment: str | None) -> str:
    if not moment:
        return "not yet"
    seconds = max(0.0, (datetime.now(UTC) - datetime.fromisoformat(moment)).total_seconds())
    return f"{seconds:.0f} s ago" if seconds < 120 else f"{seconds / 60:.0f} min ago"
