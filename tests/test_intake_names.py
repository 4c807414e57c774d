"""Which names are never drops."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropscore.intake.names import WHY_IN_FLIGHT, display, drop_of, is_sidecar, why_ignored

IN_FLIGHT = [
    "~$sales.xlsx",
    ".~lock.sales.ods#",
    "sales.csv~",
    "sales.tmp",
    "sales.csv.part",
    "sales.csv.PART",
    "sales.csv.partial",
    "sales.csv.filepart",
    "sales.csv.crdownload",
    "sales.csv.writing",
    ".sales.csv.swp",
    ".nfs000000000a1b2c3d",
    ".sftpgo-upload.cq4n1.sales.csv",
    ".in.sales.csv.",
]
IGNORED = [
    ".dropscore",
    ".hidden.csv",
    "._sales.csv",
    ".DS_Store",
    "_notes.csv",
    "__MACOSX",
    "desktop.ini",
    "Thumbs.db",
    "@eaDir",
    ".stfolder",
    ".stversions",
    ".localized",
    ".Spotlight-V100",
    ".Trashes",
    "lost+found",
    "sales.csv.waiting.json",
]
TAKEN = [
    "sales.csv",
    "SALES.CSV",
    "sales",
    "sales.xlsx",
    "picture.png",
    "note.docx",
    "partial.csv",
    "tmp",
    "a~b.csv",
    "~sales.csv",
    "$sales.csv",
    "-rf",
    "%n.csv",
    "sales\n.csv",
    "waiting.json",
    os.fsdecode(b"r\xe9sultats.csv"),
    " .csv",
    "été.csv",
]


@pytest.mark.parametrize("name", IN_FLIGHT)
def test_names_in_flight_are_never_drops(name: str) -> None:
    assert why_ignored(name) == WHY_IN_FLIGHT


@pytest.mark.parametrize("name", IGNORED)
def test_hidden_names_and_what_systems_leave_are_never_drops(name: str) -> None:
    assert why_ignored(name) not in (None, WHY_IN_FLIGHT)


@pytest.mark.parametrize("name", TAKEN)
def test_everything_else_may_be_a_drop(name: str) -> None:
    assert why_ignored(name) is None


@pytest.mark.parametrize(
    ("name", "drop"), [("a.csv.done", "a.csv"), ("A.CSV.DONE", "A.CSV"), ("a.csv.sha256", "a.csv")]
)
def test_a_sidecar_speaks_of_one_drop(name: str, drop: str) -> None:
    assert is_sidecar(name)
    assert drop_of(name) == drop


@pytest.mark.parametrize("name", ["done", "a.done.csv", "a.sha256sum", "sha256"])
def test_what_only_looks_like_a_sidecar_is_none(name: str) -> None:
    assert not is_sidecar(name)


@given(st.binary(min_size=1, max_size=255).filter(lambda name: b"\0" not in name and b"/" not in name))
def test_every_name_that_a_file_system_allows_is_judged_and_can_be_shown(raw: bytes) -> None:
    name = os.fsdecode(raw)
    why = why_ignored(name)
    assert why is None or why.endswith(".")
    shown = display(name)
    assert shown.encode("utf-8") and all(sign.isprintable() for sign in shown)
