"""What a crowd of names in an inbox costs a daemon that has nothing to do: processor time, memory, and a drop's delay.

    python benchmarks/names.py [--ignored 20000] [--waiting 100000] [--seconds 60]

A real daemon runs on a root of its own. First its inbox holds names that are never taken (`.part`), then drops that
wait for a marker, which never comes. Each time the service process is watched while nothing happens, and a complete
drop is timed from its marker to its receipt.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression

from dropscore import bundle

DROPSCORE = Path(sys.executable).parent / "dropscore"
TICKS = os.sysconf("SC_CLK_TCK")
PATIENCE_SECONDS = 600
TIMES = 5


def make_root(folder: Path) -> Path:
    """Make a root with one route, `homes`, whose drops are complete with a marker; return its configuration."""
    draw = np.random.default_rng(5)
    homes = pd.DataFrame({"area": draw.uniform(20, 200, 300).round(1), "rooms": draw.integers(1, 8, 300)})
    model = LinearRegression().fit(homes, 3 * homes.area + 10 * homes.rooms)
    bundle.save(folder / "price", model, homes, version="1.0.0", name="price", outputs=[bundle.prediction("price")])
    root = folder / "root"
    subprocess.run([DROPSCORE, "init", root], check=True, capture_output=True)
    config = root / "config" / "dropscore.toml"
    with config.open("a") as file:
        file.write(f"\n[routes.homes]\nmodel = '{folder / 'price'}'\ncomplete = 'marker'\n")
    subprocess.run([DROPSCORE, "init", root], check=True, capture_output=True)
    return config


def awaited(look: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not look():
        if time.monotonic() > until:
            raise TimeoutError("it took too long")
        time.sleep(0.005)


def cpu_seconds(process: int) -> float:
    """Return what a process has used of a processor, without its children."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_mb(process: int, name: str = "VmRSS") -> float:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) / 1024


def fill(inbox: Path, count: int, suffix: str) -> None:
    for number in range(count):
        (inbox / f"sales_{number:06d}.csv{suffix}").touch()


def delay(root: Path, number: int) -> float:
    """Return seconds from the marker of a complete drop to its receipt."""
    inbox, outbox = root / "inbox" / "homes", root / "outbox" / "homes"
    (inbox / f"now{number}.csv").write_text("area,rooms\n50.5,2\n60.5,3\n")
    began = time.monotonic()
    (inbox / f"now{number}.csv.done").touch()
    awaited(lambda: any(outbox.glob(f"now{number}.*.json")))
    return time.monotonic() - began


def watch(what: str, root: Path, process: int, seconds: float, first: int) -> None:
    time.sleep(5.0)  # what the crowd set off is over
    before, began = cpu_seconds(process), time.monotonic()
    time.sleep(seconds)
    share = (cpu_seconds(process) - before) / (time.monotonic() - began)
    delays = [delay(root, first + number) for number in range(TIMES)]
    print(
        f"{what:44} {100 * share:6.2f} % of a core {memory_mb(process):7.1f} MB (at most "
        f"{memory_mb(process, 'VmHWM'):.1f}); a drop: {median(delays):.2f} s",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--ignored", type=int, default=20_000)
    parser.add_argument("--waiting", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=60.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        config = make_root(Path(temporary))
        root = config.parent.parent
        inbox, status = root / "inbox" / "homes", root / "state" / "status.json"
        for what, count, suffix in (
            ("nothing", 0, ""),
            ("never taken", given.ignored, ".part"),
            ("waiting", given.waiting, ""),
        ):
            fill(inbox, count, suffix)
            daemon = subprocess.Popen([DROPSCORE, "run", "--config", config], stderr=subprocess.DEVNULL)
            try:
                status.unlink(missing_ok=True)
                awaited(status.exists)
                delay(root, 1_000_000 + count)  # the first one starts a worker
                watch(f"{count:,} names: {what}", root, daemon.pid, given.seconds, count)
            finally:
                daemon.send_signal(signal.SIGTERM)
                daemon.wait(60)
            for path in inbox.glob("sales_*"):
                path.unlink()


if __name__ == "__main__":
    main()
