"""Wake the loop early: real inotify, real overflow, folders that go away, and threads that die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from watchdog.observers.inotify_c import InotifyFD

from dropscore.intake import watch as watching
from dropscore.intake.watch import Waker

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="a kernel limit can be set by root only")
SECONDS = 10.0


@pytest.fixture
def waker() -> Iterator[Waker]:
    found = Waker()
    yield found
    found.close()


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    (tmp_path / "inbox").mkdir()
    return tmp_path / "inbox"


def reported(waker: Waker, seconds: float = SECONDS) -> bool:
    """Whether something is reported within so long. Wakes of other kinds are waited through."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if waker.wait(deadline - time.monotonic()):
            return True
    return False


def settle(waker: Waker) -> None:
    """Let what was reported so far arrive."""
    while waker.wait(0.3):
        pass


def test_nothing_happens_and_the_wait_takes_its_time(waker: Waker, inbox: Path) -> None:
    waker.watch([inbox])
    began = time.monotonic()
    assert waker.wait(0.2) is False
    assert time.monotonic() - began >= 0.19


def test_a_drop_ends_the_wait(waker: Waker, inbox: Path) -> None:
    waker.watch([inbox])
    threading.Timer(0.1, lambda: (inbox / "a.csv").write_text("x\n")).start()
    began = time.monotonic()
    assert reported(waker)
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("how", ["cp", "mv", "link", "from part"])
def test_every_way_of_arriving_is_reported(waker: Waker, inbox: Path, tmp_path: Path, how: str) -> None:
    (tmp_path / "a.csv").write_text("x\n")
    (inbox / "b.csv.part").write_text("x\n")
    waker.watch([inbox])
    settle(waker)
    match how:
        case "cp":
            (inbox / "a.csv").write_bytes(b"x\n")
        case "mv":
            (tmp_path / "a.csv").rename(inbox / "a.csv")
        case "link":  # OpenSSH renames so
            (inbox / "a.csv").hardlink_to(tmp_path / "a.csv")
        case _:
            (inbox / "b.csv.part").rename(inbox / "b.csv")
    assert reported(waker)


@pytest.mark.parametrize("how", ["growing", "in flight", "reading", "taking away", "own folder"])
def test_what_cannot_complete_a_drop_wakes_nobody(waker: Waker, inbox: Path, tmp_path: Path, how: str) -> None:
    """Above all not our own doings: they would wake us for ever."""
    (inbox / "a.csv").write_text("x\n")
    (inbox / ".dropscore").mkdir()
    with (inbox / "a.csv").open("a") as file:
        waker.watch([inbox])
        settle(waker)
        match how:
            case "growing":
                file.write("y\n")
                file.flush()
            case "in flight":
                (inbox / "b.csv.part").write_text("x\n")
                (inbox / ".in.b.csv.").write_text("x\n")
            case "reading":
                (inbox / "a.csv").read_text()
                list(inbox.iterdir())
            case "taking away":
                (inbox / "a.csv").rename(inbox / ".dropscore" / "drop")
            case _:
                (inbox / ".dropscore" / "J").mkdir()
        assert not reported(waker, 0.8)


def test_wake_ends_the_wait_but_reports_nothing(waker: Waker) -> None:
    threading.Timer(0.1, waker.wake).start()
    began = time.monotonic()
    assert waker.wait(SECONDS) is False
    assert time.monotonic() - began < 2


def test_a_wake_before_the_wait_is_not_lost_and_counts_once(waker: Waker) -> None:
    waker.wake()
    waker.wake()
    began = time.monotonic()
    waker.wait(SECONDS)
    assert time.monotonic() - began < 1
    waker.wait(0.2)
    assert time.monotonic() - began >= 0.2


def test_a_report_before_the_wait_is_told_once(waker: Waker) -> None:
    waker.report()
    assert waker.wait(SECONDS) is True
    assert waker.wait(0.0) is False


def test_signal_handlers_may_wake_at_any_moment() -> None:
    """A lock would be held by the very thread that the handler interrupts."""
    program = """
        import signal, time
        from dropscore.intake.watch import Waker
        waker, heard = Waker(), [0]

        def handler(*_):
            heard[0] += 1
            waker.report()

        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, 0.0002, 0.0002)
        until = time.monotonic() + 2
        while time.monotonic() < until:
            waker.wait(0.0001)
        signal.setitimer(signal.ITIMER_REAL, 0)
        print(heard[0] > 1000)
        """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.stdout == "True\n", done.stderr


def test_a_real_signal_ends_a_long_wait(waker: Waker) -> None:
    before = signal.signal(signal.SIGUSR1, lambda *_: waker.wake())
    try:
        threading.Timer(0.1, lambda: os.kill(os.getpid(), signal.SIGUSR1)).start()
        began = time.monotonic()
        waker.wait(SECONDS)
        assert time.monotonic() - began < 2
    finally:
        signal.signal(signal.SIGUSR1, before)


# --- folders that change ---


def test_several_folders_and_a_changed_set(waker: Waker, tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("one", "two", "three")]
    for folder in folders:
        folder.mkdir()
    waker.watch(folders[:2])
    (folders[1] / "a.csv").touch()
    assert reported(waker)
    waker.watch(folders[1:])
    settle(waker)
    (folders[0] / "a.csv").touch()
    assert not reported(waker, 0.5)
    (folders[2] / "a.csv").touch()
    assert reported(waker)


