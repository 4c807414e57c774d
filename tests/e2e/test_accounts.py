"""Who may what, tried by real accounts, with files and folders as `init` and the documents leave them."""

from __future__ import annotations

import contextlib
import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.conftest import World, init_commands
from e2e.daemon import assert_scored, awaited, homes_csv
from e2e.people import person, reachable, run

pytestmark = pytest.mark.root
RESULT = "kept.K7F2QXM4.xlsx"
DROPS = 'cd "$1"; : > own.part; mv own.part own-2.part; rm own-2.part'
# Paths are below the root; `$1` is the path.
MAY = [
    ("ana ben", "inbox/credit", DROPS),
    ("ana ben", "inbox/credit/check", DROPS),
    ("cai", "inbox/homes", DROPS),
    ("ana ben", "inbox/credit", 'ls "$1"'),
    ("ana ben rea", f"outbox/credit/{RESULT}", 'cat "$1"'),
    ("ana ben rea", f"failed/credit/{RESULT}", 'cat "$1"'),
    ("ana rea", "outbox/credit", f'cd "$1"; ln {RESULT} taken.xlsx; rm taken.xlsx'),
    ("daemon", "inbox/credit/ana.part", 'cat "$1"'),
    ("daemon", "inbox/credit/.dropscore", 'ls "$1"'),
]
MAY_NOT = [
    # another's drop, of the same route
    ("ben", "inbox/credit/ana.part", 'echo more >> "$1"'),
    ("ben", "inbox/credit/ana.part", ': > "$1"'),
    ("ben rea cai nobody", "inbox/credit/ana.part", 'rm -f "$1"'),
    ("ben", "inbox/credit/ana.part", 'mv "$1" "$1.mine"'),
    ("ben", "inbox/credit/ana.part", 'cd "${1%/*}"; echo other > ben.part; mv -f ben.part ana.part'),
    ("ben", "inbox/credit/ana.part", 'chmod 666 "$1"'),
    # the daemon's own
    ("ana ben cai rea nobody", "inbox/credit/.dropscore", 'ls "$1"'),
    ("ana ben", "inbox/credit/.dropscore", 'mv "$1" "$1.away"'),
    ("ana ben", "inbox/credit/.dropscore", 'rmdir "$1"'),
    ("ana ben cai rea nobody", "outbox/.staging", 'ls "$1"'),
    ("ana ben cai rea nobody", "processing", 'ls "$1"'),
    ("ana ben cai rea nobody", "archive", 'ls "$1"'),
    ("ana ben cai rea nobody", "trash", 'ls "$1"'),
    ("ana ben cai rea nobody", "state", 'ls "$1"'),
    ("ana ben cai rea nobody", "state/status.json", 'cat "$1"'),
    ("ana ben cai rea nobody", "config/dropscore.toml", 'cat "$1"'),
    ("daemon", "config/dropscore.toml", 'echo >> "$1"'),
    # another route
    ("cai nobody", "inbox/credit", 'ls "$1"'),
    ("cai rea nobody", "inbox/credit", DROPS),
    ("cai rea nobody", "inbox/credit/check", DROPS),
    ("cai rea nobody", "inbox/credit/ana.part", 'cat "$1"'),
    ("cai nobody", f"outbox/credit/{RESULT}", 'cat "$1"'),
    ("cai nobody", "outbox/credit", 'ls "$1"'),
    ("cai nobody", f"failed/credit/{RESULT}", 'cat "$1"'),
    ("ana ben rea nobody", "outbox/homes", 'ls "$1"'),
    ("ana ben rea nobody", "inbox/homes", 'ls "$1"'),
    # the top folders belong to nobody of them
    ("ana cai rea nobody", "inbox", ': > "$1/new"'),
    ("ana cai rea nobody", "outbox", 'mkdir "$1/new"'),
    ("ana", "inbox/credit", 'mv "$1" "$1-away"'),
]


