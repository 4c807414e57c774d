"""What a person waits for at the prompt: the start of the command line."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from statistics import median

DROPSCORE = str(Path(sys.executable).parent / "dropscore")
TIMES = 9


def times(folder: Path) -> dict[str, float]:
    """Return the median seconds of `--help` and `status`, the latter on a fresh root without a daemon."""
    root = folder / "root"
    subprocess.run([DROPSCORE, "init", str(root)], check=True, capture_output=True)
    config = str(root / "config" / "dropscore.toml")
    return {"--help": _median("--help"), "status": _median("status", "--config", config)}


def _median(*arguments: str) -> float:
    found = []
    for _ in range(TIMES):
        started = time.perf_counter()
        subprocess.run([DROPSCORE, *arguments], check=False, capture_output=True)
        found.append(time.perf_counter() - started)
    return median(found)
