"""The circle from a prediction to a better model: real daemon, real command line, and the panel in a real browser."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from e2e.browser import PASSWORD, chromium, panel_on, visiting
from e2e.daemon import House

EXAMPLE = Path(__file__).parents[2] / "examples" / "circle.py"
SHOTS = Path(os.environ.get("PANEL_SCREENSHOTS", "/nonexistent"))
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
expect.set_options(timeout=20_000)


@pytest.fixture(scope="module")
def circle(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder in which the example ran, and what it printed."""
    folder = tmp_path_factory.mktemp("circle")
    ended = subprocess.run([sys.executable, EXAMPLE, folder / "c"], capture_output=True, text=True, timeout=800)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return folder / "c", ended.stdout


def test_the_example_closes_the_circle(circle: tuple[Path, str]) -> None:
    folder, told = circle
    assert told.count("300 of 300 outcomes belong to a prediction.") == 3
    assert "300 more rows from" in told and "trial-again.csv: All 300 rows were scored. (credit 1.1.0)" in told
    assert "prediction: " in told and "of 300 rows changed: " in told, "what the challenger would have said"
    assert "From the next job on credit uses version 1.1.0, in place of 1.0.0." in told
    root = folder / "root"
    assert not list((root / "failed" / "credit").iterdir())
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert page.count("<svg") > 20 and "credit 1.0.0" in page


def test_the_panel_shows_what_came_of_it(circle: tuple[Path, str]) -> None:
    folder, _ = circle
    with panel_on(House(folder / "root")) as site, chromium() as browser, visiting(browser, site) as visit:
        visit.page.goto(f"{site.url}/setup/{site.link().rpartition('/')[2]}")
        visit.page.get_by_label("Name").fill("ada")
        visit.page.get_by_label("New password").fill(PASSWORD)
        visit.page.get_by_role("button", name="Set the password").click()
        visit.page.get_by_role("link", name="Models").click()
        visit.page.get_by_role("link", name="credit", exact=True).click()
        expect(visit.page.get_by_role("heading", name="credit 1.1.0")).to_be_visible()
        expect(visit.page.get_by_role("heading", name="credit 1.0.0")).to_be_visible()
        rows = visit.page.get_by_role("row", name="Accuracy")
        expect(rows.first).to_contain_text("0.767")
        expect(visit.page.get_by_role("img", name="Calibration: bad").first).to_be_visible()
        assert visit.serious() == []
        if SHOTS.is_dir():
            visit.page.screenshot(path=SHOTS / "panel-models.png")
        with visit.page.expect_download() as kept:
            visit.page.get_by_role("link", name="Download as a page").click()
        assert kept.value.suggested_filename.startswith("credit-20")
        visit.page.set_viewport_size({"width": 390, "height": 800})
        wide = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        assert visit.page.evaluate(wide)
