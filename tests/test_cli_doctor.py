"""`doctor`: each thing that can be wrong is found, with its mend; a sound root has no fault."""

import grp
import json
import os
import pwd
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from ulid import ULID

from cli_root import House, daemon, make_house, passable_folder, receipt
from dropscore.cli import doctor, examining, examining_disk, examining_people
from dropscore.cli.finding import Finding
from dropscore.cli.place import Place
from dropscore.folders import CLAIMS
from dropscore.intake.guard import Guard
from dropscore.settings import load_layers


@pytest.fixture
def house(tmp_path: Path, penguins_bundle: Path) -> House:
    shutil.copytree(penguins_bundle, tmp_path / "model" / "1.0.0")
    return make_house(tmp_path / "r", models=tmp_path / "model")


def place_of(house: House, **environ: str) -> Place:
    return Place(load_layers(house.config, environ), house.root, "ana")


def faults(examine: Callable[[Place], Any], house: House, **environ: str) -> list[Finding]:
    return [finding for finding in examine(place_of(house, **environ)) if finding.fault]


def test_a_sound_root_has_no_fault(house: House) -> None:
    house.ledger().close()
    result = house.call("doctor", "--json")
    document = json.loads(result.stdout)
    assert document["fine"] is True, [one for one in document["findings"] if one["fault"]]
    assert result.exit_code == 0
    told = {one["what"]: one["told"] for one in document["findings"]}
    assert told["inbox of default"].startswith("write, rename")
    assert "golden rows come out" in told["model of default"]
    assert "0 jobs" in told["ledger"]
    assert not [path for path in house.root.path.rglob("*") if "probe" in path.name]


def test_a_fault_is_told_with_its_mend_and_exit_code_1(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "EXAMINATIONS", (examining_disk.folders, examining.clock))
    house.root.archive.rmdir()
    result = house.call("doctor")
    assert result.exit_code == 1
    assert f"FAULT  folder {house.root.archive}: No such file or directory." in result.stdout
    assert f"       mend: dropscore init {house.root.path}" in result.stdout
    assert "fault" in result.stderr


def test_modes_and_owners(house: House) -> None:
    house.root.processing.chmod(0o755)
    (house.root.inbox).chmod(0o777)
    found = faults(examining_disk.folders, house)
    assert {finding.mend for finding in found} == {
        f"chmod 00700 {house.root.processing}",
        f"chmod 3771 {house.root.inbox}",
    }
    house.root.processing.chmod(0o700)
    house.root.inbox.chmod(0o3771)
    house.root.outbox.chmod(0o2751)  # readers who may not write there: as good
    assert faults(examining_disk.folders, house) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives folders to others")
def test_a_folder_of_somebody_elses(house: House) -> None:
    os.chown(house.root.trash, 65534, -1)
    assert [finding.mend for finding in faults(examining_disk.folders, house)] == [f"chown root {house.root.trash}"]


def test_groups(house: House) -> None:
    group = grp.getgrgid(os.getgid()).gr_name
    environ = {"DROPSCORE_ROUTES__DEFAULT__IN_GROUP": "no-such", "DROPSCORE_ROUTES__DEFAULT__OUT_GROUP": group}
    assert [finding.mend for finding in faults(examining_disk.groups, house, **environ)] == ["groupadd no-such"]
    if os.geteuid() == 0:
        os.chown(house.root.failed, -1, 65534)
        mends = [finding.mend for finding in faults(examining_disk.groups, house, **environ)]
        assert mends[1:] == [f"chgrp {group} {house.root.failed}"]


def test_a_folder_that_cannot_be_written_to(house: House) -> None:
    shutil.rmtree(house.root.inbox / CLAIMS)
    found = faults(examining_disk.writing, house)
    assert [finding.what for finding in found] == ["inbox of default"]
    assert "No such file or directory" in found[0].told


