"""Drift on a job's page: sentences, paired plots, and the route's last days; nothing where nobody looked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from dropscore.receipt import BatchProfile, ColumnDrift, ColumnProfile, Drift
from dropscore.web.words import LANGUAGES
from dropscore.web.words_es_drift import DRIFT
from panels import Panel, panel_at

SENTENCE = "*income* is higher than in training: median 4,210 against 3,050."
BATCH = BatchProfile(
    columns={
        "income": ColumnProfile(type="number", rows=300, missing=0, quantiles=tuple(4_000.0 + at for at in range(101))),
        "age": ColumnProfile(type="number", rows=300, missing=0, quantiles=tuple(float(at) for at in range(101))),
    }
)
TRAINED = BatchProfile(
    columns={
        name: column.model_copy(update={"quantiles": tuple(3_000.0 + at for at in range(101))})
        for name, column in BATCH.columns.items()
    }
)
FOUND = Drift(
    state="drift", rows=300, sentences=(SENTENCE, "<b>*x*</b>"),
    columns=(ColumnDrift(column="income", state="drift", changes=("level",)), ColumnDrift(column="age")),
)  # fmt: skip


@pytest.fixture
def panel(tmp_path: Path) -> Iterator[Panel]:
    with panel_at(tmp_path) as made:
        yield made


def put_model(panel: Panel) -> None:
    """Put the training's profile where the route's model lies."""
    folder = panel.web.settings.routes["default"].model / "1.0.0"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps({"version": "1.0.0"}))
    (folder / "profile.json").write_text(TRAINED.model_dump_json())


def put_days(panel: Panel, content: str) -> None:
    folder = panel.root.state / "drift"
    folder.mkdir()
    (folder / "route-default.json").write_text(content)


def test_what_has_drifted_is_told_and_drawn_beside_the_training(panel: Panel) -> None:
    put_model(panel)
    receipt = panel.job(drift=FOUND, profile=BATCH)
    page = panel.as_("ana").get(f"/jobs/{receipt.code}").text
    assert "Other than in training" in page
    assert "<em>income</em> is higher than in training" in page
    assert "<b>" not in page  # what a column is called is shown, and is no part of the page
    assert 'aria-label="income"' in page and 'class="trained"' in page
    assert 'aria-label="age"' not in page  # it has not drifted


def test_without_the_training_the_sentences_stand_alone(panel: Panel) -> None:
    receipt = panel.job(drift=FOUND, profile=BATCH)
    page = panel.as_("ana").get(f"/jobs/{receipt.code}").text
    assert "is higher than in training" in page
    assert 'aria-label="income"' not in page


@pytest.mark.parametrize(
    ("state", "shown"),
    [("steady", "As in training"), ("few-rows", "Too few rows to say"), ("unknown", "Cannot be said")],
)
def test_the_other_answers(panel: Panel, state: str, shown: str) -> None:
    receipt = panel.job(drift=FOUND.model_copy(update={"state": state}))
    assert shown in panel.as_("ana").get(f"/jobs/{receipt.code}").text


def test_the_last_days_of_the_route(panel: Panel) -> None:
    windows = [{"days": 7, "jobs": 12, "drift": {"state": "drift", "sentences": [SENTENCE]}},
               {"days": 30, "jobs": 1234, "drift": {"state": "steady"}}]  # fmt: skip
    put_days(panel, json.dumps({"windows": windows}))
    receipt = panel.job(drift=FOUND)
    page = panel.as_("ana").get(f"/jobs/{receipt.code}").text
    assert "The last 7 days, 12 files: Other than in training" in page
    assert "The last 30 days, 1,234 files: As in training" in page


@pytest.mark.parametrize("content", ["", "[]", '{"windows": [{"days": "x"}]}', '{"windows": [3]}'])
def test_last_days_that_cannot_be_read_are_left_out(panel: Panel, content: str) -> None:
    put_days(panel, content)
    receipt = panel.job(drift=FOUND)
    page = panel.as_("ana").get(f"/jobs/{receipt.code}")
    assert page.status_code == 200
    assert "The last" not in page.text


def test_where_nobody_looked_nothing_is_said(panel: Panel) -> None:
    receipt = panel.job()
    assert "training" not in panel.as_("ana").get(f"/jobs/{receipt.code}").text.lower()


def test_every_word_is_there_in_spanish() -> None:
    assert set(LANGUAGES) == {"en", "es"}
    template = Path(__file__).parents[1] / "daemon/dropscore/web/templates/_drift.html"
    text = template.read_text()
    assert all(f'_("{word}"' in text for word in DRIFT)
    assert text.count('_("') == len(DRIFT)
