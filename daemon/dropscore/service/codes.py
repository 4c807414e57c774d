"""Codes of jobs: drawn by lot, and none twice in a root, whether the ledger is there or not.

`state/codes/K7` holds the codes that begin with `K7` and were drawn here, a line each. It is not synced: a power cut
may take the last ones with it, and then one of these is as likely to be drawn again as any other, 1 in 10¹².
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

from dropscore.folders import Root, new_code

_SHARD = 2


def draw_code(root: Root) -> str:
    """Draw a code that no job of this root was given, and keep it in mind. OSError: the disk is at fault."""
    while not remember_code(root, code := new_code()):
        pass
    return code


def remember_code(root: Root, code: str) -> bool:
    """Write a code down; False: it was known already."""
    folder = root.state / "codes"
    line = f"{code}\n".encode()
    handle = _opened(folder, code[:_SHARD])
    try:
        if line in os.read(handle, os.fstat(handle).st_size):
            return False
        if os.write(handle, line) < len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))
    finally:
        os.close(handle)
    return True


def _opened(folder: Path, name: str) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        return os.open(folder / name, flags, 0o640)
    except FileNotFoundError:
        folder.mkdir(mode=0o750, exist_ok=True)
        return os.open(folder / name, flags, 0o640)