@pytest.fixture(scope="module")
def laid(world: World) -> Iterator[None]:
    """A drop of ana's under a name in flight, so that it stays, and results as the daemon publishes them."""
    done = world.ana.sh('umask 0137; echo text > "$1"', world.inbox("ana.part"))
    assert done.returncode == 0, done.stderr
    results = [world.house.root / top / "credit" / RESULT for top in ("outbox", "failed")]
    for result in results:
        result.write_bytes(b"result")
        os.chown(result, world.daemon.uid, result.parent.stat().st_gid)
        result.chmod(0o660)
    yield
    for path in (world.inbox("ana.part"), *results):
        path.unlink()


def _rows(table: list[tuple[str, str, str]]) -> list[Any]:
    return [
        pytest.param(who, path, script, id=f"{who}: {path}: {script}")
        for everybody, path, script in table
        for who in everybody.split()
    ]


def _tried(world: World, who: str, path: str, script: str) -> subprocess.CompletedProcess[str]:
    account = person("nobody") if who == "nobody" else getattr(world, who)
    done: subprocess.CompletedProcess[str] = account.sh(script, world.house.root / path)
    return done


@pytest.mark.usefixtures("laid")
@pytest.mark.parametrize(("who", "path", "script"), _rows(MAY))
def test_may(world: World, who: str, path: str, script: str) -> None:
    done = _tried(world, who, path, script)
    assert done.returncode == 0, done.stderr


@pytest.mark.usefixtures("laid")
@pytest.mark.parametrize(("who", "path", "script"), _rows(MAY_NOT))
def test_may_not(world: World, who: str, path: str, script: str) -> None:
    assert _tried(world, who, path, script).returncode != 0
    assert world.inbox("ana.part").read_text() == "text\n"
    world.inbox("ben.part").unlink(missing_ok=True)


def test_a_drop_becomes_the_daemon_s_and_its_result_the_route_s(world: World, tmp_path: Path) -> None:
    text = homes_csv(300)
    (tmp_path / "whole.csv").write_text(text)
    world.sftp.batch(world.ana.name, f"put {tmp_path}/whole.csv inbox/whole.csv")
    receipt = world.house.await_receipt("credit", "whole")
    assert_scored(world.house, receipt, text)
    assert receipt["sender"]["name"] == world.ana.name
    (result,) = [world.house.root / file["path"] for file in receipt["files"] if file["role"] == "result"]
    for published in (result, next(result.parent.glob("whole.*.json"))):
        found = published.stat()
        assert (found.st_uid, stat.S_IMODE(found.st_mode)) == (world.daemon.uid, 0o660)
        assert found.st_gid == result.parent.stat().st_gid != world.daemon.gid
    for who, code in (("cai", False), ("nobody", False), ("ben", True), ("rea", True)):
        assert (_tried(world, who, str(result.relative_to(world.house.root)), 'cat "$1"').returncode == 0) is code
    world.sftp.batch(world.rea.name, f"get outbox/{result.name} {tmp_path}/taken.xlsx", f"rm outbox/{result.name}")
    assert (tmp_path / "taken.xlsx").read_bytes()[:2] == b"PK"
    assert not result.exists()


def test_the_daemon_s_workers_are_confined_and_the_daemon_is_not(world: World) -> None:
    """A plain account without rights, but for leases: what workers give up, they give up by themselves."""
    world.sftp.batch(
        world.ana.name, f"put {Path(__file__)} inbox/confined.txt"
    )  # no table, but a worker has looked at it
    world.house.await_receipt("credit", "confined")
    found = {}
    for status in Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(OSError):
            facts = dict(line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line)
            if facts["Uid"].split()[0] == str(world.daemon.uid):
                found[int(facts["Pid"])] = (int(facts["PPid"]), facts["Seccomp"], facts["NoNewPrivs"])
    open_ones = {pid for pid, (_, seccomp, _) in found.items() if seccomp == "0"}
    closed = [parent for parent, seccomp, final in found.values() if (seccomp, final) == ("2", "1")]
    assert closed, found
    assert set(closed) <= open_ones  # their server, which the next workers come from, is as it was


