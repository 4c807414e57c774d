"""A race between two sides that do not do the same is none: their predictions are compared, row by row."""

from __future__ import annotations

import math
from pathlib import Path

from python_calamine import CalamineWorkbook


def assert_same_predictions(script: Path, ours: Path, rows: int) -> None:
    """Raise SystemExit unless both workbooks hold the same predictions; ours are rounded to 12 digits."""
    theirs = CalamineWorkbook.from_path(str(script)).get_sheet_by_index(0).to_python()
    mine = CalamineWorkbook.from_path(str(ours)).get_sheet_by_name("Predictions").to_python()
    if len(theirs) != rows + 1 or len(mine) != rows + 1 or theirs[0] != mine[0]:
        raise SystemExit(f"the workbooks differ in shape: {len(theirs)} and {len(mine)} rows, {theirs[0]}, {mine[0]}")
    for number, (left, right) in enumerate(zip(theirs[1:], mine[1:], strict=True), start=2):
        if left[-2] != right[-2] or not math.isclose(left[-1], right[-1], rel_tol=1e-11, abs_tol=1e-300):
            raise SystemExit(f"row {number}: {left[-2:]} by the script, {right[-2:]} by Dropscore")
