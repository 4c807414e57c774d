"""Who hears of what: the addresses of each note."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from dropscore.domain.notes import TO_OPERATORS, TO_OWNERS, TO_SENDERS, Note, Recipients
from dropscore.notifier.messages import Audience


class Target(NamedTuple):
    """One address, and as whom its reader is told. Never log it: `url` holds secrets."""

    audience: Audience
    url: str


def targets_of(note: Note, recipients: Recipients) -> tuple[Target, ...]:
    """Return where the note goes. An address that is meant twice, as sender and as owner, is told once."""
    found: dict[str, Target] = {}
    for target in _meant(note, recipients):
        found.setdefault(target.url, target)
    return tuple(found.values())


def _meant(note: Note, recipients: Recipients) -> Iterator[Target]:
    if note.kind in TO_SENDERS and note.sender is not None:
        yield from (Target(Audience.SENDER, url) for url in recipients.senders.get(note.sender, ()))
    if note.kind in recipients.owner_kinds.get(note.route, TO_OWNERS):
        yield from (Target(Audience.OWNERS, url) for url in recipients.owners.get(note.route, ()))
    if note.kind in TO_OPERATORS:
        yield from (Target(Audience.OPERATORS, url) for url in recipients.operators)


def everybody(recipients: Recipients) -> tuple[tuple[str, str], ...]:
    """Return every address once, each after the words for whose it is: `owners of credit`."""
    named = [("operators", url) for url in recipients.operators]
    named += [(f"owners of {route}", url) for route, urls in sorted(recipients.owners.items()) for url in urls]
    named += [(f"sender {name}", url) for name, urls in sorted(recipients.senders.items()) for url in urls]
    once: dict[str, str] = {}
    for who, url in named:
        once[url] = f"{once[url]}, {who}" if url in once else who
    return tuple((who, url) for url, who in once.items())
