"""Measure drift: how often it is called wrongly, how often it is found, and what it costs. Rewrites docs/drift.md.

python benchmarks/drift.py rates [--batches 1000]     writes docs/drift.json: the share of alarms, by size and kind
python benchmarks/drift.py cost                       adds what it costs, beside a whole job
python benchmarks/drift.py page                       the table and the plot in docs/ from docs/drift.json
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
DOCS = HERE.parent / "docs"
sys.path.append(str(HERE.parent / "tests"))  # the made columns are those of the tests

import numpy as np  # noqa: E402
from data import train, write_csv  # noqa: E402
from drift_page import page_of, svg_of  # noqa: E402

from drift_data import KINDS, profile_of  # noqa: E402
from drift_rates import COLUMNS, Rates, rates  # noqa: E402
from dropscore import bundle as bundles  # noqa: E402
from dropscore import durable, folders  # noqa: E402
from dropscore.domain.jobs import Kind, Task  # noqa: E402
from dropscore.domain.rules import Trusted  # noqa: E402
from dropscore.drift import Reference  # noqa: E402
from dropscore.pipeline import process  # noqa: E402
from dropscore.pipeline.drifting import judged_drift  # noqa: E402

SIZES = (30, 100, 300, 1_000, 10_000)
SHIFTS = ((300, 0.25), (100, 0.5))
SHIFTED = (1, 5, 20)


def measured_rates(batches: int, processes: int) -> dict[str, Any]:
    """Return the share of batches with an alarm, by kind and size, and how many shifted columns were named."""
    cells = [Cell(kind, rows) for rows in reversed(SIZES) for kind in KINDS]
    for rows, shift in SHIFTS:
        cells += [Cell("normal", rows, shift, shifted) for shifted in SHIFTED]
        cells.append(Cell("normal", rows, shift, 1, of=1))
    with ProcessPoolExecutor(processes) as pool:
        found = dict(zip(cells, pool.map(_measured, cells, [batches] * len(cells)), strict=True))
    alarms = {kind: {str(rows): found[Cell(kind, rows)].alarms for rows in SIZES} for kind in KINDS}
    shifts = [
        {"rows": cell.rows, "shift": cell.shift, "shifted": cell.shifted, "of": cell.of, "alarms": one.alarms,
         "named": one.named, "wrong": one.wrong}
        for cell, one in found.items() if cell.shifted
    ]  # fmt: skip
    return {"batches": batches, "alarms": alarms, "shifts": shifts}


@dataclass(frozen=True)
class Cell:
    kind: str
    rows: int
    shift: float = 0.0
    shifted: int = 0
    of: int = COLUMNS


def _measured(cell: Cell, batches: int) -> Rates:
    found = rates(cell.kind, cell.rows, batches, shift=cell.shift, shifted=cell.shifted, columns=cell.of)
    print(f"{cell}: alarms {found.alarms:.1%}, named {found.named:.1%}", flush=True)
    return found


def measured_cost() -> dict[str, float]:
    """Return milliseconds and shares: of a small batch once its chance is known, and of two whole jobs."""
    rng = np.random.default_rng(1)
    trained = profile_of({str(at): KINDS["normal"](rng, 5_000) for at in range(20)})
    batch = profile_of({str(at): KINDS["normal"](rng, 100) for at in range(20)}, trained)
    reference = Reference(trained)
    first = _milliseconds(lambda: judged_drift(reference, batch, "en"), 1)
    cached = _milliseconds(lambda: judged_drift(reference, batch, "en"), 500)
    found = {"first_ms": first, "cached_ms": cached}
    with tempfile.TemporaryDirectory() as folder:
        version = train(Path(folder))
        for rows in (100, 200_000):
            jobs = [_job(Path(folder) / f"{rows}-{turn}", version, rows) for turn in range(5 if rows > 1_000 else 60)]
            steps = [job["drift"] * 1_000 for job in jobs[1:]]
            whole = [sum(job.values()) * 1_000 for job in jobs[1:]]
            found |= {f"job_{rows}_ms": statistics.median(whole), f"drift_{rows}_ms": statistics.median(steps)}
    return found


def _milliseconds(function: Callable[[], object], times: int) -> float:
    took = []
    for _ in range(times):
        started = time.perf_counter()
        function()
        took.append((time.perf_counter() - started) * 1_000)
    return statistics.median(took)


def _job(folder: Path, version: Path, rows: int) -> dict[str, float]:
    """Return the seconds of each step of a job."""
    attempt = folder / "attempt-1"
    attempt.mkdir(parents=True)
    write_csv(folder / "input", rows)
    task = Task(
        job=folders.new_job(), code="K7F2QXM4", route="bench", kind=Kind.SCORE, name="bench.csv",
        input=str(folder / "input"), folder=str(attempt), bundle=folders.pick_bundle(version),
        sha256=durable.sha256_of(folder / "input"), trusted=Trusted(), claimed_at="2026-03-01T10:00:00+00:00",
    )  # fmt: skip
    return process(task, bundles.load(task.bundle, task.trusted)).durations


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("rates", "cost", "page"))
    parser.add_argument("--batches", type=int, default=1_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--out", type=Path, default=DOCS)
    given = parser.parse_args()
    kept = given.out / "drift.json"
    figures: dict[str, Any] = json.loads(kept.read_text()) if kept.exists() else {}
    if given.what == "rates":
        figures |= measured_rates(given.batches, given.processes)
    elif given.what == "cost":
        figures["cost"] = measured_cost()
        print(json.dumps(figures["cost"], indent=2))
    kept.write_text(json.dumps(figures, indent=2) + "\n")
    if figures.get("cost") and figures.get("alarms"):
        (given.out / "drift.svg").write_text(svg_of(figures))
        page = DOCS / "drift.md"
        (given.out / "drift.md").write_text(page_of(figures, page.read_text()))


if __name__ == "__main__":
    main()
