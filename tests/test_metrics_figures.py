"""What Prometheus is told of how good models turned out."""

from __future__ import annotations

from pathlib import Path

import pytest

from dropscore.domain.jobs import Kind
from dropscore.receipt import dump
from figures import made, receipt, text, values
from test_reports_page import _report


def test_each_figure_with_its_interval(tmp_path: Path) -> None:
    metrics = made(tmp_path)
    assert not [name for name in values(metrics) if name.startswith("model_figure")]
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "credit.json").write_bytes(dump(_report()))
    (tmp_path / "reports" / "torn.json").write_bytes(b"{")
    found = {name: value for name, value in values(metrics).items() if name.startswith(("model_figure", "model_pairs"))}
    labels = "model=credit,route=credit,version=1.0.0"
    assert found == pytest.approx(
        {
            f"model_figure{{bound=value,figure=accuracy,{labels}}}": 0.6,
            f"model_figure{{bound=low,figure=accuracy,{labels}}}": 0.55,
            f"model_figure{{bound=high,figure=accuracy,{labels}}}": 0.65,
            f"model_figure_outside{{figure=accuracy,{labels}}}": 1.0,
            f"model_pairs{{{labels}}}": 300.0,
        }
    )


def test_outcomes_are_no_scored_rows(tmp_path: Path) -> None:
    metrics = made(tmp_path)
    metrics.published(receipt(1, kind=Kind.ACTUALS))
    assert values(metrics)["rows_total{outcome=scored,route=credit}"] == 0.0
    metrics.published(receipt(2))
    assert values(metrics)["rows_total{outcome=scored,route=credit}"] == 3.0
    assert 'dropscore_jobs_total{route="credit",verdict="delivered"} 2.0' in text(metrics)