def test_watching_the_same_folders_again_costs_nothing_and_loses_nothing(waker: Waker, inbox: Path) -> None:
    waker.watch([inbox])
    observer = waker._observer
    emitters = set(observer.emitters) if observer else set()
    for _ in range(5):
        waker.watch([inbox])
    assert waker._observer is observer and observer is not None
    assert set(observer.emitters) == emitters


@pytest.mark.parametrize("pause", [0.0, 0.5])
def test_an_inbox_removed_and_made_anew_is_watched_again(waker: Waker, inbox: Path, pause: float) -> None:
    """watchdog's emitter dies of the removal, and its observer goes on calling itself alive."""
    waker.watch([inbox])
    inbox.rmdir()
    time.sleep(pause)  # with and without the time for its thread to notice
    waker.watch([inbox])
    assert inbox in waker.blind
    inbox.mkdir()
    waker.watch([inbox])
    assert waker.blind == {}
    settle(waker)
    (inbox / "a.csv").touch()
    assert reported(waker)


def test_another_folder_in_its_place_is_watched(waker: Waker, inbox: Path, tmp_path: Path) -> None:
    waker.watch([inbox])
    inbox.rename(tmp_path / "old")
    inbox.mkdir()
    waker.watch([inbox])
    settle(waker)
    (tmp_path / "old" / "a.csv").touch()
    assert not reported(waker, 0.5)
    (inbox / "a.csv").touch()
    assert reported(waker)


@root_only
def test_a_folder_that_is_mounted_over_is_watched_anew(waker: Waker, inbox: Path) -> None:
    waker.watch([inbox])
    if subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(inbox)], capture_output=True, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        waker.watch([inbox])
        (inbox / "a.csv").touch()
        assert reported(waker)
        waker.watch([])
    finally:
        subprocess.run(["umount", str(inbox)], check=True)


def test_an_inbox_that_is_a_link_is_watched_where_it_leads(waker: Waker, inbox: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(inbox)
    waker.watch([tmp_path / "link"])
    (inbox / "a.csv").touch()
    assert reported(waker)


def test_a_folder_name_that_is_no_utf8_is_watched(waker: Waker, tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/r\xe9sultats"))
    folder.mkdir()
    waker.watch([folder])
    (folder / os.fsdecode(b"\xff.csv")).touch()
    assert reported(waker)


# --- a library that fails ---


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_handler_that_raises_kills_the_dispatcher_and_it_is_made_anew(
    waker: Waker, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waker.watch([inbox])
    dead = waker._observer
    assert dead is not None

    def fail(name: str) -> str | None:
        raise RuntimeError("a bug in the handler")

    with monkeypatch.context() as patch:
        patch.setattr(watching, "why_ignored", fail)
        (inbox / "a.csv").touch()
        until(lambda: not dead.is_alive())
    waker.watch([inbox])
    settle(waker)
    (inbox / "b.csv").touch()
    assert reported(waker)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_reader_of_the_kernels_queue_that_dies_is_made_anew(
    waker: Waker, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waker.watch([inbox])
    reader = waker._observer._inotify_fd  # type: ignore[union-attr]

    def fail(*_: object) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(InotifyFD, "handle_event", fail)
        (inbox / "a.csv").touch()
        until(lambda: not reader.is_alive())
    waker.watch([inbox])
    settle(waker)
    (inbox / "b.csv").touch()
    assert reported(waker)


def test_without_any_events_the_waits_take_their_time(
    waker: Waker, inbox: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def none_left() -> None:
        raise OSError(24, "inotify instance limit reached")

    monkeypatch.setattr(watching, "Observer", none_left)
    for _ in range(3):
        waker.watch([inbox])
    assert "limit reached" in waker.blind[inbox]
    assert len(caplog.records) == 1, "said once, and not in every round"
    (inbox / "a.csv").touch()
    assert waker.wait(0.3) is False
    monkeypatch.undo()
    waker.watch([inbox])
    assert waker.blind == {}
    (inbox / "b.csv").touch()
    assert reported(waker)


@root_only
def test_a_queue_that_overflows_still_wakes_and_the_scan_sees_every_drop(inbox: Path) -> None:
    """Events are lost here, and that must not matter. The limit is the kernel's, so it is put back."""
    limit = Path("/proc/sys/fs/inotify/max_queued_events")
    before = limit.read_text()
    program = """
        import sys, time
        from pathlib import Path
        from dropscore.domain.jobs import Kind
        from dropscore.intake.scan import Inbox, scan
        from dropscore.intake.watch import Waker
        inbox, waker = Path(sys.argv[1]), Waker()
        waker.watch([inbox])
        for number in range(10_000):
            (inbox / f"{number}.csv").touch()
        woken = waker.wait(5)
        began = time.monotonic()
        found = len(scan(Inbox("credit", Kind.SCORE, inbox)).drops)
        while waker.wait(0.5):
            pass
        waker.watch([inbox])
        (inbox / "last.csv").touch()
        print(woken, found, time.monotonic() - began < 30, waker.wait(5), waker.events < 20_000)
        waker.close()
        """
    try:
        limit.write_text("16")
        command = [sys.executable, "-c", textwrap.dedent(program), str(inbox)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    finally:
        limit.write_text(before)
    assert done.stdout == "True 10000 True True True\n", done.stderr
    assert "overflow" in done.stderr, "the queue never overflowed: the test proves nothing"


def test_closing_ends_the_threads(inbox: Path) -> None:
    before = set(threading.enumerate())
    waker = Waker()
    waker.watch([inbox])
    assert set(threading.enumerate()) - before
    waker.close()
    until(lambda: not (set(threading.enumerate()) - before))
    waker.wake()
