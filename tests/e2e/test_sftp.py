"""Drops over the sshd of docs/deploy-sftp.md, by real accounts, locked into the three folders of their route."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import paramiko
import pytest

from e2e.conftest import World, daemon_of, make_house_of
from e2e.daemon import House, assert_scored, awaited, homes_csv
from e2e.people import Person, add_account, block, fitted, person
from e2e.servers import Sftp, mounts, sftp_server

pytestmark = pytest.mark.root
CHUNK = 32768
"""What OpenSSH's client writes at once."""


def file(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def long_rows(rows: int) -> str:
    """Return homes with a long remark, such that an upload which is cut after any chunk ends inside a line."""
    lines = [f"H{number:05},{'x' * 3000},{20 + number % 150}.5,{1 + number % 7}\n" for number in range(rows)]
    text = "id,remark,area,rooms\n" + "".join(lines)
    assert all(text[end - 1] != "\n" for end in range(CHUNK, len(text), CHUNK))
    return text


def assert_taken_once(world: World, stem: str, text: str) -> None:
    receipt = world.house.await_receipt("credit", stem)
    assert receipt["verdict"] == "delivered", receipt
    assert receipt["input"]["bytes"] == len(text)
    assert len([*world.house.receipts("credit", "outbox", stem), *world.house.receipts("credit", "failed", stem)]) == 1


def another_passes(world: World, folder: Path, name: str) -> None:
    """Drop another file and see it taken: so that a wait is proven without a clock."""
    world.sftp.batch(world.ben.name, f"put {file(folder, name, homes_csv(2))} inbox/{name}")
    world.house.await_receipt("credit", name.partition(".")[0])


@pytest.fixture(scope="module")
def abandoned(world: World) -> str:
    """An upload whose client vanishes inside the last number, begun early: it is waited for for a minute."""
    text = homes_csv(100).removesuffix("\n")
    with contextlib.suppress(EOFError, OSError), world.sftp.client(world.ana.name) as files:
        with files.open("/inbox/abandoned.csv", "w") as writer:
            writer.write(text)
        files.get_channel().get_transport().sock.close()
    return text


# --- how uploads end ---


@pytest.mark.usefixtures("abandoned")
def test_a_slow_upload_is_taken_whole(world: World, tmp_path: Path) -> None:
    text = long_rows(40)
    world.sftp.batch(world.ana.name, f"put {file(tmp_path, 'slow.csv', text)} inbox/slow.csv", options=("-l", "1200"))
    assert_taken_once(world, "slow", text)


def test_an_upload_that_pauses_is_taken_whole(world: World, tmp_path: Path) -> None:
    text = homes_csv(400)
    half = len(text) // 2
    with world.sftp.client(world.ana.name) as files, files.open("/inbox/paused.csv", "w") as writer:
        writer.write(text[:half])
        writer.flush()
        another_passes(world, tmp_path, "meanwhile.csv")
        assert files.stat("/inbox/paused.csv").st_size == half
        writer.write(text[half:])
    assert_scored(world.house, world.house.await_receipt("credit", "paused"), text)


def test_an_upload_that_is_killed_and_resumed_is_one_drop(world: World, tmp_path: Path) -> None:
    text = long_rows(400)
    source, drop = file(tmp_path, "resumed.csv", text), world.inbox("resumed.csv")
    command = world.sftp.command(world.ana.name, "-l", "1200")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as client:
        assert client.stdin
        client.stdin.write(f"put {source} inbox/resumed.csv\n")
        client.stdin.flush()
        awaited(lambda: drop.exists() and drop.stat().st_size >= CHUNK, "the upload to begin")
        client.kill()
    another_passes(world, tmp_path, "after-the-kill.csv")
    assert 0 < drop.stat().st_size < len(text)
    world.sftp.batch(world.ana.name, f"reput {source} inbox/resumed.csv")
    assert_taken_once(world, "resumed", text)


def test_an_upload_under_another_name_is_taken_after_the_rename(world: World) -> None:
    text = homes_csv(50)
    with world.sftp.client(world.ana.name) as files:
        with files.open("/inbox/renamed.csv.filepart", "w") as writer:
            writer.write(text)
        files.rename("/inbox/renamed.csv.filepart", "/inbox/renamed.csv")
    assert_scored(world.house, world.house.await_receipt("credit", "renamed"), text)


def test_lftp_s_temporary_names_are_never_taken(world: World, tmp_path: Path) -> None:
    text = homes_csv(60)
    source = file(tmp_path, "mirrored.csv", text)
    world.sftp.lftp(world.ana.name, "set xfer:use-temp-file yes", f"put -O inbox {source}")
    assert_taken_once(world, "mirrored", text)


def test_lftp_goes_on_where_a_cut_upload_ended(world: World, tmp_path: Path) -> None:
    text = homes_csv(80)
    with world.sftp.client(world.ana.name) as files, files.open("/inbox/continued.csv", "w") as writer:
        writer.write(text[:701])
    assert not text[:701].endswith("\n")
    another_passes(world, tmp_path, "in-between.csv")
    world.sftp.lftp(world.ana.name, f"put -c -O inbox {file(tmp_path, 'continued.csv', text)}")
    assert_taken_once(world, "continued", text)


@pytest.mark.parametrize("by", ["a second put", "a rename over it"])
def test_overwritten_before_the_claim_the_last_one_counts(world: World, tmp_path: Path, by: str) -> None:
    stem = by.replace(" ", "-")
    first = file(tmp_path, "first.csv", homes_csv(900).removesuffix("\n"))  # it waits for the end of its line
    second = homes_csv(30)
    world.sftp.batch(world.ana.name, f"put {first} inbox/{stem}.csv")
    another_passes(world, tmp_path, f"beside-{stem}.csv")
    if by == "a second put":
        world.sftp.batch(world.ana.name, f"put {file(tmp_path, 'second.csv', second)} inbox/{stem}.csv")
    else:
        put = f"put {file(tmp_path, 'second.csv', second)} inbox/{stem}.csv.part"
        world.sftp.batch(world.ana.name, put, f"rename inbox/{stem}.csv.part inbox/{stem}.csv")
    assert_taken_once(world, stem, second)


def test_the_same_name_again_after_the_claim_is_a_second_job(world: World, tmp_path: Path) -> None:
    for rows in (5, 6):
        world.sftp.batch(world.ana.name, f"put {file(tmp_path, 'twice.csv', homes_csv(rows))} inbox/twice.csv")
        awaited(lambda: not world.inbox("twice.csv").exists(), "the claim", world.house.log)
    awaited(lambda: len(world.house.receipts("credit", "outbox", "twice")) == 2, "both receipts", world.house.log)


@pytest.mark.parametrize("year", [1999, 2099])
def test_times_of_the_sender_s_choice_change_nothing(world: World, tmp_path: Path, year: int) -> None:
    text = homes_csv(12)
    source, moment = file(tmp_path, f"of-{year}.csv", text), datetime(year, 1, 1, tzinfo=UTC).timestamp()
    source.chmod(0o640)
    os.utime(source, (moment, moment))
    world.sftp.batch(world.ana.name, f"put -p {source} inbox/of-{year}.csv")
    assert_taken_once(world, f"of-{year}", text)


def test_mode_000_waits_and_is_taken_once_it_may_be_read(world: World, tmp_path: Path) -> None:
    text = homes_csv(7)
    part = f"put {file(tmp_path, 'shut.csv', text)} inbox/shut.csv.part"
    world.sftp.batch(world.ana.name, part, "chmod 000 inbox/shut.csv.part", "rename inbox/shut.csv.part inbox/shut.csv")
    drop = world.inbox("shut.csv")
    awaited(lambda: "may not read it" in world.call("why", drop), "why to say so")
    another_passes(world, tmp_path, "beside-the-shut-one.csv")
    world.sftp.batch(world.ana.name, "chmod 640 inbox/shut.csv")
    assert_taken_once(world, "shut", text)


# --- what a sender cannot do ---


def test_a_sender_sees_the_three_folders_and_nothing_else(world: World) -> None:
    with world.sftp.client(world.ana.name) as files:
        assert sorted(files.listdir("/")) == ["failed", "inbox", "outbox"]
        for path in ("/etc/passwd", "/../etc/passwd", "/inbox/../../root"):
            with pytest.raises(OSError):
                files.stat(path)


@pytest.mark.parametrize(
    "command",
    [
        "symlink /etc/shadow inbox/shadow.csv",
        "ln -s /etc/shadow inbox/shadow.csv",
        "ln inbox/of-ben.part inbox/mine.csv",
        "rm inbox/of-ben.part",
        "rename inbox/of-ben.part inbox/mine.csv",
        "put {source} inbox/of-ben.part",
        "chmod 666 inbox/of-ben.part",
        "ls inbox/.dropscore",
        "rename inbox/.dropscore inbox/away",
        "mkdir new",
        "put {source} new.csv",
    ],
)
def test_a_sender_is_refused(world: World, tmp_path: Path, command: str) -> None:
    source = file(tmp_path, "other.csv", "other")
    world.sftp.batch(world.ben.name, f"put {file(tmp_path, 'of-ben.part', 'ben')} inbox/of-ben.part")
    told = world.sftp.batch(world.ana.name, f"-{command.format(source=source)}")
    assert any(word in told for word in ("denied", "Failure", "not permitted", "does not support")), told
    assert world.inbox("of-ben.part").read_text() == "ben"
    assert not any(world.inbox(name).exists() or world.inbox(name).is_symlink() for name in ("shadow.csv", "mine.csv"))
    world.inbox("of-ben.part").unlink()


def test_a_sender_cannot_write_into_another_s_drop_even_without_making_it(world: World, tmp_path: Path) -> None:
    """A client that opens without O_CREAT is not held by the kernel's guard of sticky folders: the mode must do it."""
    world.sftp.batch(world.ben.name, f"put {file(tmp_path, 'opened.part', 'ben')} inbox/opened.part")
    with world.sftp.client(world.ana.name) as files, pytest.raises(OSError):
        files.open("/inbox/opened.part", "r+")
    assert stat.S_IMODE(world.inbox("opened.part").stat().st_mode) == 0o640
    world.inbox("opened.part").unlink()


def test_a_reader_takes_results_and_drops_nothing(world: World, tmp_path: Path) -> None:
    told = world.sftp.batch(
        world.rea.name, f"-put {file(tmp_path, 'no.csv', 'a')} inbox/no.csv", "-ls inbox", "ls outbox"
    )
    assert told.count("denied") >= 2, told


def test_there_is_no_shell_and_no_way_on(world: World) -> None:
    with paramiko.SSHClient() as connection:
        connection.set_missing_host_key_policy(paramiko.AutoAddPolicy())
        connection.connect("127.0.0.1", world.sftp.port, world.ana.name, key_filename=str(world.sftp.key))
        transport = connection.get_transport()
        assert transport
        with pytest.raises(paramiko.ChannelException):
            transport.open_channel("direct-tcpip", ("127.0.0.1", world.sftp.port), ("127.0.0.1", 0))
        with pytest.raises(paramiko.SSHException):
            transport.request_port_forward("127.0.0.1", 0)
        with pytest.raises(paramiko.SSHException):
            connection.invoke_shell()
        # A command is replaced by the SFTP server, which does not know what was meant.
        _, out, _ = connection.exec_command("id", timeout=30)
        out.channel.shutdown_write()
        assert b"uid=" not in out.read()


# --- a daemon that cannot ask for leases, and clients that make their files private ---


@dataclass(frozen=True, slots=True)
class Blind:
    house: House
    sftp: Sftp
    dan: Person


@pytest.fixture(scope="module")
def blind(world: World) -> Iterator[Blind]:
    """A second root: its daemon has no CAP_LEASE, and its sender's inbox is mounted by bindfs."""
    mark = world.daemon.name.partition("-")[0]
    folder = world.folder / "blind"
    folder.mkdir()
    names = {**world.names, "/srv/dropscore": folder / "root", "/srv/routes": folder / "routes"}
    house = make_house_of(folder / "root", world.folder / "price", world.daemon.name, names)
    config, default = house.config.read_text(), "late_writer_grace = 900"
    assert f"#{default}" in config
    house.config.write_text(config.replace(f"#{default}", "late_writer_grace = 20"))
    sender = "useradd" + block("deploy-sftp.md", "sh", "groupadd").split("useradd")[1]
    add_account(fitted(sender, {**names, "acme": f"{mark}-dan"}))
    fstab = mounts(folder, names, ["credit"], bindfs=["credit"])
    with (
        sftp_server(folder / "sshd", names, fstab, [f"{mark}-dan"]) as sftp,
        daemon_of(house, world.daemon.name, leases=False),
    ):
        yield Blind(house, sftp, person(f"{mark}-dan"))
    shutil.rmtree(folder)


def test_bindfs_lets_the_group_read_what_a_client_makes_private(blind: Blind, tmp_path: Path) -> None:
    text = homes_csv(40)
    source = file(tmp_path, "private.csv", text)
    source.chmod(0o600)
    blind.sftp.batch(blind.dan.name, f"put -p {source} inbox/private.csv")
    receipt = blind.house.await_receipt("credit", "private")
    assert_scored(blind.house, receipt, text)
    assert receipt["sender"]["name"] == blind.dan.name


def test_what_is_written_after_the_claim_becomes_a_second_job_with_all_of_it(blind: Blind) -> None:
    text = homes_csv(500)
    first = text[: text.index("\n", len(text) // 2) + 1]
    with blind.sftp.client(blind.dan.name) as files, files.open("/inbox/late.csv", "w") as writer:
        writer.write(first)
        writer.flush()
        earlier = blind.house.await_receipt("credit", "late")
        assert earlier["input"]["bytes"] == len(first)
        writer.write(text[len(first) :])
    awaited(lambda: len(blind.house.receipts("credit", "outbox", "late")) == 2, "a second receipt", blind.house.log)
    later = [receipt for receipt in blind.house.read_receipts("credit", "late") if receipt["job"] != earlier["job"]]
    assert [(one["input"]["bytes"], one["lineage"]["late_of"]) for one in later] == [(len(text), earlier["job"])]


# --- the end of what was begun first ---


def test_an_upload_that_is_never_resumed_is_taken_in_the_end_with_a_warning(world: World, abandoned: str) -> None:
    receipt = world.house.await_receipt("credit", "abandoned")
    assert receipt["input"]["bytes"] == len(abandoned)
    assert "final-newline-missing" in [problem["code"] for problem in receipt["problems"]], receipt
