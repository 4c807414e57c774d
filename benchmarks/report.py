"""From figures to a table, a page and a plot."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import plot

LIBRARIES = ("numpy", "pandas", "pyarrow", "scikit-learn", "openpyxl", "lxml", "isal", "xlsxturbo", "rustpy-xlsxwriter")
FINDINGS = Path(__file__).with_name("findings.md")
NAMES = {
    "script": "plain script (pandas, lxml)",
    "rustpy": "script with rustpy-xlsxwriter",
    "xlsxturbo": "script with xlsxturbo",
    "floor": "floor",
    "dropscore": "Dropscore, in one process",
    "one": "Dropscore, one of two workers",
    "two": "Dropscore, two workers",
}


@dataclass(frozen=True)
class Goal:
    what: str
    goal: str
    measured: str
    reached: bool


def today() -> str:
    return datetime.now(UTC).date().isoformat()


def at_least(what: str, ratio: float, goal: float) -> Goal:
    return Goal(what, f"≥ {goal:g} times as fast", f"{ratio:.2f} times", ratio >= goal)


def at_most(what: str, value: float, goal: float, unit: str) -> Goal:
    return Goal(what, f"≤ {goal:g}{unit}", f"{value:.3g}{unit}" if value < 100 else f"{value:.0f}{unit}", value <= goal)


def goals(found: Mapping[str, Any]) -> list[Goal]:
    judges: dict[str, Callable[[Any], Iterator[Goal]]] = {
        "race": _race, "tenfold": _tenfold, "bad": _bad, "explained": _explained,
        "burst": _burst, "latency": _latency, "beside": _beside, "idle": _idle, "commands": _commands,
    }  # fmt: skip
    return [goal for name, judge in judges.items() if name in found for goal in judge(found[name])]


def medians(raced: Mapping[str, Any]) -> dict[str, float]:
    return {name: median(seconds) for name, seconds in raced["seconds"].items()}


def _race(raced: Mapping[str, Any]) -> Iterator[Goal]:
    took = medians(raced)
    rows = f"{raced['rows']:,} × 12 → workbook"
    ours, fastest = took["dropscore"], min(took["rustpy"], took["xlsxturbo"])
    yield at_least(f"{rows}, against the script", took["script"] / ours, 30)
    yield at_least("the same, against the fastest Excel library", fastest / ours, 2)
    yield at_least("the same with two workers, against that library", fastest / took["two"], 3.5)
    yield at_most("the same, against the floor", ours / took["floor"], 1.6, " times the floor")
    yield at_least("one file with a second worker's help, the same bytes", took["one"] / took["two"], 1.6)


def _tenfold(found: Mapping[str, Any]) -> Iterator[Goal]:
    less, more = median(found["seconds"]["less"]), median(found["seconds"]["more"])
    peaks = found["peak_mb"]
    yield at_most("ten times the rows", more / less, 10.5, " times the time")
    yield at_most("ten times the rows, memory", 100 * (peaks["more"] / peaks["less"] - 1), 10, " % more")
    yield at_most("ten times the rows, peak memory", peaks["more"], 400, " MB")


def _bad(found: Mapping[str, Any]) -> Iterator[Goal]:
    ratio, what = median(found["bad"]) / median(found["good"]), f"{found['problems']:,} problems, fix workbook included"
    yield at_most(what, ratio, 3, " times a good file")


def _explained(found: Mapping[str, Any]) -> Iterator[Goal]:
    ratio = median(found["explained"]) / median(found["plain"])
    yield at_most("three reasons beside each prediction", ratio, 2, " times a job without")
    shown = median(found["challenged"]) / median(found["plain"])
    yield at_most("showing it to a challenger, in the background", shown, 1, " times the job")


def _burst(found: Mapping[str, Any]) -> Iterator[Goal]:
    ratio = found["files_per_second"] / found["script_files_per_second"]
    yield at_least(f"{found['files']:,} files of 100 rows at once, against the script", ratio, 12)


def _latency(found: Mapping[str, Any]) -> Iterator[Goal]:
    yield at_most("last byte to receipt, 100 rows, `rename`", 1000 * median(found["seconds"]), 150, " ms")


def _beside(found: Mapping[str, Any]) -> Iterator[Goal]:
    grown = median(found["busy"]) - median(found["quiet"])
    yield at_most("small files beside a big one: delay grows by", max(0.0, grown), 1, " s")


def _idle(found: Mapping[str, Any]) -> Iterator[Goal]:
    yield at_most("idle beside 20,000 files not to be taken", 100 * found["share"], 1, " % of a core")
    yield at_most("service process, memory", found["memory_mb"], 90, " MB")


def _commands(found: Mapping[str, Any]) -> Iterator[Goal]:
    yield at_most("`dropscore --help`", found["--help"], 0.3, " s")
    yield at_most("`dropscore status`", found["status"], 0.8, " s")


def table(reached: list[Goal]) -> str:
    lines = ["| what | goal | measured | |", "|---|---|---|---|"]
    lines += [f"| {goal.what} | {goal.goal} | {goal.measured} | {'✓' if goal.reached else '✗'} |" for goal in reached]
    return "\n".join(lines)


def write(folder: Path, found: Mapping[str, Any], reached: list[Goal]) -> None:
    if "race" in found:
        raced = found["race"]
        bars = [(NAMES[name], took) for name, took in medians(raced).items()]
        title = f"{raced['rows']:,} rows × 12 columns, scored into an Excel workbook: seconds, less is better"
        (folder / "performance.svg").write_text(plot.bars(title, bars, "s"), encoding="utf-8")
    (folder / "performance.md").write_text(page(found, reached), encoding="utf-8")


def page(found: Mapping[str, Any], reached: list[Goal]) -> str:
    lines = [
        "# Performance",
        "",
        "Written by `make bench`. Machines drift, so the sides of a race take turns in one run, each in a warm process",
        "of its own; the ratio of their medians is what counts. That all predict the same is checked row by row.",
        "",
        "![Seconds for each side](performance.svg)",
        "",
        table(reached),
        "",
        *(_sides(found["race"]) if "race" in found else []),
        *(_steps(found["latency"]) if "latency" in found else []),
        FINDINGS.read_text(encoding="utf-8").strip(),
        "",
        _machine(found),
        "",
    ]
    return "\n".join(lines)


def _sides(raced: Mapping[str, Any]) -> list[str]:
    ours = raced["seconds"]["dropscore"][-1]
    steps = sorted(raced["steps"].items(), key=lambda step: -step[1])
    return [
        "The scripts are what a user would write: `pandas.read_csv`, `predict` and `predict_proba`, then the library's",
        "writer, with lxml installed and the library's fastest settings. Dropscore's side is one attempt of a worker:",
        "the strict reader, every cell checked, the predictions, the styled workbook with summary and chart, hashes,",
        "and everything synced to the disk. The floor reads the file as text, asks the model as the script does, and",
        "deflates the bytes of the sheet: no cell is checked, and none is written as XML.",
        "",
        "| side | median | best | worst | runs | peak memory |",
        "|---|---|---|---|---|---|",
        *(_side(NAMES[name], seconds, raced["peak_mb"][name]) for name, seconds in raced["seconds"].items()),
        "",
        "Where the time of Dropscore's last run went:",
        "",
        "| step | ms | |",
        "|---|---|---|",
        *[f"| {name} | {seconds * 1000:.0f} | {seconds / ours:.0%} |" for name, seconds in steps],
        "",
    ]


def _side(name: str, seconds: list[float], peak: float) -> str:
    cells = (f"{median(seconds):.2f} s", f"{min(seconds):.2f} s", f"{max(seconds):.2f} s", str(len(seconds)))
    return f"| {name} | {' | '.join(cells)} | {peak:.0f} MB |"


def _steps(found: Mapping[str, Any]) -> list[str]:
    steps = sorted(found["steps"].items(), key=lambda step: -step[1])
    whole = median(found["seconds"])
    return [
        "From the last byte of a file of 100 rows to its receipt, the median of each step:",
        "",
        "| step | ms | |",
        "|---|---|---|",
        *[f"| {name} | {took * 1000:.1f} | {took / whole:.0%} |" for name, took in steps],
        f"| in all | {whole * 1000:.0f} | |",
        "",
    ]


def _machine(found: Mapping[str, Any]) -> str:
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    days = sorted({part["measured"] for part in found.values()})
    return (
        f"Measured on {' and '.join(days)}: {os.cpu_count()} cores ({platform.machine()}), "
        f"Python {platform.python_version()}, {libraries}."
    )
