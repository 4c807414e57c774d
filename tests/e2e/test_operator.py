"""A new operator: from a bare folder to a sound root, with nothing but what `init` and `doctor` print."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.daemon import DROPSCORE, make_model
from e2e.people import marked, passable, reachable, run

pytestmark = pytest.mark.root


@pytest.fixture
def mark() -> Iterator[str]:
    if os.geteuid() != 0:
        pytest.skip("needs root: accounts")
    with marked() as made:
        yield made


@pytest.fixture
def folder() -> Iterator[Path]:
    with passable() as made:
        yield made


def shell(line: str) -> subprocess.CompletedProcess[str]:
    """Type a line into root's shell, where `dropscore` is found."""
    script = f"export PATH={DROPSCORE.parent}:$PATH; {line}"
    command = [*reachable(), "sh", "-c", script]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, cwd="/")


def mends(config: Path) -> list[str]:
    """Return the mend of each fault that `doctor` tells; none if it is content."""
    done = shell(f"dropscore doctor --config {config}")
    assert done.returncode in (0, 1), done.stderr
    found = re.findall(r"^FAULT .*\n +mend: (.*)$", done.stdout, re.MULTILINE)
    assert len(found) == done.stdout.count("FAULT") and bool(found) == bool(done.returncode), done.stdout
    return found


def mended(config: Path, rounds: int = 4) -> list[str]:
    """Paste what `doctor` prints until it is content; return the commands. A sentence is no command."""
    typed: list[str] = []
    for _ in range(rounds):
        told = mends(config)
        if not told:
            return typed
        for line in told:
            assert not line.endswith("."), f"not to be pasted: {line}"
            done = shell(line)
            assert done.returncode == 0, f"{line}: {done.stderr}"
            typed.append(line)
    raise AssertionError(f"still at fault after {typed}: {mends(config)}")


def test_from_a_bare_folder_to_a_sound_root_by_pasting_what_is_printed(folder: Path, mark: str) -> None:
    root, user, config = folder / "root", f"{mark}-daemon", folder / "root" / "config" / "dropscore.toml"
    refused = shell(f"dropscore init {root} --user {user}")
    assert refused.returncode == 1
    run(re.search(r"useradd .*", refused.stderr)[0])  # type: ignore[index]
    assert shell(f"dropscore init {root} --user {user}").returncode == 0
    assert mends(config) == ["Set [routes.default] model in the configuration."]
    model = make_model(folder / "price")
    with config.open("a") as file:
        file.write(f"\n[routes.credit]\nmodel = '{model}'\nin_group = '{mark}-in'\nout_group = '{mark}-out'\n")
    typed = mended(config)
    assert {line.split()[0] for line in typed} == {"dropscore", "groupadd", "chgrp", "usermod"}, typed
    found = (root / "inbox" / "credit").stat()
    assert oct(found.st_mode & 0o7777) == "0o3770"
    assert found.st_uid == (root / "state").stat().st_uid != 0


def test_what_breaks_later_is_mended_by_pasting_as_well(folder: Path, mark: str) -> None:
    root, user, config = folder / "root", f"{mark}-daemon", folder / "root" / "config" / "dropscore.toml"
    run(f"useradd --system --home-dir {root} {user}")
    assert shell(f"dropscore init {root} --user {user} --model {make_model(folder / 'price')}").returncode == 0
    assert mended(config) == []
    run(
        f"cd {root} && rm -r state/requests archive inbox/.dropscore && install -d -m 777 inbox/.dropscore && "
        "chmod 777 processing state && chown -R root outbox failed && chmod 2777 trash"
    )
    typed = mended(config)
    assert {line.split()[0] for line in typed} == {"dropscore", "chmod", "chown"}, typed
