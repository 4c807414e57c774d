"""The benchmark itself: a small race from end to end, and the checks that keep it honest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import openpyxl
import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))


def test_a_small_race_is_run_compared_and_written_down(tmp_path: Path) -> None:
    found = subprocess.run(
        [
            sys.executable,
            BENCHMARKS / "run.py",
            *("--rows", "3000", "--script-times", "1", "--times", "1", "--only", "race", "bad"),
            *("--out", tmp_path),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    # So few rows cannot reach the goals of 200,000: 1 says that, anything else is a crash.
    assert found.returncode in (0, 1), found.stderr
    page = (tmp_path / "performance.md").read_text()
    assert "3,000 × 12 → workbook, against the script" in page
    assert ElementTree.parse(tmp_path / "performance.svg").getroot().tag.endswith("svg")


@pytest.mark.usefixtures("importable")
def test_a_differing_prediction_ends_the_race(tmp_path: Path) -> None:
    import same  # noqa: PLC0415  (benchmarks are no package; their folder is on the path in this test only)

    for name, title, last in (("script", "Sheet1", 0.25), ("ours", "Predictions", 0.2500001)):
        book = openpyxl.Workbook()
        book.active.title = title
        for row in (["amount", "decision", "probability"], [1, "good", 0.75], [2, "bad", last]):
            book.active.append(row)
        book.save(tmp_path / f"{name}.xlsx")
    same.assert_same_predictions(tmp_path / "ours.xlsx", tmp_path / "ours.xlsx", 2)
    with pytest.raises(SystemExit, match="row 3"):
        same.assert_same_predictions(tmp_path / "script.xlsx", tmp_path / "ours.xlsx", 2)
