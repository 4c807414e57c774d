"""Taking a drop, undoing it, and what a late writer does."""

from __future__ import annotations

import hashlib
import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dropscore.folders import as_base64, new_code, new_job, now_utc
from dropscore.intake import claim as claims
from dropscore.journal import Claim
from dropscore.receipt import Sender


def _claim(inbox: Path, name: str = "sales.csv") -> Claim:
    return Claim(
        job=new_job(),
        code=new_code(),
        route="credit",
        name=name,
        name_base64=as_base64(name),
        sender=Sender(name="ana"),
        claimed=now_utc(),
        inbox=str(inbox),
    )


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "processing").mkdir()
    return tmp_path / "inbox"


def _begin(inbox: Path, name: str = "sales.csv", content: bytes = b"a,b\n1,2\n") -> tuple[Path, Claim]:
    (inbox / name).write_bytes(content)
    claim = _claim(inbox, name)
    folder = inbox.parent / "processing" / claim.job
    claims.intend(folder, claim)
    claims.take(claim, name)
    return folder, claim


def test_a_claimed_drop_is_copied_to_a_new_inode_and_hashed(inbox: Path) -> None:
    folder, claim = _begin(inbox)
    copied = claims.copy(folder, claim)
    claims.adopt_copy(folder, copied)
    assert not (inbox / "sales.csv").exists()
    assert copied.sha256 == hashlib.sha256(b"a,b\n1,2\n").hexdigest()
    assert (folder / claims.INPUT).read_bytes() == b"a,b\n1,2\n"
    assert (folder / claims.INPUT).stat().st_ino != claims.claimed_inode(claim).stat().st_ino
    assert claims.read_claim(folder) == copied


def test_a_claim_is_undone_and_replaces_nothing(inbox: Path) -> None:
    _, claim = _begin(inbox)
    assert claims.put_back(claim, "sales.csv")
    assert (inbox / "sales.csv").read_bytes() == b"a,b\n1,2\n"
    claims.take(claim, "sales.csv")
    (inbox / "sales.csv").write_text("another of the same name")
    assert not claims.put_back(claim, "sales.csv")
    assert (inbox / "sales.csv").read_text() == "another of the same name"
    assert claims.claimed_inode(claim).read_bytes() == b"a,b\n1,2\n"


def test_sidecars_go_first_and_come_back(inbox: Path) -> None:
    (inbox / "sales.csv").write_text("x\n")
    (inbox / "sales.csv.done").write_text("")
    claim = _claim(inbox)
    claims.intend(inbox.parent / "processing" / claim.job, claim)
    claims.take(claim, "sales.csv", ["sales.csv.done"])
    assert [entry.name for entry in inbox.iterdir()] == [claims.CLAIMS]
    assert claims.put_back(claim, "sales.csv", ["sales.csv.done"])
    assert sorted(entry.name for entry in inbox.iterdir()) == [claims.CLAIMS, "sales.csv", "sales.csv.done"]


@pytest.mark.parametrize("kind", ["symlink", "fifo", "hard link", "folder"])
def test_what_is_no_file_of_its_own_goes_back(inbox: Path, kind: str) -> None:
    (inbox.parent / "secret").write_text("not yours")
    drop = inbox / "sales.csv"
    if kind == "symlink":
        drop.symlink_to(inbox.parent / "secret")
    elif kind == "fifo":
        os.mkfifo(drop)
    elif kind == "hard link":
        os.link(inbox.parent / "secret", drop)
    else:
        drop.mkdir()
    claim = _claim(inbox)
    claims.intend(inbox.parent / "processing" / claim.job, claim)
    with pytest.raises(claims.NotOurs):
        claims.take(claim, "sales.csv")
    assert os.path.lexists(drop)


