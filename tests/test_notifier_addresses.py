"""Who hears of what."""

from __future__ import annotations

import pytest

from dropscore.domain.notes import Note, NoteKind, Recipients
from dropscore.notifier.addresses import everybody, targets_of

WHO = Recipients(
    operators=("json://ops",),
    owners={"credit": ("json://boss", "json://deputy"), "leads": ("json://leads",)},
    senders={"ana": ("json://ana",), "bo": ("json://boss",)},
    owner_kinds={"leads": frozenset({NoteKind.REJECTED, NoteKind.CHECKED})},
)


def note(kind: str, route: str = "credit", sender: str | None = "ana") -> Note:
    return Note("i", NoteKind(kind), route, "2026-01-01T00:00:00Z", "j", "c", "n", sender)


@pytest.mark.parametrize(
    ("told", "heard"),
    [
        (note("delivered"), {"ana", "boss", "deputy"}),
        (note("partial"), {"ana", "boss", "deputy"}),
        (note("rejected"), {"ana", "boss", "deputy"}),
        (note("checked"), {"ana"}),
        (note("answered"), {"ana"}),
        (note("held"), {"ops"}),
        (note("unavailable", sender=None), {"ops"}),
        (note("recovered", sender=None), {"ops"}),
        (note("delivered", sender="unknown"), {"boss", "deputy"}),
        (note("delivered", "leads"), {"ana"}),
        (note("checked", "leads"), {"ana", "leads"}),
        (note("delivered", "nowhere", "nobody"), set()),
    ],
)
def test_who_is_meant(told: Note, heard: set[str]) -> None:
    assert {target.url.removeprefix("json://") for target in targets_of(told, WHO)} == heard


def test_an_address_that_is_meant_twice_is_told_once() -> None:
    targets = targets_of(note("rejected", sender="bo"), WHO)
    assert [(target.audience, target.url) for target in targets] == [
        ("sender", "json://boss"),
        ("owners", "json://deputy"),
    ]


def test_everybody_is_named_once() -> None:
    assert everybody(WHO) == (
        ("operators", "json://ops"),
        ("owners of credit, sender bo", "json://boss"),
        ("owners of credit", "json://deputy"),
        ("owners of leads", "json://leads"),
        ("sender ana", "json://ana"),
    )


def test_addresses_are_not_in_what_is_printed_of_recipients() -> None:
    assert "json://" not in repr(WHO)
