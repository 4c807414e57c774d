"""Drops over the smbd of docs/deploy-samba.md, by real accounts."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from e2e.conftest import World
from e2e.daemon import assert_scored, awaited, homes_csv

pytestmark = pytest.mark.root


def file(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def put(world: World, source: Path, name: str, by: str = "ana") -> None:
    world.samba.call(getattr(world, by).name, "credit", "cd inbox", f'put {source} "{name}"')


def another_passes(world: World, folder: Path, name: str) -> None:
    """Drop another file and see it taken: so that a wait is proven without a clock."""
    put(world, file(folder, name, homes_csv(2)), name, by="ben")
    world.house.await_receipt("credit", name.partition(".")[0])


def long_rows(rows: int) -> str:
    """Return homes with a long remark, such that an upload which is cut hardly ends at a line's end."""
    lines = [f"H{number:05},{'x' * 3000},{20 + number % 150}.5,{1 + number % 7}\n" for number in range(rows)]
    return "id,remark,area,rooms\n" + "".join(lines)


@contextmanager
def slowly(world: World, folder: Path, name: str) -> Iterator[tuple[IO[str], subprocess.Popen[bytes]]]:
    """Upload with smbclient what is written into a pipe; the file is open on the server meanwhile."""
    pipe = folder / f"{name}.pipe"
    os.mkfifo(pipe)
    command = world.samba.command(world.ana.name, "credit", f"cd inbox; put {pipe} {name}")
    client = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with client, pipe.open("w") as writer:
        yield writer, client


def test_an_upload_is_taken_whole_and_readable_for_its_group(world: World, tmp_path: Path) -> None:
    text = homes_csv(700)
    source = file(tmp_path, "over-smb.csv", text)
    source.chmod(0o600)
    put(world, source, "over-smb.csv.part")
    found = world.inbox("over-smb.csv.part").stat()
    assert stat.S_IMODE(found.st_mode) == 0o640
    assert (found.st_uid, found.st_gid) == (world.ana.uid, world.inbox().stat().st_gid)
    world.samba.call(world.ana.name, "credit", "cd inbox", "rename over-smb.csv.part over-smb.csv")
    receipt = world.house.await_receipt("credit", "over-smb")
    assert_scored(world.house, receipt, text)
    assert receipt["sender"]["name"] == world.ana.name


