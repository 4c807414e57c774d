"""Real accounts: a daemon's, senders of two routes, and a reader, made as the documents say and removed again.

Their names carry a mark, and the account the process that made it: what a killed run left is removed by the next one.
"""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import dropscore

DOCS = Path(__file__).parents[2] / "docs"
_OURS = re.compile(r"dropscore test of process (\d+)")
_MARKED = re.compile(r"dst[0-9a-f]{6}-")


@dataclass(frozen=True, slots=True)
class Person:
    """An account and the groups that it is in."""

    name: str
    uid: int
    gid: int
    groups: tuple[int, ...]

    def sh(self, script: str, *arguments: str | Path, text: str = "") -> subprocess.CompletedProcess[str]:
        """Run a shell script as this account, with its groups."""
        return subprocess.run(
            ["/bin/sh", "-euc", script, "sh", *arguments],
            user=self.uid,
            group=self.gid,
            extra_groups=self.groups,
            cwd="/",
            env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
            input=text,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=60,
        )


def person(name: str) -> Person:
    found = pwd.getpwnam(name)
    return Person(name, found.pw_uid, found.pw_gid, tuple(os.getgrouplist(name, found.pw_gid)))


@contextlib.contextmanager
def marked() -> Iterator[str]:
    """Give a mark for the names of accounts and groups; in the end all that bear it are removed."""
    _remove_what_is_left()
    mark = f"dst{secrets.token_hex(3)}"
    try:
        yield mark
    finally:
        _remove(mark)


@contextlib.contextmanager
def passable() -> Iterator[Path]:
    """Give a folder that everybody can pass through, with nothing but root's folders above it, as a chroot needs it."""
    for left in Path("/srv").glob("dropscore-test-*-*"):
        if not Path("/proc", left.name.split("-")[2]).exists():
            shutil.rmtree(left)  # of a run that was killed
    folder = Path(tempfile.mkdtemp(prefix=f"dropscore-test-{os.getpid()}-", dir="/srv"))
    try:
        folder.chmod(0o755)
        yield folder
    finally:
        shutil.rmtree(folder)


def add_account(command: str) -> None:
    """Run a `useradd` of the documents; a note in the account says whose it is."""
    assert command.startswith("useradd ")
    run(f"useradd --comment 'dropscore test of process {os.getpid()}' {command.removeprefix('useradd ')}")


def run(command: str) -> str:
    done = subprocess.run(["/bin/sh", "-euc", command], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout.strip()


def _remove_what_is_left() -> None:
    for entry in pwd.getpwall():
        ours, name = _OURS.search(entry.pw_gecos), _MARKED.match(entry.pw_name)
        if ours and name and not Path(f"/proc/{ours[1]}").exists():
            _remove(name[0].rstrip("-"))


def _remove(mark: str) -> None:
    for user in [entry.pw_name for entry in pwd.getpwall() if entry.pw_name.startswith(f"{mark}-")]:
        # It is refused while a process of the account is still ending.
        until = time.monotonic() + 30
        while (
            subprocess.run(["userdel", user], capture_output=True, check=False).returncode and time.monotonic() < until
        ):
            time.sleep(0.1)
    for group in [entry.gr_name for entry in grp.getgrall() if entry.gr_name.startswith(f"{mark}-")]:
        subprocess.run(["groupdel", group], capture_output=True, check=False)


def block(page: str, language: str, containing: str = "") -> str:
    """Return the one block of a page of the documents that is in this language and holds these words."""
    text = (DOCS / page).read_text(encoding="utf-8")
    found = [
        body
        for kind, body in re.findall(r"```(\S*)\n(.*?)```", text, re.DOTALL)
        if kind == language and containing in body
    ]
    assert len(found) == 1, f"{page}: {len(found)} blocks in {language} with {containing!r}"
    return str(found[0])


def fitted(text: str, names: Mapping[str, str | Path]) -> str:
    """Put this machine's names and places for those of the documents; the longest first."""
    pattern = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.sub(rf"(?<![\w-])(?:{pattern})(?![\w-])", lambda match: str(names[match[0]]), text)


def reachable() -> list[str]:
    """Return the start of a command whose program every account can reach, in a mount namespace of its own.

    Where tests run, the interpreter or the checkout may lie in a folder that is closed to others, such as /root. There
    that folder is hidden under an open one which holds nothing but what the program needs.
    """
    needed = {Path(sys.base_prefix).resolve(), Path(sys.prefix).absolute(), Path(dropscore.__file__).parents[1]}
    closed = {path: _first_closed(path) for path in sorted(needed)}
    hidden = [(path, top) for path, top in closed.items() if top is not None]
    lines = ["mount -t tmpfs -o mode=755 none /mnt"] if hidden else []
    for number, (path, _) in enumerate(hidden):
        lines += [f"mkdir /mnt/{number}", f"mount --rbind '{path}' /mnt/{number}"]
    lines += [f"mount -t tmpfs -o mode=755 none '{top}'" for top in sorted({top for _, top in hidden})]
    for number, (path, _) in enumerate(hidden):
        lines += [f"mkdir -p '{path}'", f"mount --rbind /mnt/{number} '{path}'"]
    return ["unshare", "--mount", "--propagation", "private", "sh", "-euc", "\n".join([*lines, 'exec "$@"']), "sh"]


def _first_closed(path: Path) -> Path | None:
    return next((top for top in reversed((path, *path.parents)) if not top.stat().st_mode & 0o001), None)