def test_a_file_that_changes_while_it_is_copied_is_not_taken_as_it_is(
    inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, claim = _begin(inbox)
    real = claims.durable.copy_new

    def slow(source: int, target: Path) -> tuple[int, str]:
        found = real(source, target)
        with claims.claimed_inode(claim).open("ab") as late:
            late.write(b"3,4\n")
        return found

    monkeypatch.setattr(claims.durable, "copy_new", slow)
    with pytest.raises(claims.StillWritten):
        claims.copy(folder, claim)
    monkeypatch.undo()
    assert claims.copy(folder, claim).bytes == 12


def _release(claim: Claim, copied: Claim) -> bool:
    quiet = time.time_ns() - 900 * 10**9
    assert copied.sha256 is not None
    return claims.release(claims.claimed_inode(claim).parent, copied.sha256, copied.size, copied.mtime_ns, quiet)


def test_the_claimed_inode_goes_once_nobody_writes(inbox: Path) -> None:
    folder, claim = _begin(inbox)
    with (inbox / claims.CLAIMS / claim.job / claims.DROP).open("ab"):
        copied = claims.copy(folder, claim)
        assert not _release(claim, copied)
    assert _release(claim, copied)
    assert not claims.claimed_inode(claim).parent.exists()
    assert _release(claim, copied), "a second time is no error"


def test_a_late_writer_is_found(inbox: Path) -> None:
    folder, claim = _begin(inbox)
    late = (inbox / claims.CLAIMS / claim.job / claims.DROP).open("ab")
    copied = claims.copy(folder, claim)
    late.write(b"5,6\n")
    late.close()
    with pytest.raises(claims.Late):
        _release(claim, copied)
    assert claims.claimed_inode(claim).read_bytes().endswith(b"5,6\n")


def test_a_late_writer_who_sets_the_time_back_is_found_by_the_hash(inbox: Path) -> None:
    folder, claim = _begin(inbox)
    copied = claims.copy(folder, claim)
    inode = claims.claimed_inode(claim)
    inode.write_bytes(b"a,b\n9,9\n")
    with pytest.raises(claims.Late):
        claims.release(inode.parent, copied.sha256 or "", None, None, time.time_ns())


def test_a_link_whose_name_is_taken_meanwhile_stays_with_us_and_is_no_fault_of_the_folder(
    inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = _claim(inbox)
    (inbox / "sales.csv").symlink_to("/etc/shadow")
    rename = claims.durable.rename

    def and_another_comes(source: Path, target: Path) -> None:
        rename(source, target)
        source.write_text("a\n1\n")

    monkeypatch.setattr(claims.durable, "rename", and_another_comes)
    with pytest.raises(claims.NotOurs):
        claims.take(claim, "sales.csv")
    assert claims.claimed_inode(claim).is_symlink()
    assert (inbox / "sales.csv").read_text() == "a\n1\n"


@pytest.mark.parametrize("year", [2001, 2099])
def test_without_leases_the_grace_runs_by_our_clock_and_not_by_the_time_that_the_sender_gave(
    inbox: Path, monkeypatch: pytest.MonkeyPatch, year: int
) -> None:
    folder, claim = _begin(inbox)
    inode = claims.claimed_inode(claim)
    moment = datetime(year, 1, 1, tzinfo=UTC).timestamp()
    os.utime(inode, (moment, moment))
    copied = claims.copy(folder, claim)
    monkeypatch.setattr(claims.lease, "writer_present", lambda path: None)
    facts = (inode.parent, copied.sha256 or "", copied.size, copied.mtime_ns)
    assert not claims.release(*facts, time.time_ns() - 900 * 10**9), "removed at once: a late writer is lost"
    assert claims.release(*facts, time.time_ns() + 10**9), "never removed"


def test_a_torn_claim_is_named_and_no_reason_to_stop(tmp_path: Path) -> None:
    (tmp_path / claims.CLAIM).write_text('{"claim": 1, "jo')
    with pytest.raises(ValueError, match=r"claim\.json"):
        claims.read_claim(tmp_path)
    with pytest.raises(FileNotFoundError):
        claims.read_claim(tmp_path / "none")
