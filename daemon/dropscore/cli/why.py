"""`why FILE`: where a file stands, and what it waits for."""

from __future__ import annotations

import os
import re
import shlex
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import click

from dropscore import durable
from dropscore.cli.errors import Code
from dropscore.cli.output import plain, put, put_json
from dropscore.cli.place import Place, config_option, json_option, open_place
from dropscore.cli.reading import Daemon, claims_of, daemon_of, ledger_of
from dropscore.domain.errors import Unavailable
from dropscore.domain.jobs import DEFAULT_ROUTE, Kind
from dropscore.folders import as_base64, is_job, shown
from dropscore.intake.guard import is_remote
from dropscore.intake.lease import readable
from dropscore.intake.names import drop_of, is_sidecar
from dropscore.intake.probe import probe
from dropscore.intake.scan import Completeness, Inbox, Waiting, scan
from dropscore.intake.settle import Settler
from dropscore.ledger import JobRow

_CODE = re.compile(r"\.([0-9A-HJKMNP-TV-Z]{8})\.")


@dataclass(frozen=True, slots=True)
class Answer:
    """Where something stands: `state` is a job's state, `waiting`, `ignored` or `unknown`."""

    file: str
    state: str
    sentence: str
    todo: str = ""
    route: str | None = None
    job: str | None = None
    code: str | None = None
    waiting: str | None = None
    """What a drop waits for, as the status has it."""
    position: int | None = None
    """Its place in the queue, and the seconds until its result is likely to be there."""
    estimate_seconds: float | None = None


@click.command()
@click.argument("file")
@config_option
@json_option
def command(file: str, config: Path | None, as_json: bool) -> int:
    """Say where a file stands, and what it waits for. FILE is a path, a name, or a job's code."""
    given = Path(file).absolute()
    place = open_place(config)
    answers = list(answers_for(place, given, file))
    if as_json:
        put_json([asdict(answer) for answer in answers])
    else:
        for answer in answers:
            head = f"{plain(answer.file)}" + (f" [{answer.code}]" if answer.code else "")
            put(f"{head}: {plain(answer.sentence)}" + (f" {plain(answer.todo)}" if answer.todo else ""))
    return Code.ERROR if all(answer.state == "unknown" for answer in answers) else Code.FINE


def answers_for(place: Place, given: Path, typed: str) -> Iterator[Answer]:
    """Yield what is known of a file, the most present thing first: in an inbox, at work, done."""
    daemon = daemon_of(place.root)
    found = False
    for path, inbox in _in_inboxes(place, given):
        found = True
        yield _of_a_drop(place, daemon, path, inbox)
    if not found and (stray := _outside_of_routes(place, given)):
        found = True
        yield stray
    if not found:
        for answer in list(_at_work(place, daemon, given)) or _done(place, given, typed):
            found = True
            yield answer
    if not found:
        yield Answer(shown(given.name), "unknown", f"nothing is known of it: it lies in no inbox of {place.root.path}.")


def inboxes_of(place: Place) -> list[Inbox]:
    """Return every watched folder, as the daemon has them."""
    routes = place.settings.routes
    found = []
    for name, route in routes.items():
        path = place.root.of_route(place.root.inbox, name)
        inner = (Kind.CHECK, *([Kind.ACTUALS] if route.actuals.key else []))
        expected = {kind.value for kind in inner} | (set(routes) if name == DEFAULT_ROUTE else set())
        rule = Completeness(route.complete)
        found.append(Inbox(name, Kind.SCORE, path, rule, remote=is_remote(path), folders=frozenset(expected)))
        found += [Inbox(name, kind, path / kind.value, rule, remote=is_remote(path)) for kind in inner]
    return found


def _in_inboxes(place: Place, given: Path) -> Iterator[tuple[Path, Inbox]]:
    """Yield the inboxes that hold the file: the one that was named, or any that has something of that name."""
    inboxes = inboxes_of(place)
    folder = given.parent.resolve()
    named = [inbox for inbox in inboxes if inbox.path.resolve() == folder]
    for inbox in named or ([] if os.path.lexists(given) else inboxes):
        path = inbox.path / given.name
        if os.path.lexists(path) and given.name not in inbox.folders:
            yield path, inbox


def _of_a_drop(place: Place, daemon: Daemon, path: Path, inbox: Inbox) -> Answer:
    name = shown(path.name)
    told = next(
        (w for w in daemon.waiting if w.get("folder") == str(inbox.path) and w.get("name") == name),
        None,
    )
    away = next((i for i in daemon.incidents if i.get("key") == f"inbox:{inbox.label}"), None)
    if away is not None:
        return Answer(name, "waiting", f"its folder is not watched: {away['matter']}", away["then"], inbox.route)
    ignored = _why_never(path, inbox)
    if ignored is not None:
        return Answer(name, "ignored", ignored, route=inbox.route)
    if not readable(path):
        return Answer(name, "waiting", "the daemon may not read it.", _let_read(place, path, inbox), inbox.route)
    if told is not None:
        return _as_told(name, told)
    if not daemon.runs:
        return Answer(name, "waiting", "no daemon runs.", "Start it with: dropscore run", inbox.route)
    if daemon.status.get("waiting_count", 0) > len(daemon.waiting):
        return _in_a_crowd(name, len(daemon.waiting), path, inbox)
    seconds = place.settings.intake.scan_seconds
    return Answer(name, "waiting", f"it has just come: the next look is within {seconds:g} s.", route=inbox.route)