def test_a_file_of_0600_waits_and_the_sender_mends_it_as_why_says(world: World, tmp_path: Path) -> None:
    text = homes_csv(20)
    (tmp_path / "private.csv").write_text(text)
    (tmp_path / "private.csv").chmod(0o600)
    world.sftp.batch(world.ana.name, f"put -p {tmp_path}/private.csv inbox/private.csv")
    drop = world.inbox("private.csv")
    assert stat.S_IMODE(drop.stat().st_mode) == 0o600
    told = awaited(lambda: _mend_of(world.call("why", drop)), "why to name a mend", world.house.log)
    assert drop.exists()
    done = world.ana.sh(told)
    assert done.returncode == 0, f"{told}: {done.stderr}"
    assert_scored(world.house, world.house.await_receipt("credit", "private"), text)


def _mend_of(told: str) -> str | None:
    found = re.search(r"Let it: (.*)", told)
    return found[1] if found else None


# --- doctor ---

# What `doctor` does, but for loading the models and asking the world, which has nothing to do with accounts. Each line
# of input is one examination, in a process of its own: it becomes the daemon's account for good.
DOCTOR = """
import json, os, sys
from dataclasses import asdict
from pathlib import Path
from dropscore.cli import examining_disk, examining_people
from dropscore.cli.place import Place, become_owner
from dropscore.folders import Root
from dropscore.settings import load_layers
for line in sys.stdin:
    if os.fork():
        os.wait()
        continue
    loaded = load_layers(Path(line.strip()), {})
    place = Place(loaded, Root(loaded.settings.root), "root")
    found = list(examining_people.people(place))
    become_owner(place.root)
    for examine in (examining_disk.folders, examining_disk.groups, examining_disk.writing):
        found += examine(place)
    print(json.dumps([asdict(one) | {"fault": one.fault} for one in found]), flush=True)
    os._exit(0)
"""


class Doctor:
    """Examines a world as often as it is asked; `before` is run first, in the mount namespace where that is done."""

    def __init__(self, world: World, before: str = ":") -> None:
        self._config = world.house.config
        command = [*reachable(), "sh", "-euc", f'{before}; exec "$@"', "sh", sys.executable, "-c", DOCTOR]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def faults(self) -> list[dict[str, Any]]:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(f"{self._config}\n")
        self._process.stdin.flush()
        return [one for one in json.loads(self._process.stdout.readline()) if one["fault"]]

    def close(self) -> None:
        self._process.communicate(timeout=60)


@pytest.fixture(scope="module")
def doctor(world: World) -> Iterator[Doctor]:
    made = Doctor(world)
    yield made
    made.close()


def test_the_whole_of_doctor_finds_no_fault_here(world: World) -> None:
    told = world.call("doctor")
    assert "FAULT" not in told, told
    for account in (world.ana, world.cai, world.rea):
        assert f"{account.name} in " in told
    assert f"{world.daemon.name} in " not in told


