"""Work that tries to do what no worker may."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def reach(port: int) -> dict[str, str]:
    """Try to reach a server on loopback in several ways; return by way how that went."""
    child = f"import socket; socket.create_connection(('127.0.0.1', {port}), 5)"

    def by_tcp() -> None:
        with socket.socket() as connection:
            connection.settimeout(5)
            connection.connect(("127.0.0.1", port))

    def by_child() -> None:
        done = subprocess.run([sys.executable, "-c", child], capture_output=True, text=True, check=False)
        if "PermissionError" in done.stderr:
            raise PermissionError
        done.check_returncode()

    ways: dict[str, Callable[[], object]] = {
        "tcp": by_tcp,
        "udp": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close(),
        "unix": lambda: socket.socket(socket.AF_UNIX).close(),
        "child": by_child,
    }
    return {name: _told(way) for name, way in ways.items()}


def _told(way: Callable[[], object]) -> str:
    try:
        way()
    except OSError as error:
        return type(error).__name__
    return "reached"


def change(folder: str) -> dict[str, str]:
    """Read, and try every kind of change in a folder that holds a `manifest.json`."""
    place = Path(folder)
    known = place / "manifest.json"
    own = place.parent / "own"

    def link_out() -> None:
        (own / "mine").write_text("mine")
        with suppress(FileNotFoundError):
            (place / "linked").unlink()
        (place / "linked").hardlink_to(own / "mine")

    tries: dict[str, Callable[[], object]] = {
        "overwrite": lambda: known.write_text("{}"),
        "truncate": lambda: os.truncate(known, 1),
        "make": lambda: (place / "made").write_text("made"),
        "make a folder": lambda: (place / "folder").mkdir(),
        "rename": lambda: known.rename(place / "renamed"),
        "link out": link_out,
        "remove": lambda: next(path for path in place.iterdir() if path.is_file()).unlink(),
    }
    told = {"read": known.read_text()}
    for name, attempt in tries.items():
        try:
            attempt()
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EPERM, errno.EXDEV):
                raise
            told[name] = "refused"
        else:
            told[name] = "done"
    return told


def spill(_: object) -> str:
    with tempfile.TemporaryFile() as file, Path(os.devnull).open("w") as null:
        file.write(b"spilled")
        null.write("nothing")
        file.seek(0)
        return file.read().decode()


def write(path: str) -> int:
    Path(path).write_text("written")
    return os.getpid()
