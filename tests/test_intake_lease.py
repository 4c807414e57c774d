"""Is anybody writing? Asked of the real kernel, with real writers."""

from __future__ import annotations

import fcntl
import mmap
import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from dropscore import durable
from dropscore.intake.lease import readable, writer_on, writer_present

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="becoming another user needs root")


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    path = tmp_path / "a.csv"
    path.write_text("a\n1\n")
    if writer_present(path) is None:
        pytest.skip("this file system grants no leases")
    return path


def test_a_closed_file_has_no_writer(drop: Path) -> None:
    assert writer_present(drop) is False


def test_readers_are_no_writers(drop: Path) -> None:
    with drop.open():
        assert writer_present(drop) is False


@pytest.mark.parametrize("mode", ["a", "r+"])
def test_an_open_writer_is_seen_though_it_writes_nothing(drop: Path, mode: str) -> None:
    with drop.open(mode):
        assert writer_present(drop) is True
    assert writer_present(drop) is False


def test_a_writer_in_another_process_is_seen_until_it_is_killed(drop: Path) -> None:
    program = "import sys, time; file = open(sys.argv[1], 'a'); print('open', flush=True); time.sleep(600)"
    with subprocess.Popen([sys.executable, "-c", program, str(drop)], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None and writer.stdout.readline() == b"open\n"
        assert writer_present(drop) is True
        writer.send_signal(signal.SIGSTOP)  # a client whose link is lost without a word
        assert writer_present(drop) is True
        writer.kill()
    assert writer_present(drop) is False


def test_a_writer_that_has_only_a_map_left_is_seen(drop: Path) -> None:
    with drop.open("r+") as file:
        mapped = mmap.mmap(file.fileno(), 0)
    assert writer_present(drop) is True
    mapped.close()


def test_a_file_server_that_holds_a_write_lease_counts_as_a_writer(drop: Path) -> None:
    """Samba does so for a client that caches. Our look asks for it back, which it may take its time to give."""
    program = """
        import fcntl, os, signal, sys, time
        signal.signal(signal.SIGIO, signal.SIG_IGN)
        handle = os.open(sys.argv[1], os.O_RDWR)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        print("held", flush=True)
        time.sleep(600)
        """
    command = [sys.executable, "-c", textwrap.dedent(program), str(drop)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None and server.stdout.readline() == b"held\n"
        assert writer_present(drop) is True
        assert readable(drop)
        server.kill()


def test_the_lease_is_given_back_at_once(drop: Path) -> None:
    assert writer_present(drop) is False
    handle = os.open(drop, os.O_RDWR | os.O_NONBLOCK)  # fails with EWOULDBLOCK while anybody holds a lease
    os.close(handle)


def test_a_writer_who_comes_while_the_lease_is_held_does_not_end_us(drop: Path) -> None:
    """The kernel then sends a signal. With SIGIO, its default, the process would be dead."""
    program = """
        import fcntl, os, sys, subprocess
        from pathlib import Path
        from dropscore import durable
        from dropscore.intake import lease
        real, signals = fcntl.fcntl, []

        def slowly(handle, command, argument=0):
            answer = real(handle, command, argument)
            if command == fcntl.F_SETLEASE and argument == fcntl.F_RDLCK:
                opener = "import os, sys\\ntry: os.open(sys.argv[1], os.O_WRONLY | os.O_NONBLOCK)\\n"
                opener += "except BlockingIOError: print('held off')"
                subprocess.run([sys.executable, "-c", opener, sys.argv[1]], check=True)
            return answer

        lease.fcntl.fcntl = slowly
        print(lease.writer_present(Path(sys.argv[1])))
        """
    command = [sys.executable, "-c", textwrap.dedent(program), str(drop)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done
    assert done.stdout.split("\n")[:2] == ["held off", "False"]


def test_it_can_be_asked_in_any_thread(drop: Path) -> None:
    found: list[bool | None] = []
    thread = threading.Thread(target=lambda: found.append(writer_present(drop)))
    thread.start()
    thread.join()
    assert found == [False]


def test_what_is_not_there_cannot_be_told(tmp_path: Path) -> None:
    assert writer_present(tmp_path / "gone.csv") is None
    assert not readable(tmp_path / "gone.csv")


def test_links_are_not_followed(tmp_path: Path, drop: Path) -> None:
    (tmp_path / "link.csv").symlink_to(drop)
    assert writer_present(tmp_path / "link.csv") is None
    assert not readable(tmp_path / "link.csv")


def test_a_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    assert writer_present(tmp_path / "pipe.csv") is None


def test_a_folder_cannot_be_told(tmp_path: Path) -> None:
    assert writer_present(tmp_path) is None


@root_only
def test_other_peoples_files_cannot_be_told_without_cap_lease(drop: Path) -> None:
    """The answer is "cannot tell", never "nobody writes". The drop belongs to root; nobody asks."""
    drop.chmod(0o644)
    for parent in drop.parents[:-2]:
        if parent.owner() == "root" and str(parent).startswith("/tmp/pytest"):
            parent.chmod(0o755)
    with drop.open("rb") as file:
        program = """
            import os, sys
            from dropscore.intake.lease import writer_on
            os.setgroups([]); os.setgid(65534); os.setuid(65534)
            print(writer_on(0))
            """
        command = [sys.executable, "-c", textwrap.dedent(program)]
        done = subprocess.run(command, stdin=file, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "None\n", done.stderr


@root_only
def test_a_mode_that_shuts_us_out_is_not_readable(drop: Path) -> None:
    drop.chmod(0)
    program = """
        import os, sys
        from pathlib import Path
        from dropscore.intake.lease import readable
        folder = os.open(sys.argv[1], os.O_PATH)
        os.setgroups([]); os.setgid(65534); os.setuid(65534)
        print(readable(Path(f"/proc/self/fd/{folder}/a.csv")))
        """
    command = [sys.executable, "-c", textwrap.dedent(program), str(drop.parent)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "False\n", done.stderr


def test_the_descriptor_is_as_it_was(drop: Path) -> None:
    with durable.opened(drop) as handle:
        assert writer_on(handle) is False
        assert fcntl.fcntl(handle, fcntl.F_GETLEASE) == fcntl.F_UNLCK
        assert os.read(handle, 2) == b"a\n"
