"""`doctor`: everything that the daemon needs, tried; each fault with its mend."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path

import click

from dropscore.app import locked
from dropscore.cli import examining, examining_disk, examining_people
from dropscore.cli.errors import Code
from dropscore.cli.finding import Finding
from dropscore.cli.output import counted, plain, put, put_json, say
from dropscore.cli.place import Place, become_owner, caller_name, config_option, find_config, json_option
from dropscore.cli.why import inboxes_of
from dropscore.domain.errors import Refused
from dropscore.folders import Root
from dropscore.intake.guard import Guard
from dropscore.settings import load_layers

EXAMINATIONS = (
    examining_disk.folders,
    examining_disk.groups,
    examining_disk.writing,
    examining_disk.room,
    examining.lease_right,
    examining.workers,
    examining.notices,
    examining.clock,
    examining.models,
    examining.ledger,
    examining.daemon,
    examining.messages,
)


@click.command()
@click.option("--accept", metavar="ROUTE", help="Take the folder that lies in a route's place for the right one.")
@config_option
@json_option
def command(accept: str | None, config: Path | None, as_json: bool) -> int:
    """Try everything that the daemon needs, and say how to mend what fails. Exit code 1: something fails."""
    loaded = load_layers(find_config(config), os.environ)
    place = Place(loaded, Root(loaded.settings.root), caller_name())
    found: list[Finding] = []
    if os.geteuid() == 0 and accept is None:
        found += examining_people.people(place)  # before root becomes the daemon's user: it can be anybody
    become_owner(place.root)
    if accept is not None:
        return _accept(place, accept)
    for examine in EXAMINATIONS:
        found += examine(place)
    faults = [finding for finding in found if finding.fault]
    if as_json:
        put_json({"fine": not faults, "findings": [asdict(finding) | {"fault": finding.fault} for finding in found]})
    else:
        for finding in found:
            mark = "FAULT" if finding.fault else "note " if finding.note else "fine "
            put(f"{mark}  {plain(finding.what)}: {plain(finding.told)}")
            if finding.mend:
                put(f"       mend: {plain(finding.mend)}")
        say(f"{counted(len(faults), 'fault')}." if faults else "No fault was found.")
    return Code.ERROR if faults else Code.FINE


def _accept(place: Place, label: str) -> int:
    """Take up a folder that the guard refused. The daemon keeps what it knows in memory, so it must not run."""
    inboxes = [inbox for inbox in inboxes_of(place) if label in (inbox.label, inbox.route)]
    if not inboxes:
        raise Refused(f"there is no route {label}. Here are: {', '.join(place.settings.routes) or 'none'}.")
    with locked(place.root):
        guard = Guard(place.root.state / "folders.json")
        for inbox in inboxes:
            guard.accept(inbox.label, inbox.path)
            put(f"{inbox.path} is accepted as the inbox of {inbox.label}.")
    return Code.FINE
