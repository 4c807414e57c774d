"""Whoever touches a root does so as the owner of its `state/`."""

import os
import pwd
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli_root import House, make_house, passable_folder
from dropscore.cli.place import become_owner
from dropscore.domain.errors import Refused
from dropscore.folders import Root

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture
def house() -> Iterator[House]:
    """A root that belongs to nobody, in folders that everybody may pass."""
    with passable_folder() as folder:
        made = make_house(folder / "r")
        nobody = pwd.getpwnam("nobody")
        for path in (made.root.path, *made.root.path.rglob("*")):
            os.chown(path, nobody.pw_uid, nobody.pw_gid)
        yield made


def python(code: str, **environ: str) -> str:
    """Run code in a process of its own, which may change its user: this one's could not be changed back."""
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=os.environ | environ
    )
    return found.stdout + found.stderr


@as_root
def test_root_becomes_the_owner_for_good(house: House) -> None:
    told = python(
        "import os; from pathlib import Path; from dropscore.cli.place import open_place\n"
        f"place = open_place(Path({str(house.config)!r}))\n"
        "(place.root.requests / 'made').touch()\n"
        "print(os.getresuid(), os.getresgid(), os.getgroups(), place.caller)",
        SUDO_USER="ana",
    )
    nobody = pwd.getpwnam("nobody")
    uid, gid = nobody.pw_uid, nobody.pw_gid
    assert told.strip() == f"{(uid,) * 3} {(gid,) * 3} [{gid}] ana"
    assert (house.root.requests / "made").stat().st_uid == uid


@as_root
def test_others_are_refused_with_a_sentence(house: House) -> None:
    daemon = pwd.getpwnam("daemon")
    told = python(
        "import os, dropscore.cli.status, dropscore.cli.errors\n"
        f"os.setgroups([]); os.setgid({daemon.pw_gid}); os.setuid({daemon.pw_uid})\n"
        f"dropscore.cli.cli(['status', '--config', {str(house.config)!r}])"
    )
    assert f"{house.root.path} belongs to nobody. Run this as that user: sudo -u nobody dropscore" in told


def test_a_folder_that_is_no_root_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="dropscore init"):
        become_owner(Root(tmp_path))
