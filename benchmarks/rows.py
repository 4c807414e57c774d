"""Big files: the script, the fastest libraries, the floor, and Dropscore with one worker and with two."""

from __future__ import annotations

import json
import zipfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import data
from drops import spoiled
from same import assert_same_predictions
from sides import Side, side

LIBRARIES = ("rustpy", "xlsxturbo")
_PROBLEMS_SHARE = 4
"""One row in so many is bad: 50,000 of 200,000."""


def _sides(held: ExitStack, bundle: Path, folder: Path, *names: str) -> list[Side]:
    return [held.enter_context(side(name, bundle, folder)) for name in names]


def race(folder: Path, bundle: Path, rows: int, times: tuple[int, int]) -> dict[str, Any]:
    """Let all sides score the same file in turns, the script `times[0]` times, the others `times[1]` times."""
    source, small = folder / "race.csv", folder / "small.csv"
    data.write_csv(source, rows)
    data.write_csv(small, 1_000)
    with side("dropscore", bundle, folder) as first:
        first.run(source, counted=False)
        lay_floor(first.result, source, folder)
    with ExitStack() as held:
        names = ("script", *LIBRARIES, "floor", "dropscore", "one", "two")
        sides = _sides(held, bundle, folder, *names)
        for each in sides:
            each.run(source if each.name == "two" else small, counted=False)
        for turn in range(max(times)):
            for each in sides:
                if turn < (times[0] if each.name == "script" else times[1]):
                    each.run(source)
        by_name = {each.name: each for each in sides}
        assert_same_predictions(by_name["script"].result, by_name["dropscore"].result, rows)
        _assert_same_rows(by_name["one"].result, by_name["two"].result)
        steps = json.loads((by_name["dropscore"].result.parent / "verdict.json").read_bytes())["durations"]
        return {
            "rows": rows,
            "megabytes": source.stat().st_size / 1e6,
            "seconds": {name: each.seconds for name, each in by_name.items()},
            "peak_mb": {name: each.last["peak_mb"] for name, each in by_name.items()},
            "steps": steps,
        }


def lay_floor(result: Path, source: Path, folder: Path) -> None:
    """Write down what the floor's side needs: the sheet's bytes, and the frame that the model is asked about."""
    import pandas as pd  # noqa: PLC0415

    with zipfile.ZipFile(result) as archive:
        (folder / "sheet.xml").write_bytes(archive.read("xl/worksheets/sheet2.xml"))
    pd.read_csv(source).to_pickle(folder / "frame.pickle")


def _assert_same_rows(one: Path, two: Path) -> None:
    """Raise SystemExit unless all of the workbook is the same but what names the time and the job."""
    with zipfile.ZipFile(one) as left, zipfile.ZipFile(two) as right:
        for name in left.namelist():
            if left.read(name) != right.read(name) and name not in ("xl/worksheets/sheet1.xml", _ABOUT):
                raise SystemExit(f"{name} differs where two workers made it")


_ABOUT = "xl/worksheets/sheet3.xml"


def tenfold(folder: Path, bundle: Path, rows: int, times: int) -> dict[str, Any]:
    """Score a file, and one with ten times its rows, each in a process of its own; return times and peaks."""
    small, big = folder / "race.csv", folder / "big.csv"
    data.write_csv(big, rows * 10)
    with ExitStack() as held:
        less, more = _sides(held, bundle, folder, "dropscore", "dropscore")
        less.name, more.name = f"{rows:,} rows", f"{rows * 10:,} rows"
        for _ in range(times):
            less.run(small)
            more.run(big)
        return {
            "seconds": {"less": less.seconds, "more": more.seconds},
            "peak_mb": {"less": less.last["peak_mb"], "more": more.last["peak_mb"]},
        }


def bad(folder: Path, bundle: Path, rows: int, times: int) -> dict[str, Any]:
    """Score a good file and the same with many problems, in turns."""
    good, worse = folder / "race.csv", folder / "bad.csv"
    problems = rows // _PROBLEMS_SHARE
    spoiled(good, worse, problems)
    with ExitStack() as held:
        fine, refused = _sides(held, bundle, folder, "dropscore", "refused")
        for turn in range(times + 1):
            fine.run(good, counted=turn > 0)
            refused.run(worse, counted=turn > 0)
        verdict = json.loads((refused.result.parent / "verdict.json").read_bytes())
        if verdict["counts"]["bad_cells"] != problems:
            raise SystemExit(f"{verdict['counts']['bad_cells']} bad cells where there should be {problems}")
        return {"good": fine.seconds, "bad": refused.seconds, "problems": problems}


def explained(folder: Path, bundle: Path, rows: int, times: int) -> dict[str, Any]:
    """Score the same file with and without three reasons beside each prediction, and show it to a challenger."""
    source = folder / "race.csv"
    with ExitStack() as held:
        plain, told, rival = _sides(held, bundle, folder, "dropscore", "explained", "challenged")
        for turn in range(times + 1):
            for side_ in (plain, told, rival):
                side_.run(source, counted=turn > 0)
        steps = json.loads((told.result.parent / "verdict.json").read_bytes())["durations"]
        seconds = {"plain": plain.seconds, "explained": told.seconds, "challenged": rival.seconds}
        return {"rows": rows, **seconds, "explain": steps["explain"]}
