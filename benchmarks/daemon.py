"""A real daemon on a root of its own, and what is dropped into it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DROPSCORE = Path(sys.executable).parent / "dropscore"
_TICKS = os.sysconf("SC_CLK_TCK")
_WAIT_SECONDS = 1_800.0


@dataclass(frozen=True)
class Daemon:
    root: Path
    process: subprocess.Popen[bytes]

    def drop(self, name: str, content: bytes) -> float:
        """Put a file into the inbox as the route `rename` wants it; return when its last byte was there."""
        partial = self.root / "inbox" / f"{name}.part"
        partial.write_bytes(content)
        partial.rename(self.root / "inbox" / name)
        return time.time()

    def receipts(self) -> dict[str, float]:
        """Return when each receipt of a result appeared (its change time), by its name."""
        return {entry.name: entry.stat().st_ctime for entry in os.scandir(self.root / "outbox") if _is_receipt(entry)}

    def count(self) -> int:
        return sum(map(_is_receipt, os.scandir(self.root / "outbox")))

    def wait_for(self, count: int) -> None:
        """Wait until so many receipts are there."""
        deadline = time.monotonic() + _WAIT_SECONDS
        while self.count() < count:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"the daemon came to {self.count()} of {count}: see {self.root}/daemon.log")
            time.sleep(0.02)

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def memory_mb(self) -> float:
        found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{self.process.pid}/status").read_text())
        assert found is not None
        return int(found[1]) / 1024


def _is_receipt(entry: os.DirEntry[str]) -> bool:
    return entry.name.endswith(".json")


@contextmanager
def daemon(folder: Path, bundle: Path, **settings: Any) -> Iterator[Daemon]:
    """Start a daemon with a route `rename` for the bundle, and warm it with a file of each kind of work."""
    root = folder / "root"
    subprocess.run([DROPSCORE, "init", root, "--model", bundle.parent], check=True, capture_output=True)
    config = root / "config" / "dropscore.toml"
    text = re.sub(r"(?m)^#?complete = .*$", 'complete = "rename"', config.read_text(), count=1)
    for name, value in settings.items():
        text = re.sub(rf"(?m)^#?{name} = .*$", f"{name} = {value}", text, count=1)
    config.write_text(text)
    with (root / "daemon.log").open("wb") as log:
        process = subprocess.Popen([DROPSCORE, "run", "--config", config], stdout=log, stderr=log)
    try:
        yield Daemon(root, process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(120)


def warmed(running: Daemon, contents: Iterable[bytes]) -> int:
    """Let the daemon load its model in all workers; return how many receipts there are then."""
    count = 0
    for content in contents:
        running.drop(f"warm-{count}.csv", content)
        count += 1
    running.wait_for(count)
    return count
