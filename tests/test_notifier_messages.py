"""What people read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dropscore.domain.notes import Note, NoteKind
from dropscore.notifier.messages import Audience, Style, message_of

NOTE = Note(
    id="01J:rejected",
    kind=NoteKind.REJECTED,
    route="credit",
    at="2026-07-01T10:00:00+00:00",
    job="01J",
    code="K7F2QXM4",
    name="sales_nov.csv",
    sender="ana",
    sentence="Nothing was scored: 3 of 8,412 rows need fixing.",
    todo="Mend the marked cells in the fix workbook and drop it back.",
    place="failed/credit/sales_nov.K7F2QXM4.fix.xlsx",
    rows=8412,
    set_aside=8412,
    groups=("2 cells of income: No number.", "1 row: Too few cells."),
)
DISK = Note(
    "d", NoteKind.UNAVAILABLE, "", "2026-07-01T10:00:00+00:00", sentence="Disk is full.", todo="It is tried again."
)


def test_a_failure_says_what_to_do_where_and_which() -> None:
    message = message_of([NOTE], Audience.SENDER, Style("Europe/Madrid", root="/srv/dropscore/"))
    assert message.subject == "FAILED: sales_nov.csv – 3 of 8,412 rows need fixing [K7F2QXM4]"
    assert message.body == (
        "sales_nov.csv: Nothing was scored: 3 of 8,412 rows need fixing.\n"
        "Mend the marked cells in the fix workbook and drop it back.\n"
        "  - 2 cells of income: No number.\n"
        "  - 1 row: Too few cells.\n"
        "File: /srv/dropscore/failed/credit/sales_nov.K7F2QXM4.fix.xlsx\n"
        "Code: [K7F2QXM4] · 2026-07-01 12:00:00 Europe/Madrid\n"
        "\n"
        "You get this because you (ana) dropped it into credit.\n"
    )


@pytest.mark.parametrize(
    ("kind", "sentence", "subject"),
    [
        (NoteKind.DELIVERED, "All 8,412 rows were scored.",
         "DELIVERED: sales_nov.csv – All 8,412 rows were scored [K7F2QXM4]"),
        (NoteKind.PARTIAL, "9 of 10 rows were scored; 1 needs fixing.",
         "PARTIAL: sales_nov.csv – 9 of 10 rows were scored; 1 needs fixing [K7F2QXM4]"),
        (NoteKind.CHECKED, "All rows are fine. Nothing was scored: this was a check.",
         "CHECKED: sales_nov.csv – All rows are fine. Nothing was scored: this was a check [K7F2QXM4]"),
        (NoteKind.HELD, "A worker died three times on it.",
         "HELD: sales_nov.csv – A worker died three times on it [K7F2QXM4]"),
        (NoteKind.REJECTED, "", "FAILED: sales_nov.csv – rejected [K7F2QXM4]"),
    ],
)  # fmt: skip
def test_subjects(kind: NoteKind, sentence: str, subject: str) -> None:
    assert message_of([replace(NOTE, kind=kind, sentence=sentence)], Audience.OWNERS, Style()).subject == subject


def test_a_fault_of_the_world() -> None:
    message = message_of([DISK], Audience.OPERATORS, Style())
    assert message.subject == "UNAVAILABLE: Disk is full"
    assert message.body.startswith("Disk is full.\nIt is tried again.\n2026-07-01 10:00:00 UTC\n")
    assert message.body.endswith("You get this because you operate this Dropscore.\n")


def test_many_go_into_one_message_the_pressing_ones_first() -> None:
    good = replace(NOTE, id="2", code="A0000002", kind=NoteKind.DELIVERED, sentence="All rows were scored.")
    message = message_of([good, NOTE], Audience.OWNERS, Style())
    assert message.subject == "FAILED: credit – 1 failed, 1 delivered [K7F2QXM4] and 1 more"
    assert message.body.index("K7F2QXM4") < message.body.index("A0000002")


def test_a_storm_is_counted_and_its_first_are_listed() -> None:
    notes = [replace(NOTE, id=str(number), code=f"C{number:07d}") for number in range(1000)]
    message = message_of(notes, Audience.OWNERS, Style())
    assert message.subject == "FAILED: credit – 1,000 failed [C0000000] and 999 more"
    assert message.body.count("Code: [") == 20
    assert "And 980 more: `dropscore jobs` lists them all." in message.body


def test_at_most_five_problems() -> None:
    body = message_of([replace(NOTE, groups=tuple(f"p{number}" for number in range(9)))], Audience.OWNERS, Style()).body
    assert body.count("  - ") == 5


def test_places_as_windows_writes_them() -> None:
    body = message_of([NOTE], Audience.OWNERS, Style(root=r"\\server\drop")).body
    assert r"File: \\server\drop\failed\credit\sales_nov.K7F2QXM4.fix.xlsx" in body


def test_each_route_has_its_zone() -> None:
    body = message_of([NOTE], Audience.OWNERS, Style("UTC", {"credit": "America/New_York"})).body
    assert "2026-07-01 06:00:00 America/New_York" in body


@pytest.mark.parametrize(
    "name", ["a\r\nBcc: everyone@example.org\r\n.csv", "\u202egpj.csv", "x\x1b[31m.csv", "caf\udce9", "n" * 500]
)
def test_a_hostile_name_makes_no_header_and_hides_nothing(name: str) -> None:
    message = message_of([replace(NOTE, name=name)], Audience.OWNERS, Style())
    assert message.subject.isprintable()
    assert len(message.subject) <= 160
    assert message.subject.endswith("[K7F2QXM4]")
    assert all(line.isprintable() for line in message.body.split("\n"))


def test_a_long_sentence_leaves_the_code_in_the_subject() -> None:
    subject = message_of([replace(NOTE, sentence="long " * 100)], Audience.OWNERS, Style()).subject
    assert len(subject) <= 160
    assert subject.endswith("… [K7F2QXM4]")
