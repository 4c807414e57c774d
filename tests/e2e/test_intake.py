"""The inbox under fire, on the real daemon: bursts, folders that go and come, what is no file, a loop that stands."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import stat
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.daemon import House, assert_scored, awaited, homes_csv, make_house, make_model, running

QUEUE = Path("/proc/sys/fs/inotify/max_queued_events")
DROPS = int(os.environ.get("DROPSCORE_BURST", "300"))
"""In the burst; more by the environment: DROPSCORE_BURST=10000."""
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to mount")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("model") / "price")


@pytest.fixture
def house(tmp_path: Path, model: Path) -> House:
    return make_house(tmp_path / "root", {"homes": "", "others": ""}, model=model)


def inbox(house: House, route: str = "homes") -> Path:
    return house.root / "inbox" / route


def status(house: House) -> dict[str, Any]:
    with contextlib.suppress(OSError, ValueError):
        found: dict[str, Any] = json.loads((house.root / "state" / "status.json").read_bytes())
        return found
    return {}


def incidents(house: House) -> set[str]:
    return {incident["key"] for incident in status(house).get("incidents", ())}


def await_up(house: House) -> None:
    awaited(lambda: status(house).get("scanned"), "the first scan", house.log)


def await_incident(house: House, key: str) -> None:
    awaited(lambda: key in incidents(house), f"the incident {key}", house.log)


def await_end(house: House, key: str) -> None:
    awaited(lambda: key not in incidents(house), f"the end of {key}", house.log)


def is_watching(pid: int, folder: Path) -> bool:
    """Return whether a process has asked the kernel for events of a folder."""
    wanted = f"ino:{folder.stat().st_ino:x} "
    for facts in Path(f"/proc/{pid}/fdinfo").iterdir():
        with contextlib.suppress(OSError):
            if any(line.startswith("inotify ") and wanted in line for line in facts.read_text().splitlines()):
                return True
    return False


def drop(house: House, name: str, rows: int = 3, route: str = "homes") -> str:
    text = homes_csv(rows)
    (inbox(house, route) / name).write_text(text)
    return text


@contextlib.contextmanager
def mounted(*command: str | Path) -> Iterator[None]:
    """Mount something; the last argument is where."""
    subprocess.run(["mount", *command], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", command[-1]], check=True)


@contextlib.contextmanager
def short_queue() -> Iterator[None]:
    """Let the kernel keep no more than 16 events for whoever asks from now on."""
    before = QUEUE.read_text()
    QUEUE.write_text("16")
    try:
        yield
    finally:
        QUEUE.write_text(before)


@root_only
def test_a_burst_beyond_the_kernels_queue_is_seen_and_delivered_whole(house: House) -> None:
    text = homes_csv(2)
    with contextlib.ExitStack() as held:
        with short_queue():
            daemon = held.enter_context(running(house))
            await_up(house)
            awaited(lambda: is_watching(daemon.pid, inbox(house)), "its queue to be made", house.log)
        os.kill(daemon.pid, signal.SIGSTOP)  # what comes meanwhile is more than the queue holds
        for number in range(DROPS):
            (inbox(house) / f"d{number:05}.csv").write_text(text)
        dropped = time.time()
        os.kill(daemon.pid, signal.SIGCONT)

        def seen() -> bool:
            told = status(house)
            waiting = sum(one["count"] for one in told.get("queue", ()) if one["route"] == "homes")
            done = len(list((house.root / "outbox" / "homes").glob("*.json")))
            return waiting + len(told.get("jobs", ())) + done >= DROPS

        awaited(seen, "all to be seen", house.log)
        looked_after = time.time() - dropped
        until = time.monotonic() + max(120, DROPS)
        outbox = house.root / "outbox" / "homes"
        while len(list(outbox.glob("d*.json"))) < DROPS and time.monotonic() < until:
            time.sleep(0.1)
        memory = Path(f"/proc/{daemon.pid}/status").read_text().split("VmHWM:")[1].split()[0]
        took = time.time() - dropped
    print(f"{DROPS} drops: all seen after {looked_after:.1f} s, delivered after {took:.0f} s; peak {memory} kB")
    names = sorted(path.name.partition(".")[0] for path in outbox.glob("d*.xlsx"))
    assert names == [f"d{number:05}" for number in range(DROPS)], "each once, none twice"
    assert [path.name for path in inbox(house).iterdir() if path.is_file()] == ["_TEMPLATE.xlsx"]
    assert "overflow" in house.log.read_text().lower(), "the queue never overflowed: the test proves nothing"
    assert int(memory) < 250_000


def test_an_inbox_that_is_removed_is_an_alarm_and_taken_up_when_it_is_accepted(house: House) -> None:
    with running(house):
        await_up(house)
        drop(house, "before.csv")
        house.await_receipt("homes", "before")
        awaited(house.at_rest, "rest", house.log)
        shutil.rmtree(inbox(house))
        await_incident(house, "inbox:homes")
        inbox(house).mkdir()
        (inbox(house) / "check").mkdir()
        drop(house, "early.csv")
        drop(house, "other.csv", route="others")
        house.await_receipt("others", "other")
        assert (inbox(house) / "early.csv").exists(), "another folder lies there, and nothing is taken from it"
    house.call("doctor", "--accept", "homes")
    with running(house):
        house.await_receipt("homes", "early")
        await_end(house, "inbox:homes")


def test_an_inbox_that_is_replaced_is_left_alone_and_heals_when_it_is_back(house: House) -> None:
    with running(house):
        await_up(house)
        inbox(house).rename(house.root / "elsewhere")
        inbox(house).mkdir()
        await_incident(house, "inbox:homes")
        drop(house, "wrong.csv")
        drop(house, "other.csv", route="others")
        house.await_receipt("others", "other")
        assert (inbox(house) / "wrong.csv").exists()
        inbox(house).rename(house.root / "wrong")
        (house.root / "elsewhere").rename(inbox(house))
        await_end(house, "inbox:homes")
        text = drop(house, "right.csv")
        assert_scored(house, house.await_receipt("homes", "right"), text)


@root_only
def test_an_inbox_that_is_mounted_over_heals_when_the_mount_goes(house: House) -> None:
    with running(house):
        await_up(house)
        with mounted("-t", "tmpfs", "none", inbox(house)):
            await_incident(house, "inbox:homes")
            drop(house, "wrong.csv")
            drop(house, "other.csv", route="others")
            house.await_receipt("others", "other")
            assert (inbox(house) / "wrong.csv").exists()
        await_end(house, "inbox:homes")
        drop(house, "right.csv")
        house.await_receipt("homes", "right")


@root_only
def test_an_inbox_whose_mount_is_missing_at_the_start_is_an_alarm_and_heals(house: House, tmp_path: Path) -> None:
    share = tmp_path / "share"
    shutil.copytree(inbox(house), share)
    with mounted("--bind", share, inbox(house)), running(house):
        drop(house, "first.csv")
        house.await_receipt("homes", "first")
    (house.root / "state" / "status.json").unlink()
    (share / "waiting.csv").write_text(homes_csv(4))
    with running(house):
        await_incident(house, "inbox:homes")
        drop(house, "wrong.csv")
        drop(house, "other.csv", route="others")
        house.await_receipt("others", "other")
        assert (inbox(house) / "wrong.csv").exists()
        with mounted("--bind", share, inbox(house)):
            house.await_receipt("homes", "waiting")
            await_end(house, "inbox:homes")
            awaited(house.at_rest, "rest", house.log)
    assert (inbox(house) / "wrong.csv").exists() and not (share / "waiting.csv").exists()


@root_only
def test_what_is_no_file_is_never_opened_and_stops_nobody(house: House) -> None:
    secret = house.root / "secret.csv"
    secret.write_text(homes_csv(9))
    os.mkfifo(inbox(house) / "pipe.csv")
    os.mknod(inbox(house) / "device.csv", stat.S_IFCHR | 0o666, os.makedev(1, 5))  # zeroes without end
    (inbox(house) / "link.csv").symlink_to(secret)
    (inbox(house) / "folder.csv").mkdir()
    (inbox(house) / "folder.csv" / "deep.csv").write_text(homes_csv(1))
    (inbox(house) / "second-name.csv").hardlink_to(secret)
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(inbox(house) / "socket.csv"))
    with running(house):
        drop(house, "good.csv")
        house.await_receipt("homes", "good")
        drop(house, "after.csv")
        house.await_receipt("homes", "after")
        names = {"pipe.csv", "device.csv", "link.csv", "folder.csv", "second-name.csv", "socket.csv"}
        assert names <= {path.name for path in inbox(house).iterdir()}
        assert len(list((house.root / "outbox" / "homes").glob("*.json"))) == 2
        assert list((house.root / "failed" / "homes").glob("*")) == []


def test_of_a_drop_that_is_replaced_before_it_is_taken_the_last_one_counts(house: House, tmp_path: Path) -> None:
    with running(house):
        await_up(house)
        with (inbox(house) / "sales.csv").open("w") as writer:
            writer.write(homes_csv(3))
            writer.flush()
            awaited(
                lambda: "sales.csv" in {one["name"] for one in status(house)["waiting"]}, "it to be seen", house.log
            )
            last = homes_csv(7)
            (tmp_path / "newer.csv").write_text(last)
            (tmp_path / "newer.csv").replace(inbox(house) / "sales.csv")
        assert_scored(house, house.await_receipt("homes", "sales"), last)
        awaited(house.at_rest, "rest", house.log)
    assert len(house.receipts("homes", "outbox", "sales")) == 1
    assert "replaced before it was taken" in house.log.read_text()


@root_only
def test_a_loop_that_stands_tells_systemd_nothing_and_goes_on_when_it_can(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A share whose server does not answer stands for whatever may hold up the one thread that does all."""
    share, address = tmp_path / "share", tmp_path / "notify"
    shutil.copytree(inbox(house), share)
    monkeypatch.setenv("NOTIFY_SOCKET", str(address))
    monkeypatch.setenv("DROPSCORE_INTAKE__SCAN_SECONDS_NETWORK", "0.5")
    with contextlib.ExitStack() as held:
        told = held.enter_context(listening(address))
        server = subprocess.Popen(["bindfs", "-f", "-o", "nonempty", share, inbox(house)])
        held.callback(server.wait)
        held.callback(subprocess.run, ["umount", inbox(house)], check=True)
        awaited(lambda: os.path.ismount(inbox(house)), "the share")
        held.enter_context(running(house))
        awaited(lambda: told.alive, "the first sign of life", house.log)
        server.send_signal(signal.SIGSTOP)
        held.callback(server.send_signal, signal.SIGCONT)
        awaited(lambda: time.monotonic() - told.alive > 5.0, "silence: it stands, and says that it is alive")
        before = told.alive
        server.send_signal(signal.SIGCONT)
        awaited(lambda: told.alive > before, "another sign of life", house.log)
        (share / "sales.csv").write_text(homes_csv(3))
        house.await_receipt("homes", "sales")


class Told:
    """What systemd is told; `alive` is when (monotonic) the last sign of life came, 0 before the first."""

    alive = 0.0


@contextlib.contextmanager
def listening(address: Path) -> Iterator[Told]:
    """Read what is sent to systemd, as it does: else whoever tells it waits."""
    told, stop = Told(), threading.Event()

    def read(listener: socket.socket) -> None:
        while not stop.is_set():
            if select.select([listener], [], [], 0.1)[0] and listener.recv(200) == b"WATCHDOG=1":
                told.alive = time.monotonic()

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(address))
        thread = threading.Thread(target=read, args=[listener])
        thread.start()
        try:
            yield told
        finally:
            stop.set()
            thread.join()
