"""The report as a page and as Markdown: whole by itself, and nothing in it that a name could break."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import lxml.etree
import lxml.html
import pytest

from dropscore import reports
from dropscore.figures import Calibration, CalibrationBin, Figure, Judgement, Report, Segment, Slice
from dropscore.reports.drawing import Point, beside, calibrated, over_time

NASTY = '<script>alert(1)</script>|"&*_`'


def _figure(value: float = 0.7, **more: object) -> Figure:
    known = {"name": "accuracy", "value": value, "low": value - 0.05, "high": value + 0.05}
    return Figure.model_validate({**known, "trained": 0.76, "trained_low": 0.7, "trained_high": 0.82, **more})


def _report(name: str = "credit") -> Report:
    slices = (Slice(value="2026-03", pairs=50, figures=(_figure(),)), Slice(value=name, pairs=4))
    bins = tuple(
        CalibrationBin(pairs=30, predicted=at / 10, happened=at / 10, low=at / 20, high=at / 10 + 0.05)
        for at in range(10)
    )
    judged = Judgement(
        model=name,
        version="1.0.0",
        task="classification",
        predictions=400,
        pairs=300,
        first=datetime(2026, 3, 1, 23, 30, tzinfo=UTC),
        last=datetime(2026, 5, 1, tzinfo=UTC),
        figures=(_figure(outside="lower"),),
        recent_days=90,
        recent=(_figure(0.6, outside="lower"),),
        months=slices,
        segments=(Segment(column="c", title=name, slices=(*slices, Slice(value="x", pairs=9, figures=(_figure(),)))),),
        calibrations=(Calibration(category=name, bins=bins),),
        outside=(f"{name} fell",),
    )
    made = datetime(2026, 6, 1, 12, tzinfo=UTC)
    return Report(route="credit", made=made, predictions=400, actuals=310, matched=300, models=(judged,))


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_page_needs_nothing_beside_it(language: str) -> None:
    text = reports.html(_report(), language, "Europe/Madrid")
    assert not re.search(r"<script|<link|<img|https?://|@import|url\(", text)
    page = lxml.html.fromstring(text)
    assert page.get("lang") == language
    assert len(page.findall(".//svg")) == 3
    assert "0.700" in text and "2026-03-02" in text


@pytest.mark.parametrize("language", ["en", "es"])
def test_markdown_has_the_same_tables(language: str) -> None:
    text = reports.markdown(_report(), language)
    page = lxml.html.fromstring(reports.html(_report(), language))
    assert len(re.findall(r"^\| --- ", text, re.M)) == len(page.findall(".//table"))
    widths = {
        tuple(line.count(" | ") for line in block.splitlines()) for block in re.findall(r"(?:^\|.*\n)+", text, re.M)
    }
    assert all(len(set(block)) == 1 for block in widths)
    assert "{" not in text


def test_names_cannot_break_out() -> None:
    text = reports.html(_report(NASTY))
    assert "<script>" not in text
    for svg in lxml.html.fromstring(text).findall(".//svg"):
        assert not svg.findall(".//script")
    markdown = reports.markdown(_report(NASTY))
    assert "<script>" not in markdown.replace("\\<", "")


def test_a_report_of_nothing_says_so() -> None:
    empty = Report(route="credit", made=datetime(2026, 6, 1, tzinfo=UTC))
    assert "no outcome for any prediction yet" in reports.markdown(empty)
    other = Judgement(model="m", version="1", task="other", pairs=3)
    assert "neither a classifier" in reports.html(empty.model_copy(update={"models": (other,)}))


@pytest.mark.parametrize("draw", [over_time, beside])
@pytest.mark.parametrize(
    "points",
    [
        [Point("a", 0.5, None, None, "0.5")],
        [Point("a", 0.5, 0.5, 0.5, "0.5")] * 3,
        [Point(NASTY, -1e-9, -2e-9, 1e-9, "x"), Point("b", 0.0, None, None, "0")],
        [Point(f"2026-{at:02}", 1e6 * at, 1e6 * at - 1, 1e6 * at + 1, "x") for at in range(30)],
    ],
    ids=["one", "alike", "tiny", "many"],
)
def test_plots_are_sound_svg_within_their_frame(draw: object, points: list[Point]) -> None:
    assert callable(draw)
    svg = lxml.etree.fromstring(str(draw("Title", points, None)))
    width, height = (float(part) for part in svg.get("viewBox").split()[2:])
    for dot in svg.findall(".//circle"):
        assert 0 <= float(dot.get("cx")) <= width and 0 <= float(dot.get("cy")) <= height
    assert len(svg.findall(".//circle")) == len(points)
    assert not any("style" in part.attrib for part in svg.iter())


def test_calibration_has_its_line() -> None:
    svg = lxml.etree.fromstring(str(calibrated("T", [(0.5, Point("0.5", 0.4, 0.3, 0.5, "0.4"))])))
    assert svg.find(".//line").get("stroke-dasharray") == "4 4"


def test_templates_are_part_of_the_package() -> None:
    assert (Path(reports.__file__).parent / "templates" / "report.html").is_file()
