"""Is it still the folder that it was?"""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from dropscore.domain.errors import Unavailable
from dropscore.intake import guard as guarding
from dropscore.intake.guard import Guard, is_remote, mount_point

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    (tmp_path / "inbox").mkdir()
    return tmp_path / "inbox"


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "folders.json"


def sentinel(inbox: Path) -> Path:
    return inbox / ".dropscore" / "id"


def test_the_same_folder_is_accepted_now_and_after_a_restart(kept: Path, inbox: Path) -> None:
    for _ in range(3):
        guard = Guard(kept)
        guard.check("credit", inbox)
        guard.check("credit", inbox)


def test_the_sentinel_lies_where_no_sender_can_touch_it(kept: Path, inbox: Path) -> None:
    Guard(kept).check("credit", inbox)
    assert stat.S_IMODE(sentinel(inbox).parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(sentinel(inbox).stat().st_mode) == 0o400
    assert len(sentinel(inbox).read_text().strip()) == 32


def test_an_absent_folder_is_unavailable_by_its_label(kept: Path, tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as caught:
        Guard(kept).check("credit", tmp_path / "none")
    assert caught.value.key == "inbox:credit"
    assert not kept.exists()


def test_a_file_is_no_inbox(kept: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable, match="is not a folder"):
        Guard(kept).check("credit", tmp_path / "file")


def test_another_folder_in_its_place_is_refused_until_it_is_accepted(kept: Path, tmp_path: Path, inbox: Path) -> None:
    guard = Guard(kept)
    guard.check("credit", inbox)
    inbox.rename(tmp_path / "old")
    inbox.mkdir()
    for found in (guard, Guard(kept)):
        with pytest.raises(Unavailable, match="doctor --accept credit"):
            found.check("credit", inbox)
    Guard(kept).accept("credit", inbox)
    guard.check("credit", inbox)  # the running daemon hears of it
    Guard(kept).check("credit", inbox)


def test_the_right_folder_that_comes_back_is_taken_up_again(kept: Path, tmp_path: Path, inbox: Path) -> None:
    guard = Guard(kept)
    guard.check("credit", inbox)
    inbox.rename(tmp_path / "away")
    with pytest.raises(Unavailable, match="is away"):
        guard.check("credit", inbox)
    (tmp_path / "away").rename(inbox)
    guard.check("credit", inbox)


def test_one_route_that_is_away_leaves_the_others_alone(kept: Path, tmp_path: Path, inbox: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    guard = Guard(kept)
    guard.check("credit", inbox)
    guard.check("other", other)
    inbox.rename(tmp_path / "away")
    with pytest.raises(Unavailable):
        guard.check("credit", inbox)
    guard.check("other", other)


def test_after_it_was_away_the_same_inode_without_the_mark_is_another_folder(
    kept: Path, tmp_path: Path, inbox: Path
) -> None:
    """A file system gives the number of a folder that was removed to the next one that is made."""
    guard = Guard(kept)
    guard.check("credit", inbox)
    inbox.rename(tmp_path / "elsewhere")
    with pytest.raises(Unavailable, match="is away"):
        guard.check("credit", inbox)
    (tmp_path / "elsewhere").rename(inbox)
    mark = sentinel(inbox).read_bytes()
    sentinel(inbox).unlink()
    for _ in range(2):
        with pytest.raises(Unavailable, match="does not carry its mark"):
            guard.check("credit", inbox)
    sentinel(inbox).write_bytes(mark)
    guard.check("credit", inbox)
    sentinel(inbox).unlink()
    Guard(kept).accept("credit", inbox)
    guard.check("credit", inbox)


def test_one_that_was_made_anew_between_two_looks_is_another_folder_also_with_the_same_inode(
    kept: Path, inbox: Path
) -> None:
    guard = Guard(kept)
    guard.check("credit", inbox)
    sentinel(inbox).unlink()
    sentinel(inbox).parent.rmdir()
    for _ in range(2):
        with pytest.raises(Unavailable, match="does not carry its mark"):
            guard.check("credit", inbox)


def test_a_lost_sentinel_is_laid_anew_where_the_inode_is_the_same(kept: Path, inbox: Path) -> None:
    Guard(kept).check("credit", inbox)
    before = sentinel(inbox).read_text()
    sentinel(inbox).unlink()
    Guard(kept).check("credit", inbox)
    assert sentinel(inbox).read_text() == before


def test_a_foreign_sentinel_is_refused(kept: Path, inbox: Path) -> None:
    Guard(kept).check("credit", inbox)
    sentinel(inbox).unlink()
    sentinel(inbox).write_text("another\n")
    with pytest.raises(Unavailable, match="mark of another folder"):
        Guard(kept).check("credit", inbox)


def test_a_copy_of_the_folder_is_another_folder(kept: Path, tmp_path: Path, inbox: Path) -> None:
    """A restored backup carries the right sentinel: whether its drops are old is for a person to say."""
    Guard(kept).check("credit", inbox)
    inbox.rename(tmp_path / "old")
    subprocess.run(["cp", "-a", str(tmp_path / "old"), str(inbox)], check=True)
    with pytest.raises(Unavailable, match="Another folder"):
        Guard(kept).check("credit", inbox)


def test_after_the_loss_of_the_state_a_sentinel_is_taken_over_and_not_replaced(kept: Path, inbox: Path) -> None:
    Guard(kept).check("credit", inbox)
    before = sentinel(inbox).read_text()
    kept.unlink()
    Guard(kept).check("credit", inbox)
    assert sentinel(inbox).read_text() == before


def test_a_route_that_was_moved_by_the_configuration_is_taken_note_of(kept: Path, tmp_path: Path, inbox: Path) -> None:
    Guard(kept).check("credit", inbox)
    (tmp_path / "elsewhere").mkdir()
    Guard(kept).check("credit", tmp_path / "elsewhere")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 2, "folders": {}}', '{"format": 1, "folders": {"a": {}}}'])
def test_what_is_known_and_cannot_be_read_is_an_alarm_and_not_forgotten(kept: Path, inbox: Path, text: str) -> None:
    """Forgetting it would take an unmounted folder for a new one."""
    Guard(kept).check("credit", inbox)
    kept.write_text(text)
    guard = Guard(kept)
    with pytest.raises(Unavailable, match="doctor --accept credit"):
        guard.check("credit", inbox)
    guard.accept("credit", inbox)
    guard.check("credit", inbox)


def test_a_crash_between_sentinel_and_record_leaves_nothing_to_explain(
    kept: Path, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Guard, "_write", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        with pytest.raises(OSError, match="No space"):
            Guard(kept).check("credit", inbox)
    Guard(kept).check("credit", inbox)
    assert json.loads(kept.read_text())["folders"]["credit"]["id"] == sentinel(inbox).read_text().strip()


def test_a_sentinel_that_cannot_be_read_is_not_taken_for_a_lost_one(
    kept: Path, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Guard(kept).check("credit", inbox)

    def fail(*_: object) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(guarding.os, "read", fail)
    with pytest.raises(Unavailable, match="Input/output error"):
        Guard(kept).check("credit", inbox)


def test_a_link_that_a_sender_laid_in_the_place_of_our_folder_is_refused(
    kept: Path, tmp_path: Path, inbox: Path
) -> None:
    (tmp_path / "trap").mkdir()
    (inbox / ".dropscore").symlink_to(tmp_path / "trap")
    with pytest.raises(Unavailable, match="not the daemon's own folder"):
        Guard(kept).check("credit", inbox)
    assert list((tmp_path / "trap").iterdir()) == []


@root_only
def test_a_folder_of_another_owner_in_the_place_of_ours_is_refused(kept: Path, inbox: Path) -> None:
    (inbox / ".dropscore").mkdir()
    os.chown(inbox / ".dropscore", 65534, 65534)
    with pytest.raises(Unavailable, match="not the daemon's own folder"):
        Guard(kept).check("credit", inbox)


def test_our_folder_is_closed_where_it_was_open(kept: Path, inbox: Path) -> None:
    (inbox / ".dropscore").mkdir()
    (inbox / ".dropscore").chmod(0o777)
    Guard(kept).check("credit", inbox)
    assert stat.S_IMODE((inbox / ".dropscore").stat().st_mode) == 0o700


# --- mounts ---


def mount(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")


@pytest.fixture
def mounted(inbox: Path) -> Iterator[Path]:
    mount("-t", "tmpfs", "tmpfs", str(inbox))
    yield inbox
    while os.path.ismount(inbox):
        subprocess.run(["umount", "-l", str(inbox)], check=True)


@root_only
def test_a_disk_that_was_not_mounted_at_start_is_an_alarm(kept: Path, mounted: Path) -> None:
    guard = Guard(kept)
    guard.check("credit", mounted)
    subprocess.run(["umount", str(mounted)], check=True)
    for found in (guard, Guard(kept)):
        with pytest.raises(Unavailable, match="was a disk not mounted"):
            found.check("credit", mounted)
    assert not sentinel(mounted).exists(), "no mark is laid on the empty place of a mount"


@root_only
def test_something_mounted_over_the_inbox_is_an_alarm_and_heals(kept: Path, inbox: Path) -> None:
    guard = Guard(kept)
    guard.check("credit", inbox)
    mount("-t", "tmpfs", "tmpfs", str(inbox))
    try:
        for found in (guard, Guard(kept)):
            with pytest.raises(Unavailable, match="Another folder"):
                found.check("credit", inbox)
    finally:
        subprocess.run(["umount", str(inbox)], check=True)
    guard.check("credit", inbox)


@root_only
def test_the_same_disk_mounted_again_under_another_device_number_is_the_same(kept: Path, tmp_path: Path) -> None:
    """As after a boot: the device number is new; inode, type and sentinel are not."""
    image, place = tmp_path / "disk.img", tmp_path / "disk"
    place.mkdir()
    with image.open("wb") as file:
        file.truncate(16 << 20)
    if subprocess.run(["mkfs.ext4", "-q", str(image)], capture_output=True, check=False).returncode:
        pytest.skip("no mkfs.ext4 here")
    mount("-o", "loop", str(image), str(place))
    try:
        (place / "inbox").mkdir()
        guard = Guard(kept)
        guard.check("credit", place / "inbox")
        first = place.stat().st_dev
        subprocess.run(["umount", str(place)], check=True)
        with pytest.raises(Unavailable, match="is away"):
            guard.check("credit", place / "inbox")
        other = tmp_path / "other.img"
        with other.open("wb") as file:  # it takes the loop device that the first one had
            file.truncate(16 << 20)
        spare = subprocess.run(["losetup", "-f", "--show", str(other)], capture_output=True, text=True, check=True)
        try:
            mount("-o", "loop", str(image), str(place))
            assert place.stat().st_dev != first
            guard.check("credit", place / "inbox")
            Guard(kept).check("credit", place / "inbox")
        finally:
            subprocess.run(["umount", str(place)], check=False)
            subprocess.run(["losetup", "-d", spare.stdout.strip()], check=True)
    finally:
        if os.path.ismount(place):
            subprocess.run(["umount", str(place)], check=False)


@root_only
def test_a_read_only_folder_that_is_new_cannot_be_taken_note_of(kept: Path, mounted: Path) -> None:
    mount("-o", "remount,ro", str(mounted))
    with pytest.raises(OSError, match="Read-only"):
        Guard(kept).check("credit", mounted)
    mount("-o", "remount,rw", str(mounted))
    Guard(kept).check("credit", mounted)


@root_only
def test_a_read_only_folder_that_is_known_is_the_same_folder(kept: Path, mounted: Path) -> None:
    Guard(kept).check("credit", mounted)
    mount("-o", "remount,ro", str(mounted))
    Guard(kept).check("credit", mounted)


@root_only
def test_a_mount_point_with_a_space_in_its_name_is_found(tmp_path: Path) -> None:
    place = tmp_path / "a disk\twith \\040 signs"
    place.mkdir()
    mount("-t", "tmpfs", "tmpfs", str(place))
    try:
        (place / "inbox").mkdir()
        assert mount_point(place / "inbox") == place
        assert mount_point(tmp_path) != place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_a_folder_that_does_not_exist_yet_lies_on_the_mount_above_it(tmp_path: Path) -> None:
    assert mount_point(tmp_path / "not" / "there") == mount_point(tmp_path)


@pytest.mark.parametrize(
    ("line", "remote"),
    [
        ("nfs4 server:/export rw", True),
        ("cifs //server/share rw", True),
        ("fuse.sshfs user@host: rw", True),
        ("fuse bindfs rw", True),
        ("fuseblk /dev/sdb1 rw", False),
        ("9p host rw", True),
        ("ceph 10.0.0.1:/ rw", True),
        ("ext4 /dev/sda1 rw", False),
        ("xfs /dev/sda1 rw", False),
        ("btrfs /dev/sda1 rw", False),
        ("overlay overlay rw", False),
        ("tmpfs tmpfs rw", False),
    ],
)
def test_shares_are_told_from_disks_by_their_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, remote: bool
) -> None:
    table = (
        "21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
        f"40 21 0:50 / {tmp_path} rw shared:2 master:1 - {line}\n"
        "41 21 0:51 / /elsewhere rw - nfs4 server:/export rw\n"
    )
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: table)
    assert is_remote(tmp_path / "inbox") is remote


def test_what_lies_on_top_of_a_mount_point_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = (
        "21 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
        f"40 21 8:2 / {tmp_path} rw - ext4 /dev/sda2 rw\n"
        f"41 40 0:50 / {tmp_path} rw - nfs4 server:/export rw\n"
    )
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: table)
    assert is_remote(tmp_path)


@root_only
def test_a_bindfs_mount_is_remote(tmp_path: Path) -> None:
    """It stands for a share: inotify does not see what is dropped behind it."""
    (tmp_path / "behind").mkdir()
    (tmp_path / "front").mkdir()
    try:
        done = subprocess.run(["bindfs", str(tmp_path / "behind"), str(tmp_path / "front")], capture_output=True)
    except FileNotFoundError:
        pytest.skip("no bindfs here")
    if done.returncode:
        pytest.skip(f"bindfs: {done.stderr.decode()}")
    try:
        assert is_remote(tmp_path / "front")
        assert not is_remote(tmp_path / "behind")
    finally:
        subprocess.run(["umount", str(tmp_path / "front")], check=True)


def test_the_guard_needs_no_heavy_library() -> None:
    program = """
        import sys
        import dropscore.intake.guard, dropscore.intake.settle, dropscore.intake.watch
        print(sorted({"pandas", "numpy", "pyarrow"} & sys.modules.keys()))
        """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "[]\n"
