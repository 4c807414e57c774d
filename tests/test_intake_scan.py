"""One listing of an inbox: real files, links, pipes and devices, and folders that go away."""

from __future__ import annotations

import os
import resource
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from dropscore.domain.errors import Unavailable
from dropscore.domain.jobs import Kind
from dropscore.intake import scan as scanning
from dropscore.intake.scan import Completeness, Inbox, Listing, Waiting, scan

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="making devices needs root")


def inbox_at(path: Path, rule: Completeness = Completeness.QUIET, folders: tuple[str, ...] = ()) -> Inbox:
    return Inbox("credit", Kind.SCORE, path, rule, folders=frozenset(folders))


def names(listing: Listing) -> set[str]:
    return {seen.name for seen in listing.drops}


def ignored(listing: Listing) -> dict[str, Waiting]:
    return {found.name: found.waiting for found in listing.ignored}


def test_a_drop_is_seen_as_the_kernel_says_it(tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_bytes(b"a,b\n1,2\n")
    (seen,) = scan(inbox_at(tmp_path)).drops
    found = (tmp_path / "sales.csv").stat()
    assert seen.path == tmp_path / "sales.csv"
    assert seen.identity == (found.st_dev, found.st_ino, 8, found.st_mtime_ns, found.st_ctime_ns)
    assert (seen.uid, seen.gid, seen.nlink) == (found.st_uid, found.st_gid, 1)
    assert stat.S_ISREG(seen.mode)


def test_names_that_are_no_utf8_are_drops_like_any_other(tmp_path: Path) -> None:
    raw = os.fsencode(tmp_path) + b"/r\xe9sultats \x1b[31m\n.csv"
    with open(raw, "wb") as file:  # noqa: PTH123 - a name in bytes
        file.write(b"x\n")
    (seen,) = scan(inbox_at(tmp_path)).drops
    assert os.fsencode(seen.path) == raw
    assert seen.path.read_bytes() == b"x\n"


def test_what_is_no_file_is_named_and_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "secret.csv").symlink_to("/etc/passwd")
    (tmp_path / "dangling.csv").symlink_to("/nowhere")
    (tmp_path / "loop.csv").symlink_to("loop.csv")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket.csv"))
    listing = scan(inbox_at(tmp_path))
    assert listing.drops == ()
    assert set(ignored(listing).values()) == {Waiting.NOT_A_FILE}
    why = {found.name: found.why for found in listing.ignored}
    assert "FIFO" in why["pipe.csv"]
    assert "folder" in why["folder.csv"]
    assert "link" in why["secret.csv"] and "link" in why["dangling.csv"] and "link" in why["loop.csv"]
    assert "socket" in why["socket.csv"]


@root_only
def test_a_device_is_named_and_never_opened(tmp_path: Path) -> None:
    os.mknod(tmp_path / "zero.csv", stat.S_IFCHR | 0o666, os.makedev(1, 5))
    listing = scan(inbox_at(tmp_path))
    assert "device" in listing.ignored[0].why


def test_folders_that_are_expected_are_passed_over_in_silence(tmp_path: Path) -> None:
    for name in ("check", "credit", "other", ".dropscore"):
        (tmp_path / name).mkdir()
    (tmp_path / "credit.csv").touch()
    listing = scan(inbox_at(tmp_path, folders=("check", "credit", "credit.csv")))
    assert names(listing) == {"credit.csv"}
    assert ignored(listing) == {"other": Waiting.NOT_A_FILE, ".dropscore": Waiting.IGNORED_NAME}


def test_names_are_sifted_before_anything_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "sales.csv.part").symlink_to("/etc/passwd")
    (tmp_path / "_notes.csv").touch()
    listing = scan(inbox_at(tmp_path))
    assert ignored(listing) == {"sales.csv.part": Waiting.IN_FLIGHT, "_notes.csv": Waiting.IGNORED_NAME}


@pytest.mark.parametrize(
    ("rule", "used"),
    [
        (Completeness.QUIET, set()),
        (Completeness.RENAME, set()),
        (Completeness.MARKER, {"a.csv.done"}),
        (Completeness.CHECKSUM, {"a.csv.sha256"}),
    ],
)
def test_sidecars_are_never_drops_and_used_only_where_the_rule_asks(
    tmp_path: Path, rule: Completeness, used: set[str]
) -> None:
    for name in ("a.csv", "a.csv.done", "a.csv.sha256"):
        (tmp_path / name).write_text("x")
    listing = scan(inbox_at(tmp_path, rule))
    assert names(listing) == {"a.csv"}
    assert {seen.name for seen in listing.sidecars} == used
    assert set(ignored(listing)) == {"a.csv.done", "a.csv.sha256"} - used


def test_a_folder_that_is_gone_is_unavailable_and_never_empty(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as caught:
        scan(inbox_at(tmp_path / "gone"))
    assert caught.value.key == "inbox:credit"
    assert "No such file" in caught.value.matter


def test_a_file_in_the_folders_place_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "inbox").touch()
    with pytest.raises(Unavailable, match="Not a directory"):
        scan(inbox_at(tmp_path / "inbox"))


def test_the_check_folder_has_a_label_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as caught:
        scan(Inbox("credit", Kind.CHECK, tmp_path / "gone"))
    assert caught.value.key == "inbox:credit/check"


