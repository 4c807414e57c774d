"""What a check costs: processor time against `pandas.read_csv` on the same file, and memory as files grow.

`python benchmarks/check.py` prints a table; `--rows-large 20000000` shows the memory on as many rows. Times are
those of the processor, not of the clock, so that a busy machine does not matter.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

import data
import numpy as np
import pandas as pd

from dropscore import table
from dropscore.domain.rules import Rules
from dropscore.domain.schema import Field, Schema, Type

ROWS, BAD_CELLS, TIMES = 200_000, 50_000, 9
GOAL_CLEAN, GOAL_BAD = 3.0, 2.0
WHOLE = ("months", "age", "credits")
CATEGORIES = {"purpose": data.PURPOSES, "housing": data.HOUSING, "account": data.STATUS}
_SPOILED = ("12x", "n/a", "1 234", "95%", "")
"""What stands in bad cells of numbers: each has another cause."""


def schema() -> Schema:
    """Return what is asked of the twelve columns: types, bounds, categories, no missing values."""
    fields = []
    for name in data.frame(1, seed=1).columns:
        if name in CATEGORIES:
            fields.append(Field(name, Type.STRING, required=True, enum=CATEGORIES[name]))
        else:
            kind = Type.INTEGER if name in WHOLE else Type.NUMBER
            fields.append(Field(name, kind, required=True, minimum=0, maximum=10_000_000))
    return Schema(tuple(fields))


def spoiled(clean: pd.DataFrame) -> pd.DataFrame:
    """Return the same rows with 50,000 bad cells, spread evenly over rows, columns and causes."""
    cells = clean.astype(str).to_numpy(dtype=object)
    places = np.random.default_rng(3).choice(cells.size, BAD_CELLS, replace=False)
    for at, place in enumerate(places):
        row, column = divmod(int(place), cells.shape[1])
        name = clean.columns[column]
        cells[row, column] = f"{cells[row, column]}x" if name in CATEGORIES else _SPOILED[at % len(_SPOILED)]
    return pd.DataFrame(cells, columns=clean.columns)


def check(path: Path) -> table.Findings:
    """Check a whole file, as the daemon does before it scores anything."""
    with tempfile.TemporaryDirectory() as scratch:
        source = table.open_source(path, schema(), Rules(), Path(scratch))
        checker = table.Checker(source, Rules())
        for block in source.blocks():
            checker.check(block)
        return checker.findings()


def processor_seconds(sides: Sequence[Callable[[], object]], times: int) -> list[float]:
    """Return each side's median processor time, all threads together.

    They take turns, so that a busy minute is everyone's. The first turn warms up and does not count.
    """
    found: list[list[float]] = [[] for _ in sides]
    for at in range(times + 1):
        for side, seconds in zip(sides, found, strict=True):
            started = time.process_time()
            side()
            if at:
                seconds.append(time.process_time() - started)
    return [median(seconds) for seconds in found]


def write_large(small: Path, large: Path, rows: int) -> None:
    """Write the rows of the small file again and again."""
    header, body = small.read_bytes().split(b"\n", 1)
    with large.open("wb") as out:
        out.write(header + b"\n")
        for _ in range(rows // ROWS):
            out.write(body)


def peak_megabytes(path: Path) -> float:
    """Return the largest memory of a fresh process that checks the file and does nothing else."""
    command = [sys.executable, __file__, "--peak-of", str(path)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _print_peak(path: Path) -> None:
    findings = check(path)
    if findings.bad_rows:
        raise SystemExit(f"{path}: {findings.bad_rows} bad rows where none should be")
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def race(folder: Path, times: int) -> list[tuple[str, str]]:
    """Return what was measured and how long it took, in order."""
    clean, bad = folder / "clean.csv", folder / "bad.csv"
    applicants = data.frame(ROWS, seed=2)
    applicants.to_csv(clean, index=False)
    spoiled(applicants).to_csv(bad, index=False)
    if check(clean).bad_rows or check(bad).bad_cells != BAD_CELLS:
        raise SystemExit("the files are not what they should be: nothing was measured")
    sides = (lambda: pd.read_csv(clean), lambda: check(clean), lambda: check(bad))
    pandas_, ours, with_bad = processor_seconds(sides, times)
    return [
        ("pandas.read_csv", f"{pandas_:.3f} s"),
        ("check, clean", f"{ours:.3f} s"),
        (f"check, {BAD_CELLS:,} bad cells", f"{with_bad:.3f} s"),
        (f"clean / pandas (goal {GOAL_CLEAN:g})", f"{ours / pandas_:.2f}"),
        (f"bad / clean (goal {GOAL_BAD:g})", f"{with_bad / ours:.2f}"),
    ]


def memory(folder: Path, rows_large: int) -> list[tuple[str, str]]:
    """Return the largest memory for the small file, and for one that is many times as long."""
    small, large = folder / "clean.csv", folder / "large.csv"
    found = [(f"memory, {ROWS:,} rows", f"{peak_megabytes(small):.0f} MB")]
    write_large(small, large, rows_large)
    return [*found, (f"memory, {rows_large:,} rows", f"{peak_megabytes(large):.0f} MB")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=TIMES, help="runs of which the median is told")
    parser.add_argument("--rows-large", type=int, default=2_000_000)
    parser.add_argument("--folder", type=Path, help="where the files are written; by default one that is removed")
    parser.add_argument("--peak-of", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peak_of:
        _print_peak(options.peak_of)
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as made:
        found = [*race(Path(made), options.times), *memory(Path(made), options.rows_large)]
    print(f"check of {ROWS:,} rows x 12 columns, processor time, median of {options.times}")
    for name, value in found:
        print(f"  {name:<34}{value:>12}")


if __name__ == "__main__":
    main()
