"""The page about drift says what was measured, and what was measured is within the bounds that it names."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[1]
FIGURES = json.loads((ROOT / "docs" / "drift.json").read_text())


@pytest.fixture
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))


@pytest.mark.usefixtures("importable")
def test_page_and_plot_are_made_of_the_figures() -> None:
    import drift_page  # noqa: PLC0415  (benchmarks are no package; their folder is on the path in this test only)

    page = (ROOT / "docs" / "drift.md").read_text()
    assert drift_page.page_of(FIGURES, page) == page
    svg = (ROOT / "docs" / "drift.svg").read_text()
    assert drift_page.svg_of(FIGURES) == svg
    assert ElementTree.fromstring(svg).tag.endswith("svg")
    sys.modules.pop("drift_page")


def test_the_bounds_are_kept() -> None:
    assert FIGURES["batches"] >= 1_000
    assert all(share <= 0.02 for found in FIGURES["alarms"].values() for share in found.values())
    whole = [one for one in FIGURES["shifts"] if one["shifted"] == 20]
    assert len(whole) == 2
    assert all(one["named"] >= 0.95 and one["alarms"] == 1.0 for one in whole)
    cost = FIGURES["cost"]
    assert cost["cached_ms"] <= 1.0
    assert cost["drift_200000_ms"] <= 0.05 * cost["job_200000_ms"]