def test_room(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(list(examining_disk.room(place_of(house)))) == 1  # one file system, told once
    monkeypatch.setattr(examining_disk, "LEAST_FREE_BYTES", 10**18)
    assert "[retention]" in faults(examining_disk.room, house)[0].mend
    monkeypatch.setattr(examining_disk, "LEAST_FREE_BYTES", 0)
    monkeypatch.setattr(examining_disk, "LEAST_FREE_INODES", 10**18)
    assert len(faults(examining_disk.room, house)) == (1 if os.statvfs(house.root.path).f_files else 0)


def test_the_kernels_limits(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examining, "LEAST_WATCHES", 10**12)
    assert [finding.mend for finding in faults(examining.notices, house)] == [
        "sysctl -w fs.inotify.max_user_watches=8000000000000"
    ]


def test_a_clock_that_was_set_back(house: House) -> None:
    assert faults(examining.clock, house) == []
    ahead = receipt(job=str(ULID.from_datetime(datetime(2999, 1, 1, tzinfo=UTC))))
    folder = house.root.receipts / "2999-01"
    folder.mkdir()
    (folder / f"{ahead.job}.json").write_text("{}")
    found = faults(examining.clock, house)
    assert "in the future" in found[0].told
    assert "timedatectl" in found[0].mend


def test_a_model_that_is_damaged_or_away(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DROPSCORE_ROUTES__OTHER__MODEL", "/absent")
    (tmp_path / "model" / "1.0.0" / "model.skops").write_bytes(b"swapped")
    damaged, away = faults(examining.models, house)
    assert (damaged.what, "cannot be used" in damaged.told) == ("model of default", True)
    assert (away.what, "cannot be read" in away.told) == ("model of other", True)


def test_no_route_at_all(house: House) -> None:
    house.config.write_text("")
    assert "[routes.default]" in faults(examining.models, house)[0].mend


def test_a_damaged_ledger(house: House) -> None:
    assert faults(examining.ledger, house) == []  # not made yet: a note
    house.root.ledger.write_bytes(b"no database" * 1000)
    assert "ledger rebuild" in faults(examining.ledger, house)[0].mend


def test_a_loop_that_stands_still_and_what_is_unavailable(house: House) -> None:
    old = (datetime.now(UTC) - timedelta(minutes=5)).isoformat()
    incident = {"key": "disk:outbox", "matter": "No space left.", "then": "Make room."}
    with daemon(house, status={"written": old, "incidents": [incident]}):
        found = faults(examining.daemon, house)
    assert "stood still for 300 s" in found[0].told or "stood still for 30" in found[0].told
    assert (found[1].what, found[1].mend) == ("daemon: disk:outbox", "Make room.")
    house.root.lock.write_text('{"pid": 1}')
    (note,) = examining.daemon(place_of(house))
    assert (note.note, "ended uncleanly" in note.told) == (True, True)


def test_the_daemons_right_to_leases(house: House) -> None:
    with daemon(house):
        house.root.lock.write_text(json.dumps({"pid": os.getpid()}))
        (finding,) = examining.lease_right(place_of(house))
    assert finding.told == "the daemon may ask for them." or "CAP_LEASE" in finding.mend


def test_what_workers_give_up(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    network, others = examining.workers(place_of(house))
    assert network.told == "closed to them."
    assert others.note or others.told == "read-only to them."  # a kernel may lack Landlock
    monkeypatch.setattr(examining.sys, "executable", "/bin/false")  # it cannot be tried: nothing is promised
    network, others = examining.workers(place_of(house))
    assert (network.note, others.note, network.mend) == (True, True, "apt-get install libseccomp2")


def test_an_address_that_cannot_be_reached(house: House) -> None:
    found = faults(examining.messages, house, DROPSCORE_NOTIFY__OPERATORS="json://127.0.0.1:9/canary")
    assert found[0].what.startswith("messages to operators at ")
    assert "dropscore notify test" in found[0].mend
    assert "canary" not in str(found)


def test_accept_takes_the_folder_that_lies_there_now(house: House) -> None:
    guard = Guard(house.root.state / "folders.json")
    guard.check("default", house.root.inbox)
    away = house.root.path / "old"
    house.root.inbox.rename(away)
    shutil.copytree(away, house.root.inbox)
    with daemon(house):
        assert house.call("doctor", "--accept", "default").exit_code == 11
    assert house.call("doctor", "--accept", "nowhere").exit_code == 1
    result = house.call("doctor", "--accept", "default")
    assert (result.exit_code, str(house.root.inbox) in result.stdout) == (0, True)
    Guard(house.root.state / "folders.json").check("default", house.root.inbox)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_real_members_of_a_group_are_tried() -> None:
    """Here for the default route; routes with folders of their own are tried in tests/e2e/test_accounts.py."""
    nogroup = grp.getgrgid(65534).gr_name
    environ = {"DROPSCORE_ROUTES__DEFAULT__IN_GROUP": nogroup, "DROPSCORE_ROUTES__DEFAULT__OUT_GROUP": nogroup}
    with passable_folder() as folder:
        house = make_house(folder / "r")
        shut_out = faults(examining_people.people, house, **environ)
        assert {finding.told.partition(":")[0] for finding in shut_out} == {"cannot drop", "cannot list"}
        assert shut_out[0].mend == f"chgrp {nogroup} {house.root.inbox} && chmod 3771 {house.root.inbox}"
        for finding in shut_out:
            subprocess.run(finding.mend, shell=True, check=True)
        assert not faults(examining_people.people, house, **environ)
        assert not list(house.root.inbox.glob(".dropscore-probe*"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_a_group_without_people_is_noted_and_the_daemon_is_none_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = pwd.getpwuid(65534)
    monkeypatch.setattr(examining_people.pwd, "getpwall", lambda: [nobody])
    nogroup = grp.getgrgid(65534).gr_name
    environ = {"DROPSCORE_ROUTES__DEFAULT__IN_GROUP": nogroup}
    with passable_folder() as folder:
        house = make_house(folder / "r")
        os.chown(house.root.state, 65534, 65534)  # nobody, the group's one member, is the daemon
        (note,) = examining_people.people(place_of(house, **environ))
    assert (note.note, note.told) == (True, "nobody is in it but the daemon.")
