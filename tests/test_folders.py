"""Folders, names and versions."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropscore import folders
from dropscore.domain.errors import Unavailable
from dropscore.folders import Root


def test_make_root_makes_each_folder_with_its_mode_and_keeps_what_is_there(tmp_path: Path) -> None:
    root = Root(tmp_path / "root")
    made = folders.make_root(root, ("credit", "default"))
    assert root.inbox in made
    assert stat.S_IMODE((root.inbox / "credit").stat().st_mode) == 0o3770
    assert stat.S_IMODE(root.inbox.stat().st_mode) == 0o3771
    assert stat.S_IMODE((root.outbox / "credit").stat().st_mode) == 0o2770
    assert stat.S_IMODE((root.outbox / ".staging").stat().st_mode) == 0o700
    assert stat.S_IMODE(root.processing.stat().st_mode) == 0o700
    (root.outbox / "credit").chmod(0o2750)
    assert folders.make_root(root, ("credit", "default")) == []
    assert stat.S_IMODE((root.outbox / "credit").stat().st_mode) == 0o2750


def test_codes_are_eight_of_crockfords_characters_and_differ() -> None:
    codes = {folders.new_code() for _ in range(2000)}
    assert len(codes) == 2000
    assert all(re.fullmatch("[0-9A-HJKMNP-TV-Z]{8}", code) for code in codes)


def test_a_jobs_month_is_that_of_its_id() -> None:
    assert folders.month_of("01KA0000000000000000000000") == "2025-11"
    assert folders.is_job("01KA0000000000000000000000")
    assert not folders.is_job("sales.csv")


@pytest.mark.parametrize(
    ("name", "stem", "suffix"),
    [
        ("sales.csv", "sales", ".csv"),
        ("Größe 2026.CSV", "Gro_e_2026", ".csv"),
        ("sales.csv.gz", "sales", ".csv.gz"),
        ("../../etc/passwd", "etc_passwd", ""),
        ("-rf.csv", "rf", ".csv"),
        ("CON.csv", "drop_CON", ".csv"),
        ("日本.csv", "drop", ".csv"),
        ("a\nb\x1b[31m.csv", "a_b_31m", ".csv"),
        (os.fsdecode(b"r\xe9sultats.csv"), "r_sultats", ".csv"),
        ("x" * 250 + ".csv", "x" * 60, ".csv"),
        ("<img src=x onerror=alert(1)>.csv", "img_src_x_onerror_alert_1", ".csv"),
        ("report.", "report", ""),
    ],
)
def test_result_names_are_safe(name: str, stem: str, suffix: str) -> None:
    assert folders.stem_and_suffix(name) == (stem, suffix)


@given(st.binary(min_size=1, max_size=255).filter(lambda name: b"/" not in name and b"\0" not in name))
def test_any_name_is_kept_in_base64_shown_safely_and_published_safely(name: bytes) -> None:
    decoded = os.fsdecode(name)
    assert os.fsencode(folders.from_base64(folders.as_base64(decoded))) == name
    shown = folders.shown(decoded)
    shown.encode("utf-8")
    assert not re.search(r"[\x00-\x1f\x7f]", shown)
    published = folders.published_name(decoded, "K7F2QXM4", ".fix.xlsx")
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*\.K7F2QXM4\.fix\.xlsx", published)
    assert len(published) <= 90


def test_holder_of_names_who_holds_the_lock(tmp_path: Path) -> None:
    root = Root(tmp_path)
    assert folders.holder_of(root) is None
    root.state.mkdir()
    root.lock.write_text('{"pid": 42}')
    assert folders.holder_of(root) is None
    with root.lock.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert folders.holder_of(root) == {"pid": 42}


def _bundle(folder: Path, version: str) -> Path:
    (folder / version).mkdir(parents=True)
    manifest = folder / version / "manifest.json"
    manifest.write_text(json.dumps({"name": folder.name, "version": version}))
    return manifest


def test_pick_bundle_takes_the_newest_by_number_not_by_text(tmp_path: Path) -> None:
    for version in ("1.9.0", "1.10.0", "1.10.0rc1"):
        manifest = _bundle(tmp_path / "credit", version)
    (tmp_path / "credit" / "data").mkdir()
    ref = folders.pick_bundle(tmp_path / "credit")
    assert (ref.name, ref.version) == ("credit", "1.10.0")
    assert ref.sha256 == hashlib.sha256(Path(ref.path, "manifest.json").read_bytes()).hexdigest()
    assert folders.pick_bundle(tmp_path / "credit", "1.9.0").version == "1.9.0"
    assert folders.pick_bundle(manifest.parent).version == "1.10.0rc1"


@pytest.mark.parametrize("spoil", ["absent", "empty", "torn", "pinned"])
def test_pick_bundle_is_unavailable_and_says_why(tmp_path: Path, spoil: str) -> None:
    folder = tmp_path / "credit"
    if spoil == "empty":
        folder.mkdir()
    elif spoil == "torn":
        _bundle(folder, "1.0.0").write_text('{"name": "cre')
    elif spoil == "pinned":
        _bundle(folder, "1.0.0")
    with pytest.raises(Unavailable, match="credit") as caught:
        folders.pick_bundle(folder, "2.0.0" if spoil == "pinned" else None)
    assert caught.value.key == "model:credit"