def test_a_process_without_descriptors_left_is_unavailable_and_heals() -> None:
    program = """
import os, resource, sys, tempfile
from pathlib import Path
from dropscore.domain.errors import Unavailable
from dropscore.domain.jobs import Kind
from dropscore.intake.scan import Inbox, scan
with tempfile.TemporaryDirectory() as folder:
    inbox = Inbox("credit", Kind.SCORE, Path(folder))
    (Path(folder) / "a.csv").touch()
    held = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))
    try:
        while True:
            held.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        pass
    try:
        scan(inbox)
    except Unavailable as fault:
        print(fault.matter)
    for handle in held:
        os.close(handle)
    print(len(scan(inbox).drops))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    told, count = done.stdout.splitlines()
    assert "Too many open files" in told, done.stderr
    assert count == "1"


def test_an_entry_that_vanishes_in_between_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.csv", "b.csv", "c.csv"):
        (tmp_path / name).touch()
    real = scanning.why_ignored

    def take_away(name: str) -> str | None:
        (tmp_path / name).unlink(missing_ok=True)  # between the listing and the look
        return real(name)

    monkeypatch.setattr(scanning, "why_ignored", take_away)
    assert scan(inbox_at(tmp_path)).drops == ()


# --- skipping ---


def after_a_while(inbox: Inbox) -> Listing:
    """A listing after which the folder's mtime was seen to stand still for long enough."""
    first = scan(inbox, None, 0.0)
    second = scan(inbox, first, 4.0)
    assert (second.still_since, second.listed_at) == (0.0, 4.0)
    return second


def test_while_the_folder_stands_still_its_names_are_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.csv").write_text("1\n")
    (tmp_path / "_ignored").touch()
    before = after_a_while(inbox_at(tmp_path))
    with monkeypatch.context() as patch:
        patch.setattr(scanning.os, "scandir", None)
        (tmp_path / "a.csv").write_text("1\n2\n")  # growing does not change the folder
        again = scan(before.inbox, before, 6.0)
    assert again.listed_at == 4.0
    assert again.drops[0].size == 4
    assert ignored(again) == ignored(before)


def test_a_change_of_names_is_always_seen(tmp_path: Path) -> None:
    (tmp_path / "a.csv").touch()
    listing = after_a_while(inbox_at(tmp_path))
    for change in (
        lambda: (tmp_path / "b.csv").touch(),
        lambda: (tmp_path / "a.csv").rename(tmp_path / "c.csv"),
        lambda: (tmp_path / "b.csv").unlink(),
    ):
        change()
        listing = scan(listing.inbox, listing, listing.seen_at + 4.0)
        assert names(listing) == {path.name for path in tmp_path.iterdir()}
        listing = scan(listing.inbox, listing, listing.seen_at + 4.0)


def test_an_mtime_that_is_new_is_not_trusted_yet(tmp_path: Path) -> None:
    """Two drops within one tick of the file system's clock leave the same mtime."""
    stamp = tmp_path.stat()
    first = scan(inbox_at(tmp_path), None, 0.0)
    (tmp_path / "a.csv").touch()
    os.utime(tmp_path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert names(scan(first.inbox, first, 2.0)) == {"a.csv"}


def test_now_and_then_all_is_listed_whatever_the_mtime_says(tmp_path: Path) -> None:
    stamp = tmp_path.stat()
    before = after_a_while(inbox_at(tmp_path))
    (tmp_path / "a.csv").touch()
    os.utime(tmp_path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))  # a file system that lies
    assert names(scan(before.inbox, before, 6.0)) == set()
    assert names(scan(before.inbox, before, 34.0)) == {"a.csv"}


def test_a_remote_folder_is_always_listed(tmp_path: Path) -> None:
    stamp = tmp_path.stat()
    inbox = Inbox("credit", Kind.SCORE, tmp_path, remote=True)
    before = scan(inbox, scan(inbox, None, 0.0), 4.0)
    (tmp_path / "a.csv").touch()
    os.utime(tmp_path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert names(scan(inbox, before, 6.0)) == {"a.csv"}


def test_another_folder_in_its_place_is_listed_anew(tmp_path: Path) -> None:
    inbox = inbox_at(tmp_path / "inbox")
    inbox.path.mkdir()
    stamp = inbox.path.stat()
    before = after_a_while(inbox)
    inbox.path.rename(tmp_path / "old")
    inbox.path.mkdir()
    (inbox.path / "a.csv").touch()
    os.utime(inbox.path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    again = scan(inbox, before, 6.0)
    assert names(again) == {"a.csv"}
    assert again.folder != before.folder


def test_10000_drops_are_all_seen_and_the_memory_is_bounded(tmp_path: Path) -> None:
    for number in range(10_000):
        (tmp_path / f"{number}.csv").touch()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    listing = scan(inbox_at(tmp_path))
    assert len(listing.drops) == 10_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000  # kB


def test_a_drop_without_its_marker_is_looked_at_again_when_the_marker_comes(tmp_path: Path) -> None:
    inbox = Inbox("credit", Kind.SCORE, tmp_path, Completeness.MARKER)
    (tmp_path / "a.csv").write_text("a")
    listing = scan(inbox, None, 100.0)
    for at in (102.0, 104.0, 106.0):
        listing = scan(inbox, listing, at)
    before = listing.drops
    (tmp_path / "a.csv").write_text("longer")  # the folder stands still
    listing = scan(inbox, listing, 108.0)
    assert listing.drops is before
    (tmp_path / "a.csv.done").write_text("")
    listing = scan(inbox, listing, 110.0)
    assert ([one.size for one in listing.drops], [one.name for one in listing.sidecars]) == ([6], ["a.csv.done"])


def test_what_dropscore_laid_there_itself_is_not_counted(tmp_path: Path) -> None:
    for name in ("_TEMPLATE.xlsx", "a.csv.waiting.json", "_note.csv", "b.csv.part"):
        (tmp_path / name).write_text("")
    (tmp_path / ".dropscore").mkdir()
    listing = scan(Inbox("credit", Kind.SCORE, tmp_path))
    assert listing.others == {Waiting.IGNORED_NAME: 1, Waiting.IN_FLIGHT: 1}
    assert scan(listing.inbox, listing).others == listing.others
