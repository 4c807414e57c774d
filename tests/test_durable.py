"""fsync, rename and link."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropscore import durable


def test_write_new_replaces_whole_and_leaves_no_partial(tmp_path: Path) -> None:
    path = tmp_path / "claim.json"
    durable.write_new(path, b"one")
    durable.write_new(path, b"two")
    assert path.read_bytes() == b"two"
    assert [entry.name for entry in tmp_path.iterdir()] == ["claim.json"]


def test_write_new_takes_over_a_partial_that_a_crash_left(tmp_path: Path) -> None:
    (tmp_path / ".claim.json.part").write_bytes(b"torn")
    durable.write_new(tmp_path / "claim.json", b"whole")
    assert (tmp_path / "claim.json").read_bytes() == b"whole"


def test_write_all_goes_on_after_short_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: real(handle, bytes(data)[:3]))
    durable.write_new(tmp_path / "file", b"0123456789")
    assert (tmp_path / "file").read_bytes() == b"0123456789"


def test_rename_noreplace_refuses_a_taken_name(tmp_path: Path) -> None:
    source, target = tmp_path / "a", tmp_path / "b"
    source.write_text("mine")
    target.write_text("theirs")
    with pytest.raises(FileExistsError):
        durable.rename_noreplace(source, target)
    assert (source.read_text(), target.read_text()) == ("mine", "theirs")


@pytest.mark.parametrize("flagged", [True, False])
@pytest.mark.parametrize("rename", [durable.rename_noreplace, durable.publish])
def test_rename_noreplace_with_and_without_the_kernels_flag(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rename: Callable[[Path, Path], None], flagged: bool
) -> None:
    if not flagged:
        monkeypatch.setattr(durable, "_rename_flagged", lambda source, target: False)
    source, target = tmp_path / "a", tmp_path / "b"
    source.write_text("x")
    rename(source, target)
    assert target.read_text() == "x"
    assert target.stat().st_nlink == 1
    assert not source.exists()
    source.write_text("y")
    with pytest.raises(FileExistsError):
        rename(source, target)
    assert target.read_text() == "x"
    target.unlink()
    target.symlink_to("nowhere")
    with pytest.raises(FileExistsError):
        rename(source, target)


def _ended(path: Path) -> None:
    raise InterruptedError(path)


def test_what_is_published_never_has_two_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable, "_rename_flagged", lambda source, target: False)
    source, target = tmp_path / "a", tmp_path / "b"
    source.write_text("x")
    monkeypatch.setattr(Path, "unlink", _ended)  # where a machine would end that had made a second name
    durable.publish(source, target)
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def test_every_rename_is_followed_by_the_fsync_of_both_parents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(durable, "sync_directory", synced.append)
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    for rename in (durable.rename, durable.rename_noreplace, durable.publish):
        (tmp_path / "one" / "file").write_text("x")
        rename(tmp_path / "one" / "file", tmp_path / "two" / "file")
        assert synced == [tmp_path / "two", tmp_path / "one"]
        synced.clear()
        (tmp_path / "two" / "file").unlink()


def test_append_line_closes_a_torn_line(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    durable.append_line(path, b"one")
    with path.open("ab") as torn:
        torn.write(b'{"half')
    durable.append_line(path, b"two\n")
    assert path.read_bytes() == b'one\n{"half\ntwo\n'


@given(content=st.binary(max_size=5000), chunk=st.integers(1, 700))
def test_copy_new_copies_and_hashes(tmp_path_factory: pytest.TempPathFactory, content: bytes, chunk: int) -> None:
    folder = tmp_path_factory.mktemp("copy")
    (folder / "source").write_bytes(content)
    with pytest.MonkeyPatch.context() as patch, durable.opened(folder / "source") as source:
        patch.setattr(durable, "_CHUNK", chunk)
        size, digest = durable.copy_new(source, folder / "target")
    assert (folder / "target").read_bytes() == content
    assert (size, digest) == (len(content), hashlib.sha256(content).hexdigest())


def test_a_failed_fsync_leaves_no_inode_that_could_be_synced_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(handle: int) -> None:
        raise OSError(5, "Input/output error")

    (tmp_path / "source").write_bytes(b"x")
    monkeypatch.setattr(os, "fsync", fail)
    with durable.opened(tmp_path / "source") as source, pytest.raises(OSError, match="Input/output"):
        durable.copy_new(source, tmp_path / "target")
    assert not (tmp_path / "target").exists()


def test_opened_follows_no_link_and_hangs_on_no_fifo(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(OSError, match="symbolic links"), durable.opened(tmp_path / "link"):
        pass
    os.mkfifo(tmp_path / "fifo")
    with durable.opened(tmp_path / "fifo") as handle:
        assert handle >= 0


def test_remove_tree_is_no_error_when_it_is_gone(tmp_path: Path) -> None:
    (tmp_path / "job").mkdir()
    (tmp_path / "job" / "file").write_text("x")
    durable.remove_tree(tmp_path / "job", tmp_path / ".trash-job")
    durable.remove_tree(tmp_path / "job", tmp_path / ".trash-job")
    assert list(tmp_path.iterdir()) == []
