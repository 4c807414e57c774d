"""Which note a job owes."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from dropscore.domain.notes import Note, NoteKind
from dropscore.ledger import note_of
from dropscore.ledger.owing import owed_from, values_of_note
from dropscore.receipt import FileFact, GroupEntry
from ledgers import NOW, job_id, receipt


@pytest.mark.parametrize("verdict", ["delivered", "partial", "rejected", "checked", "answered"])
def test_a_verdict_owes_a_note_of_its_kind(verdict: str) -> None:
    told = receipt(1, verdict)
    note = note_of(told)
    assert note is not None
    assert (note.kind, note.id) == (NoteKind(verdict), f"{job_id(1)}:{verdict}")
    assert note.at == told.times.published.isoformat()  # type: ignore[union-attr]
    assert (note.route, note.code, note.name, note.sender) == ("credit", told.code, told.name, "ana")


def test_the_note_is_of_the_verdict_whatever_became_of_the_job() -> None:
    mended = receipt(1, "rejected").model_copy(update={"state": "mended"})
    assert note_of(mended) == note_of(receipt(1, "rejected"))


def test_a_job_at_work_owes_nothing_and_a_held_one_does() -> None:
    assert note_of(receipt(1, "working")) is None
    held = note_of(receipt(1, "held"))
    assert held is not None
    assert held.kind is NoteKind.HELD


@pytest.mark.parametrize(
    ("roles", "place"),
    [(("fix", "result"), "result"), (("original", "fix"), "fix"), (("archive", "original"), "original"), ((), "")],
)
def test_the_place_is_what_a_reader_wants_to_open(roles: tuple[str, ...], place: str) -> None:
    files = tuple(FileFact.model_validate({"role": role, "path": role, "bytes": 1, "sha256": "a"}) for role in roles)
    note = note_of(receipt(1, files=files))
    assert note is not None
    assert note.place == place


def test_a_note_comes_back_as_it_was_stored() -> None:
    note = note_of(receipt(1, name="caf\udce9 😀\n.csv", groups=(GroupEntry(code="x", count=1, sentence="s"),)))
    assert note is not None
    assert owed_from(SimpleNamespace(**values_of_note(note))).note == note


@pytest.mark.parametrize("long", ["x" * 5000, "é" * 5000, "😀" * 5000])
def test_the_longest_texts_fit_a_column(long: str) -> None:
    note = Note(
        long, NoteKind.REJECTED, long, NOW.isoformat(), "j", "c", long, long, long, long, long, 1, 1, (long,) * 9
    )
    stored = values_of_note(note)
    assert len(stored["payload"].encode()) < 65_535
    back = owed_from(SimpleNamespace(**stored)).note
    assert len(back.groups) == 5
    assert long.startswith(back.sentence)
    assert len(back.sentence) >= 200
