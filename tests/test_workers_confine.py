"""What a worker has given up: a network, and writing to anything but its own folders."""

from __future__ import annotations

import ctypes
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from dropscore.workers import Pool

SECONDS = 60.0
LANDLOCK = ctypes.CDLL(None).syscall(444, None, ctypes.c_size_t(0), 1)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder outside of shared memory, with the one that the worker may write to and one that it may not."""
    made = Path(tempfile.mkdtemp(prefix="dropscore-confined-", dir="/var/tmp"))
    for name in ("own", "model"):
        (made / name).mkdir()
    (made / "model" / "manifest.json").write_text("{}")
    yield made
    shutil.rmtree(made)


@contextmanager
def confined(function: str, *writable: Path) -> Iterator[Pool]:
    pool = Pool(f"confined_jobs:{function}", 1, writable=writable)
    try:
        yield pool
    finally:
        pool.close(0.0)


def asked(pool: Pool, argument: object) -> Any:
    return pool.submit(argument, SECONDS).result(SECONDS)


@pytest.fixture
def listening() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_worker_reaches_nobody_not_even_on_loopback(folder: Path, listening: int) -> None:
    with confined("reach", folder / "own") as pool:
        told = asked(pool, listening)
    assert told == dict.fromkeys(("tcp", "udp", "unix", "child"), "PermissionError")


def test_the_same_calls_reach_the_server_where_nothing_was_given_up(listening: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"import confined_jobs; print(confined_jobs.reach({listening}))"],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == str(dict.fromkeys(("tcp", "udp", "unix", "child"), "reached"))


def test_a_worker_that_has_no_folder_named_has_no_network_either(listening: int) -> None:
    pool = Pool("confined_jobs:reach", 1)
    assert set(asked(pool, listening).values()) == {"PermissionError"}
    pool.close(0.0)


@pytest.mark.skipif(LANDLOCK < 1, reason="this kernel has no Landlock: `doctor` says so, and nothing is promised")
def test_a_worker_changes_nothing_outside_of_its_own_folders(folder: Path) -> None:
    with confined("change", folder / "own") as pool:
        told = asked(pool, str(folder / "model"))
    tries = ("overwrite", "truncate", "make", "make a folder", "remove", "rename", "link out")
    assert told == {"read": "{}"} | dict.fromkeys(tries, "refused")
    assert [path.name for path in (folder / "model").iterdir()] == ["manifest.json"]
    assert (folder / "model" / "manifest.json").read_text() == "{}"


def test_its_own_folder_serves_for_all_that_work_needs(folder: Path) -> None:
    (folder / "own" / "manifest.json").write_text("{}")
    with confined("change", folder / "own") as pool:
        told = asked(pool, str(folder / "own"))
    assert "refused" not in told.values(), told


def test_temporary_files_and_the_null_device_serve_too(folder: Path) -> None:
    with confined("spill", folder / "own") as pool:
        assert asked(pool, None) == "spilled"


def test_a_worker_whose_folder_was_replaced_is_replaced_as_well(folder: Path) -> None:
    """Its right is to the folder that lay there; after a mount, or made anew, it could write no more, for ever."""
    with confined("write", folder / "own") as pool:
        first = asked(pool, str(folder / "own" / "one"))
        assert asked(pool, str(folder / "own" / "two")) == first
        (folder / "own").rename(folder / "old")
        (folder / "own").mkdir()
        second = asked(pool, str(folder / "own" / "three"))
        assert second != first
        assert (folder / "own" / "three").exists()


def test_a_folder_that_comes_later_can_be_written_to(folder: Path) -> None:
    with confined("write", folder / "own", folder / "late") as pool:
        asked(pool, str(folder / "own" / "one"))
        (folder / "late").mkdir()
        asked(pool, str(folder / "late" / "one"))
        assert (folder / "late" / "one").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody without rights")
def test_a_user_without_any_rights_is_confined_as_well(folder: Path, listening: int) -> None:
    (folder / "own").chmod(0o777)
    folder.chmod(0o755)
    # It becomes that user only once all is imported: the interpreter may lie where only root comes.
    program = (
        "import os, confined_jobs; from dropscore.workers.confine import confine; "
        "os.setgroups([]); os.setresgid(65534, 65534, 65534); os.setresuid(65534, 65534, 65534); "
        f"print(tuple(confine([{str(folder / 'own')!r}])), confined_jobs.reach({listening})['tcp'])"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, cwd="/", capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == f"(True, {LANDLOCK >= 1}) PermissionError", done.stderr


def test_without_the_library_the_worker_works_and_says_that_nothing_is_closed() -> None:
    program = (
        "import ctypes; real = ctypes.CDLL\n"
        "def without(name, *more, **named):\n"
        "    if name == 'libseccomp.so.2': raise OSError(name)\n"
        "    return real(name, *more, **named)\n"
        "ctypes.CDLL = without\n"
        "from dropscore.workers.confine import confine; print(tuple(confine(None)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "(False, False)", done.stderr
