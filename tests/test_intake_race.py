"""A sender who swaps a drop for a link, a FIFO or a folder, at any moment between our looking and our taking."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from dropscore.domain.jobs import Kind
from dropscore.folders import as_base64, new_code, new_job, now_utc
from dropscore.intake import claim as claims
from dropscore.intake.probe import probe
from dropscore.intake.scan import Inbox, scan
from dropscore.journal import Claim
from dropscore.receipt import Sender

SWAPS = int(os.environ.get("DROPSCORE_SWAPS", "20000"))
"""100,000 before a release: DROPSCORE_SWAPS=100000 pytest tests/test_intake_race.py"""
LEAST_CLAIMS = 200
SECRET = b"root:$6$canary:19000::::::\n"
PLAIN = b"id,area,rooms\nH1,20.5,3\n"

# Swaps two names with one system call, so that there is always something under the drop's name; lays a fresh file
# where it was taken; makes what is swapped in anew, since some of it is taken, too; counts.
RACER = textwrap.dedent(
    """
    import ctypes, os, random, sys
    os.chdir(sys.argv[1])
    secret, plain, most = sys.argv[2], sys.argv[3].encode(), int(sys.argv[4])
    libc = ctypes.CDLL(None)
    others = ["_link", "_hard", "_fifo", "_folder", "_other"]

    def whole(name):
        # By a rename: what is taken between its making and its writing would be empty, and rightly so.
        with open("_new", "wb") as new:
            new.write(plain)
        os.replace("_new", name)

    def lay():
        worn = random.choice(others)
        try:
            (os.rmdir if os.path.isdir(worn) and not os.path.islink(worn) else os.unlink)(worn)
        except OSError:
            pass
        for name, make in (
            ("_link", lambda: os.symlink(secret, "_link")),
            ("_hard", lambda: os.link("_linked", "_hard")),
            ("_fifo", lambda: os.mkfifo("_fifo")),
            ("_folder", lambda: os.mkdir("_folder")),
            ("_other", lambda: whole("_other")),
            ("race.csv", lambda: whole("race.csv")),
        ):
            try:
                if not os.path.lexists(name):
                    make()
            except OSError:
                pass

    swaps = 0
    open("_linked", "wb").write(plain)
    while swaps < most or not os.path.exists("_stop"):
        if not swaps % 16:
            lay()
        other = random.choice(others)
        swapped = libc.renameat2(-100, b"race.csv", -100, other.encode(), 2) == 0
        swaps += swapped
        if not swapped:
            lay()
        if not swaps % 1000:
            open("_count.part", "w").write(str(swaps))
            os.replace("_count.part", "_count")
    """
)


@pytest.fixture
def racing(tmp_path: Path) -> Iterator[Path]:
    inbox, secret = tmp_path / "inbox", tmp_path / "secret"
    inbox.mkdir()
    secret.write_bytes(SECRET)
    (tmp_path / "processing").mkdir()
    arguments = [str(inbox), str(secret), PLAIN.decode(), str(SWAPS)]
    racer = subprocess.Popen([sys.executable, "-c", RACER, *arguments])
    yield inbox
    (inbox / "_stop").touch()
    racer.wait(60)


def _count(inbox: Path) -> int:
    try:
        return int((inbox / "_count").read_text() or 0)
    except FileNotFoundError:
        return 0


def _claim(inbox: Path) -> Claim:
    return Claim(
        job=new_job(),
        code=new_code(),
        route="credit",
        name="race.csv",
        name_base64=as_base64("race.csv"),
        sender=Sender(name="ana"),
        claimed=now_utc(),
        inbox=str(inbox),
    )


def _taken(inbox: Path, processing: Path, look: bool) -> str:
    """Look, look closer, and take, as the service does; say what came of it.

    Not to `look` is to be swapped always: between a look that was satisfied and the taking there is little time.
    """
    if look:
        listing = scan(Inbox("credit", Kind.SCORE, inbox))
        seen = next((drop for drop in listing.drops if drop.name == "race.csv"), None)
        if seen is None or probe(seen) is None:
            return "not a drop"
    claim = _claim(inbox)
    folder = processing / claim.job
    claims.intend(folder, claim)
    try:
        claims.take(claim, "race.csv")
        claims.copy(folder, claim)
    except (claims.NotOurs, claims.StillWritten) as refused:
        return type(refused).__name__
    except FileNotFoundError:
        return "gone"
    content = (folder / f"{claims.INPUT}.part").read_bytes()
    assert content == PLAIN, content
    return "taken"


def test_whatever_is_swapped_in_nothing_but_a_plain_file_is_ever_read(racing: Path, tmp_path: Path) -> None:
    processing, came = tmp_path / "processing", Counter[str]()
    until = time.monotonic() + 240
    while _count(racing) < SWAPS or min(came["taken"], came["NotOurs"]) < LEAST_CLAIMS:
        assert time.monotonic() < until, (came, _count(racing))
        came[_taken(racing, processing, look=bool(came.total() % 2))] += 1
    read = [path for path in processing.rglob("*") if path.is_file() and SECRET in path.read_bytes()]
    assert not read
    assert came["NotOurs"] >= LEAST_CLAIMS, "the race was none"
    print(f"{_count(racing):,} swaps: {dict(came)}")


def test_the_kernel_can_swap_names_here() -> None:
    assert hasattr(ctypes.CDLL(None), "renameat2")
