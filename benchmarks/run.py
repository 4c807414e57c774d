"""`make bench`: every row of the table of goals on this machine, in one run; writes docs/performance.md and .svg.

The machine drifts between runs, so the sides of a race take turns, each in a warm process, and the ratio of their
medians is what counts. `--only` runs some parts; what is left out keeps its last figures (docs/performance.json).
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import commands
import data
import drops
import report
import rows

HERE = Path(__file__).resolve().parent
FIGURES = "performance.json"


def parts(given: argparse.Namespace, folder: Path, bundle: Path) -> dict[str, Callable[[], dict[str, Any]]]:
    """Return what is measured, by name, in order."""
    return {
        "race": lambda: rows.race(folder, bundle, given.rows, (given.script_times, given.times)),
        "tenfold": lambda: rows.tenfold(folder, bundle, given.rows, max(1, given.times // 2)),
        "bad": lambda: rows.bad(folder, bundle, given.rows, max(1, given.times // 2)),
        "explained": lambda: rows.explained(folder, bundle, given.rows, max(1, given.times // 2)),
        "burst": lambda: drops.burst(_made(folder / "burst"), bundle, given.files),
        "latency": lambda: drops.latency(_made(folder / "latency"), bundle),
        "beside": lambda: drops.beside_big(_made(folder / "beside"), bundle, given.rows * 10),
        "idle": lambda: dict(drops.idle(_made(folder / "idle"), bundle)),
        "commands": lambda: dict(commands.times(_made(folder / "commands"))),
    }


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--script-times", type=int, default=3)
    parser.add_argument("--times", type=int, default=7)
    parser.add_argument(
        "--only", nargs="+", default=(), help="race tenfold bad explained burst latency beside idle commands"
    )
    parser.add_argument("--out", type=Path, default=HERE.parent / "docs", help="Where the page and the plot go.")
    given = parser.parse_args()
    kept = given.out / FIGURES
    found: dict[str, Any] = json.loads(kept.read_bytes()) if kept.exists() and given.only else {}
    with tempfile.TemporaryDirectory(prefix="dropscore-bench-") as scratch:
        folder = Path(scratch)
        bundle = data.train(folder / "model")
        if given.only and not {"tenfold", "bad", "explained"}.isdisjoint(given.only):
            data.write_csv(folder / "race.csv", given.rows)
        for name, measure in parts(given, folder, bundle).items():
            if not given.only or name in given.only:
                print(f"{name}:", flush=True)
                found[name] = {**measure(), "measured": report.today()}
                kept.write_text(json.dumps(found, indent=1) + "\n")  # so that a run that is broken off is not lost
    reached = report.goals(found)
    print(report.table(reached))
    report.write(given.out, found, reached)
    return 0 if all(goal.reached for goal in reached) else 1


if __name__ == "__main__":
    raise SystemExit(main())