def test_an_upload_that_pauses_is_taken_whole(world: World, tmp_path: Path) -> None:
    text = homes_csv(9000)
    drop = world.inbox("smb-slow.csv")
    with slowly(world, tmp_path, "smb-slow.csv") as (writer, _):
        writer.write(text[: len(text) // 2])
        writer.flush()
        awaited(drop.exists, "the upload to begin")  # the client sends in large pieces: for now the file is empty
        another_passes(world, tmp_path, "smb-meanwhile.csv")
        assert drop.exists()
        writer.write(text[len(text) // 2 :])
    assert_scored(world.house, world.house.await_receipt("credit", "smb-slow"), text)


def test_an_upload_that_is_killed_waits_and_the_whole_one_sent_over_it_counts(world: World, tmp_path: Path) -> None:
    text = long_rows(10_000)
    drop = world.inbox("smb-killed.csv")
    with slowly(world, tmp_path, "smb-killed.csv") as (writer, client):
        writer.write(text[:25_000_000])  # the client reads 16 MB ahead
        writer.flush()
        awaited(lambda: drop.exists() and drop.stat().st_size > 0, "the upload to begin")
        client.kill()
        client.wait()
    part = drop.read_bytes()
    assert len(part) < len(text) and not part.endswith(b"\n")
    another_passes(world, tmp_path, "smb-after-the-kill.csv")
    assert drop.exists()
    put(world, file(tmp_path, "whole.csv", text), "smb-killed.csv")
    receipt = world.house.await_receipt("credit", "smb-killed")
    assert (receipt["verdict"], receipt["input"]["bytes"]) == ("delivered", len(text))
    assert len(world.house.receipts("credit", "outbox", "smb-killed")) == 1


def test_a_csv_in_capitals_over_one_in_small_letters_replaces_it(world: World, tmp_path: Path) -> None:
    """To Samba both are one name: the file keeps the first one's, and holds the second one's content."""
    first, second = homes_csv(30).removesuffix("\n"), homes_csv(20)
    put(world, file(tmp_path, "first.csv", first), "smbcase.csv")  # it waits for the end of its line
    another_passes(world, tmp_path, "smb-beside.csv")
    put(world, file(tmp_path, "second.csv", second), "SMBCASE.CSV")
    receipt = world.house.await_receipt("credit", "smbcase")
    assert_scored(world.house, receipt, second)
    assert receipt["name"] == "smbcase.csv"
    assert not list(world.house.root.rglob("SMBCASE*"))


@pytest.mark.parametrize("name", ["CON.csv", "trailing.csv.", "a:b?.csv"])
def test_names_that_windows_cannot_bear_come_back_under_names_that_it_can(world: World, name: str) -> None:
    done = world.ana.sh('umask 0137; cat > "$1.part" && mv "$1.part" "$1"', world.inbox(name), text=homes_csv(3))
    assert done.returncode == 0, done.stderr
    awaited(lambda: not world.inbox(name).exists(), "the claim", world.house.log)
    stem = {"CON.csv": "drop_CON", "trailing.csv.": "trailing", "a:b?.csv": "a_b"}[name]
    receipt = world.house.await_receipt("credit", stem)
    assert receipt["name"] == name
    listed = world.samba.call(world.rea.name, "credit", f"ls outbox/{stem}*")
    (result,) = [one["path"].rpartition("/")[2] for one in receipt["files"] if one["role"] == "result"]
    assert result in listed


@pytest.mark.parametrize(
    ("by", "commands"),
    [
        ("ben", "cd inbox; del smb-of-ana.part"),
        ("ben", "cd inbox; rename smb-of-ana.part smb-mine.csv"),
        ("ben", "cd inbox; put {source} smb-of-ana.part"),
        ("ben", "cd inbox; posix; chmod 666 smb-of-ana.part"),
        ("ben", "cd inbox/.dropscore"),
        ("rea", "cd inbox; ls"),
        ("rea", "cd inbox; put {source} smb-mine.csv"),
        ("ana", "put {source} smb-mine.csv"),
        ("ana", "mkdir smb-mine.csv"),
    ],
)
def test_is_refused(world: World, tmp_path: Path, by: str, commands: str) -> None:
    put(world, file(tmp_path, "ana.csv", "ana"), "smb-of-ana.part")
    source = file(tmp_path, "other.csv", "other")
    told = world.samba.call(getattr(world, by).name, "credit", commands.format(source=source), check=False)
    assert "NT_STATUS_" in told or "doesn't support" in told, told
    assert world.inbox("smb-of-ana.part").read_text() == "ana"
    assert stat.S_IMODE(world.inbox("smb-of-ana.part").stat().st_mode) == 0o640
    assert not list((world.folder / "routes").rglob("smb-mine.csv"))
    world.inbox("smb-of-ana.part").unlink()


def test_another_route_s_people_are_not_let_in_at_all(world: World) -> None:
    assert "NT_STATUS_ACCESS_DENIED" in world.samba.call(world.cai.name, "credit", "ls", check=False)
    assert "inbox" in world.samba.call(world.cai.name, "homes", "ls")


def test_the_daemon_s_own_folder_is_not_shown(world: World) -> None:
    listed = world.samba.call(world.ana.name, "credit", "cd inbox", "ls")
    assert "check" in listed
    assert ".dropscore" not in listed


def test_a_reader_takes_a_result(world: World, tmp_path: Path) -> None:
    put(world, file(tmp_path, "smb-taken.csv", homes_csv(4)), "smb-taken.csv")
    receipt = world.house.await_receipt("credit", "smb-taken")
    (result,) = [world.house.root / one["path"] for one in receipt["files"] if one["role"] == "result"]
    taken = tmp_path / "taken.xlsx"
    world.samba.call(world.rea.name, "credit", "cd outbox", f"get {result.name} {taken}", f"del {result.name}")
    assert taken.read_bytes()[:2] == b"PK"
    assert not result.exists()
