"""fsync, rename and link as the promises need them.

A rename is atomic, but it is durable only once both parent directories are synced. An fsync that failed must
never be repeated on the same inode: the kernel drops the dirty pages and the second call "succeeds" with the
data gone. So every failure here leaves the old state, and the caller starts again with a new inode.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

_AT_FDCWD = -100
_RENAME_NOREPLACE = 1
_CHUNK = 1 << 20
_libc = ctypes.CDLL(None, use_errno=True)
_renameat2 = getattr(_libc, "renameat2", None)


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_parents(source: Path, target: Path) -> None:
    """Make a rename durable: the new name first, so that a power cut leaves two names and never none."""
    sync_directory(target.parent)
    if source.parent != target.parent:
        sync_directory(source.parent)


def write_all(handle: int, data: bytes) -> None:
    """Write all of it, however short the kernel's writes are."""
    view = memoryview(data)
    while view:
        written = os.write(handle, view)
        view = view[written:]


def write_new(path: Path, data: bytes, mode: int = 0o640) -> None:
    """Put a small file at `path`, whole and durable or not at all; an older one is replaced."""
    partial = path.with_name(f".{path.name}.part")
    with contextlib.suppress(FileNotFoundError):
        partial.unlink()
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    try:
        write_all(handle, data)
        os.fsync(handle)
    finally:
        os.close(handle)
    partial.replace(path)
    sync_directory(path.parent)


def append_line(path: Path, line: bytes) -> None:
    """Append one line durably. A torn last line of an earlier crash is closed first, so that it spoils one only."""
    new = not path.exists()
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o640)
    try:
        size = os.fstat(handle).st_size
        torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
        write_all(handle, (b"\n" if torn else b"") + line.rstrip(b"\n") + b"\n")
        os.fsync(handle)
    finally:
        os.close(handle)
    if new:
        sync_directory(path.parent)


def renew(path: Path) -> None:
    """Make a small file durable that may be there by a write or a sync that failed: as a new inode, for that reason."""
    write_new(path, path.read_bytes())


def make_directory(path: Path, mode: int = 0o700) -> None:
    """Make one directory durably; it is no error if it is there."""
    try:
        path.mkdir(mode=mode)
    except FileExistsError:
        return
    try:
        sync_directory(path.parent)
    except OSError:
        with contextlib.suppress(OSError):
            path.rmdir()  # the next try would find it there, and never sync it
        raise


def make_directories(path: Path, mode: int = 0o700) -> None:
    """Make a directory and what is missing above it, durably: what lies in it is as safe as its own name."""
    if path.is_dir():
        return
    make_directories(path.parent, mode)
    make_directory(path, mode)


def rename_noreplace(source: Path, target: Path) -> None:
    """Rename durably, and never over anything. FileExistsError if the target's name is taken.

    Where the kernel or file system knows no RENAME_NOREPLACE (NFS answers EINVAL), a hard link does the same. If
    the target is a second name of the source, an earlier try came as far as the link, and is completed.
    """
    _rename_unless_taken(source, target, _link_and_unlink)


def publish(source: Path, target: Path) -> None:
    """Rename durably to where a reader may take it at once. FileExistsError if the target's name is taken.

    Where there is no RENAME_NOREPLACE a look stands in for it, not a link: a link makes two names, and if the machine
    ended between the two steps and the reader had taken one, the next start would publish the other. The look misses
    only who takes the very same name in the microseconds after it, so it is for names that nobody can guess.
    """
    _rename_unless_taken(source, target, _look_and_rename)


def _rename_unless_taken(source: Path, target: Path, otherwise: Callable[[Path, Path], None]) -> None:
    try:
        if not _rename_flagged(source, target):
            otherwise(source, target)
    except FileExistsError:
        if not os.path.samestat(source.lstat(), target.lstat()):
            raise
        source.unlink()
    sync_parents(source, target)


def _link_and_unlink(source: Path, target: Path) -> None:
    os.link(source, target, follow_symlinks=False)
    source.unlink()


def _look_and_rename(source: Path, target: Path) -> None:
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    source.rename(target)


def _rename_flagged(source: Path, target: Path) -> bool:
    if _renameat2 is None:
        return False
    failed = _renameat2(
        _AT_FDCWD, os.fsencode(source), _AT_FDCWD, os.fsencode(target), ctypes.c_uint(_RENAME_NOREPLACE)
    )
    if not failed:
        return True
    number = ctypes.get_errno()
    if number in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
        return False
    raise OSError(number, os.strerror(number), str(source), None, str(target))


def move_noreplace(source: Path, target: Path) -> None:
    """Rename as above, across mounts too. FileExistsError if something else has the target's name.

    A target across a mount that holds what the source holds is an earlier try's, which is completed.
    """
    try:
        rename_noreplace(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        if not (target.is_file() and sha256_of(target) == sha256_of(source)):
            partial = target.with_name(f".{target.name}.part")
            with opened(source) as handle:
                copy_new(handle, partial)
            rename_noreplace(partial, target)
        source.unlink()
        sync_directory(source.parent)


def rename(source: Path, target: Path) -> None:
    """Rename durably. The caller knows that there is nothing at the target, or means to replace it."""
    source.rename(target)
    sync_parents(source, target)


def sync_file(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_file_system(path: Path) -> None:
    """Make all durable that was written to the file system on which a folder lies: one call for many small files."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if _libc.syncfs(handle):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(path))
    finally:
        os.close(handle)


def copy_new(source: int, target: Path, mode: int = 0o640) -> tuple[int, str]:
    """Copy an open file to a new inode, fsync it, and return its bytes and SHA-256.

    The target's directory is not synced: the caller does that once for all that it put there.
    """
    with contextlib.suppress(FileNotFoundError):
        target.unlink()
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    digest = hashlib.sha256()
    size = 0
    try:
        while chunk := os.pread(source, _CHUNK, size):
            write_all(handle, chunk)
            digest.update(chunk)
            size += len(chunk)
        os.fsync(handle)
    except BaseException:
        target.unlink(missing_ok=True)  # never sync this inode again: see the module's first lines
        raise
    finally:
        os.close(handle)
    return size, digest.hexdigest()


def sha256_of(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def remove_tree(path: Path, trash: Path) -> None:
    """Remove a directory, by rename first: whoever looks sees it whole or not at all.

    If it is gone already, an earlier try came as far as the rename, and is completed.
    """
    with contextlib.suppress(FileNotFoundError):
        path.rename(trash)
    sync_parents(path, trash)
    if trash.exists():
        shutil.rmtree(trash)


@contextlib.contextmanager
def opened(path: Path) -> Iterator[int]:
    """Open for reading without following a link and without blocking on a FIFO."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        yield handle
    finally:
        os.close(handle)