# What is broken, as root in the root's folder, and a sentence that must be among the faults.
BROKEN = [
    ("chmod 2770 inbox/credit", r"ana in .*/inbox/credit: can (remove|rename) another's drop, and should not"),
    ("chmod 01770 inbox/credit", r"folder .*/inbox/credit: mode 1770, expected 3770"),
    ("chmod 3777 inbox/credit", r"cai in .*/inbox/credit: can list, and should not"),
    ("chmod 3700 inbox/credit", r"ana in .*/inbox/credit: cannot drop"),
    ("chgrp root inbox/credit", r"group .*credit-in of route credit: not the group of .*/inbox/credit"),
    ("chgrp HOMES-IN inbox/credit", r"cai in .*/inbox/credit: can list, and should not"),
    ("chown root inbox/credit", r"folder .*/inbox/credit: belongs to root, expected"),
    ("chmod 3750 inbox/credit", r"ana in .*/inbox/credit: cannot drop"),
    ("chmod 0755 inbox/credit/.dropscore", r"ana in .*/.dropscore: can look into it, and should not"),
    ("chmod 2777 outbox/credit", r"cai in .*/outbox/credit: can list, and should not"),
    ("chmod 00770 outbox/credit", r"folder .*/outbox/credit: mode 0770, expected 2770"),
    ("chmod 2700 failed/credit", r"rea in .*/failed/credit: cannot list"),
    ("chgrp HOMES-OUT outbox/credit", r"group .*credit-out of route credit: not the group of .*/outbox/credit"),
    ("chmod 2755 processing", r"folder .*/processing: mode 2755, expected 0700"),
    ("chmod 0755 state", r"folder .*/state: mode 0755, expected 0750"),
    ("chmod 0700 .", r"ana in .*/inbox/credit: cannot drop: .*/root is closed to them"),
    ("chmod 0700 inbox", r"ana in .*/inbox/credit: cannot drop: .*/inbox is closed to them"),
    ("rmdir trash", r"folder .*/trash: No such file or directory"),
    ("chown root outbox/.staging", r"outbox of credit: cannot be written to: Permission denied"),
    ("gpasswd -d DAEMON CREDIT-OUT", r"group .*credit-out of route credit: .* is not in it, and cannot hand files"),
    ("gpasswd -d DAEMON CREDIT-IN", r"group .*credit-in of route credit: .* is not in it, and cannot read what"),
]


@pytest.mark.parametrize(("broken", "told"), [pytest.param(*row, id=row[0]) for row in BROKEN])
def test_what_is_misconfigured_is_named_and_its_mends_heal_it_when_typed(
    world: World, doctor: Doctor, broken: str, told: str
) -> None:
    names = {
        f"{r.upper()}-{w.upper()}": str(world.names[f"{r}-{w}"]) for r in ("credit", "homes") for w in ("in", "out")
    }
    script = re.sub(r"[A-Z]+-(?:IN|OUT)", lambda match: names[match[0]], broken).replace("DAEMON", world.daemon.name)
    run(f"cd {world.house.root} && {script}")
    try:
        faults = doctor.faults()
        said = "\n".join(f"{one['what']}: {one['told']}" for one in faults)
        assert re.search(told, said), said
        for _ in range(3):  # one fault may hide another
            for one in faults:
                _type(world, one["mend"])
            if not (faults := doctor.faults()):
                break
        assert not faults
    finally:
        for line in init_commands(world.house.root):
            run(line)


def _type(world: World, mend: str) -> None:
    """Do as an operator does: paste it into a root shell. (Here no systemd would restart the daemon.)"""
    assert not re.search(r"[<>]|ACCOUNT|\bsee\b", mend), mend
    if mend.startswith("systemctl "):
        return
    script = f"export PATH={Path(sys.executable).parent}:$PATH; {mend}"
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, f"{mend}\n{done.stderr}"


def _after(world: World, script: str) -> list[dict[str, Any]]:
    made = Doctor(world, script)
    try:
        return made.faults()
    finally:
        made.close()


def test_a_read_only_mount_is_named_with_the_command_that_opens_it(world: World) -> None:
    outbox = world.house.root / "outbox"
    closing = f"mount --bind {outbox} {outbox}; mount -o remount,ro,bind {outbox}"
    mends = {one["mend"] for one in _after(world, closing)}
    assert mends == {f"mount -o remount,rw {outbox}"}
    assert not _after(world, f"{closing}; {mends.pop()}")


def test_an_outbox_on_a_mount_of_its_own_is_no_fault(world: World) -> None:
    outbox = world.house.root / "outbox" / "credit"
    assert not _after(world, f"mount --bind {outbox} {outbox}")