def _as_told(name: str, told: dict[str, Any]) -> Answer:
    """Answer with what the daemon says of a drop."""
    more: dict[str, Any] = {key: told.get(key) for key in ("waiting", "position", "estimate_seconds")}
    return Answer(name, "waiting", str(told["why"]), route=str(told["route"]), **more)


def _in_a_crowd(name: str, listed: int, path: Path, inbox: Inbox) -> Answer:
    """Look for ourselves, by the same rule: the daemon tells the first ones only of all that wait."""
    try:
        listing = scan(inbox)
    except Unavailable as fault:
        return Answer(name, "waiting", fault.matter, fault.then, inbox.route)
    drops = tuple(seen for seen in listing.drops if seen.name == path.name)
    decisions = Settler(inbox).observe(replace(listing, drops=drops), time.monotonic(), probe, [path.name])
    if not decisions:
        return Answer(name, "waiting", "it has just gone.", route=inbox.route)
    (decision,) = decisions
    behind = f"it waits for its turn, behind more than {listed:,} others."
    why = behind if decision.until is not None else decision.why
    return Answer(name, "waiting", why, route=inbox.route, waiting=str(decision.waiting))


def _why_never(path: Path, inbox: Inbox) -> str | None:
    if is_sidecar(path.name):
        return f"it is no drop: it goes with {shown(drop_of(path.name))}."
    try:
        listing = scan(inbox)
    except Unavailable:
        return None
    return next((i.why for i in listing.ignored if i.name == path.name and i.waiting != Waiting.UNREADABLE), None)


def _let_read(place: Place, path: Path, inbox: Inbox) -> str:
    quoted = shlex.quote(str(path))
    group = place.settings.routes[inbox.route].in_group
    if group:
        return f"Let it: chgrp {shlex.quote(group)} {quoted} && chmod g+r {quoted}"
    return f"Let it: chmod a+r {quoted}"


def _outside_of_routes(place: Place, given: Path) -> Answer | None:
    """Answer for what lies in the inbox, but in the folder of no route."""
    folder = given.parent.resolve()
    inbox = place.root.inbox.resolve()
    if not os.path.lexists(given) or not folder.is_relative_to(inbox):
        return None
    routes = ", ".join(place.settings.routes) or "none"
    where = "inbox" if folder == inbox else f"inbox/{folder.relative_to(inbox)}"
    sentence = f"{where} is not the folder of a route, so nothing is taken from it. Routes are: {routes}."
    return Answer(shown(given.name), "ignored", sentence, "Move it into the folder of a route.")


def _at_work(place: Place, daemon: Daemon, given: Path) -> Iterator[Answer]:
    wanted = as_base64(given.name)
    waits_for = {str(job["job"]): job.get("waits_for") for job in daemon.jobs}
    incidents = {str(incident["key"]): incident for incident in daemon.incidents}
    for claim in claims_of(place.root):
        if wanted == claim.name_base64 or given.name.upper() in (claim.code, claim.job):
            state = "held" if claim.held else "working"
            sentence = claim.held or "it is being worked on."
            todo = f"Try it again with: dropscore retry {claim.code}" if claim.held else ""
            away = incidents.get(waits_for.get(claim.job) or "")
            if away is not None and not claim.held:
                sentence, todo = f"it was taken, and waits: {away['matter']}", away["then"]
            elif not daemon.runs and not claim.held:
                sentence, todo = "it was taken, but no daemon runs.", "Start it with: dropscore run"
            yield Answer(claim.name, state, sentence, todo, claim.route, claim.job, claim.code)


def _done(place: Place, given: Path, typed: str) -> Iterator[Answer]:
    """Yield the jobs of that code, that published name, that content, or that dropped name."""
    with ledger_of(place) as ledger:
        code = _CODE.search(f".{given.name.upper()}.")
        asked = typed.upper() if is_job(typed.upper()) else code.group(1) if code else None
        row = ledger.job(asked) if asked else None
        if row is not None:
            yield _of_a_job(row)
            return
        rows = ledger.jobs(text=shown(given.name), limit=20)
    digest = durable.sha256_of(given) if given.is_file() and os.access(given, os.R_OK) else None
    same = [row for row in rows if row.sha256 == digest] or [row for row in rows if row.name == shown(given.name)]
    for row in same[:5]:
        yield _of_a_job(row)


def _of_a_job(row: JobRow) -> Answer:
    where = f"Result: {row.result}." if row.result else row.todo
    return Answer(row.name, str(row.state), f"{row.state}. {row.sentence}", where, row.route, row.job, row.code)
