"""The report: real drops scored, real outcomes taken, and the figures that come of both."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from sklearn import metrics

from actuals_house import MODELS, Desk, as_csv, credit_rows, desk
from dropscore.actuals import export, report_of
from dropscore.domain.rules import Rules
from dropscore.figures import Judgement, Report


def _report(route: Desk, **more: str) -> Report:
    return report_of(route.state, route.route, **more)  # type: ignore[arg-type]


def _one(report: Report) -> Judgement:
    (judged,) = report.models
    return judged


@pytest.fixture
def route(tmp_path: Path, credit_bundle: Path) -> Desk:
    """300 applicants, scored in three months, of which is known what became of them."""
    made = desk(tmp_path, credit_bundle)
    for month, start in enumerate((0, 100, 200)):
        content, truth = credit_rows(slice(start, start + 100))
        made.drop(content, day=31.0 * month)
        made.actuals(list(truth), day=120.0)
    return made


def test_figures_are_those_of_scikit_learn_on_the_same_pairs(route: Desk, tmp_path: Path) -> None:
    judged = _one(_report(route))
    export(route.state, "credit", tmp_path / "out", outcome="standing")
    pairs = pd.read_parquet(tmp_path / "out" / "credit-1.0.0.parquet")
    bad = pairs["_outcome"] == "bad"
    found = {figure.name: figure.value for figure in judged.figures}
    assert found["accuracy"] == metrics.accuracy_score(pairs["_outcome"], pairs["_output.prediction"])
    assert found["auc"] == pytest.approx(metrics.roc_auc_score(bad, pairs["_output.probability_bad"]), abs=1e-12)
    assert found["brier"] == pytest.approx(metrics.brier_score_loss(bad, pairs["_output.probability_bad"]), abs=1e-12)
    truth = pd.read_csv(MODELS / "credit" / "data" / "german_credit.csv")["creditability"][:300]
    assert list(pairs["_outcome"]) == list(truth)


def test_months_segments_and_calibration(route: Desk) -> None:
    report = _report(route)
    judged = _one(report)
    assert (report.predictions, report.actuals, report.matched, judged.pairs) == (300, 300, 300, 300)
    assert [(one.value, one.pairs) for one in judged.months] == [("2026-03", 100), ("2026-04", 100), ("2026-05", 100)]
    housing = next(one for one in judged.segments if one.column == "housing")
    assert sum(one.pairs for one in housing.slices) == 300
    assert {one.value for one in housing.slices} == {"own", "rent", "for free"}
    (calibration,) = judged.calibrations
    assert calibration.category == "bad" and sum(one.pairs for one in calibration.bins) == 300


def test_a_figure_inside_training_is_not_told(route: Desk) -> None:
    judged = _one(_report(route))
    accuracy = next(one for one in judged.figures if one.name == "accuracy")
    assert accuracy.trained is not None and accuracy.trained_low is not None
    assert accuracy.trained_low < accuracy.value and not accuracy.outside and not judged.outside


@pytest.mark.parametrize(("language", "word"), [("en", "lower than in training"), ("es", "más bajo que")])
def test_a_model_that_has_gone_stale_is_told(tmp_path: Path, credit_bundle: Path, language: str, word: str) -> None:
    route = desk(tmp_path, credit_bundle, Rules(language=language))
    content, truth = credit_rows(slice(0, 200))
    route.drop(content)
    other = {"good": "bad", "bad": "good"}
    route.actuals([(key, other[standing]) for key, standing in truth])
    judged = _one(_report(route, language=language))
    assert {figure.name for figure in judged.recent if figure.outside == "lower"} == {"accuracy", "auc"}
    assert len(judged.outside) == 2 and all(word in told for told in judged.outside)


def test_a_later_prediction_takes_the_place_of_an_earlier_one(tmp_path: Path, credit_bundle: Path) -> None:
    route = desk(tmp_path, credit_bundle)
    content, truth = credit_rows(slice(0, 20))
    route.drop(content, day=0)
    second = route.drop(content, day=10)
    route.drop(content, day=40)
    route.actuals(list(truth), day=30)
    report = _report(route)
    assert (report.predictions, report.matched) == (60, 20)
    assert _one(_report(route, job=second.job)).pairs == 20
    assert _one(_report(route)).pairs == 20


def test_a_correction_changes_the_figures(tmp_path: Path, credit_bundle: Path) -> None:
    route = desk(tmp_path, credit_bundle)
    content, truth = credit_rows(slice(0, 20))
    route.drop(content)
    route.actuals([(key, "good") for key, _ in truth], day=30)
    before = _one(_report(route)).figures[0].value
    route.actuals(list(truth), day=31)
    judged = _one(_report(route))
    assert judged.pairs == 20 and judged.figures[0].value != before


def test_versions_are_judged_apart(tmp_path: Path, credit_bundle: Path) -> None:
    runpy.run_path(str(MODELS / "credit" / "train.py"))["main"](["--out", str(tmp_path / "m"), "--version", "1.1.0"])
    route = desk(tmp_path, credit_bundle)
    content, truth = credit_rows(slice(0, 20))
    route.drop(content)
    route.bundle = tmp_path / "m" / "1.1.0"
    more, later = credit_rows(slice(20, 50))
    route.drop(more, day=5)
    route.actuals([*truth, *later])
    report = _report(route)
    assert [(one.version, one.pairs) for one in report.models] == [("1.1.0", 30), ("1.0.0", 20)]
    assert [one.version for one in _report(route, version="1.0.0").models] == ["1.0.0"]


def test_numbers_have_errors_and_a_bias(tmp_path: Path, penguins_bundle: Path) -> None:
    route = desk(tmp_path, penguins_bundle, key="bird", outcome="mass")
    data = pd.read_csv(MODELS / "penguins" / "data" / "penguins.csv", keep_default_na=False)
    data = data[data["body_mass_g"] != "NA"].reset_index(drop=True)
    header = ["bird", *(name for name in data if name != "body_mass_g")]
    rows = [(f"B{at}", *(row[name] for name in header[1:])) for at, row in data.iterrows()]
    route.drop(as_csv(header, rows))
    route.actuals([(f"B{at}", mass) for at, mass in enumerate(data["body_mass_g"])])
    judged = _one(_report(route))
    assert judged.task == "regression" and judged.pairs == len(data)
    found = {figure.name: figure for figure in judged.figures}
    assert 150 < found["mae"].value < found["rmse"].value < 400 and abs(found["bias"].value) < 20
    assert found["mae"].trained is not None and not found["mae"].outside
    assert judged.calibrations == ()


def test_without_actuals_there_is_nothing_to_judge(tmp_path: Path, credit_bundle: Path) -> None:
    route = desk(tmp_path, credit_bundle)
    assert _report(route).models == ()
    route.drop(credit_rows(slice(0, 20))[0])
    judged = _one(_report(route))
    assert (judged.predictions, judged.pairs, judged.figures) == (20, 0, ())


def test_columns_that_are_not_kept_are_no_segments(tmp_path: Path, credit_bundle: Path) -> None:
    route = desk(tmp_path, credit_bundle, exclude=("housing",))
    content, truth = credit_rows(slice(0, 20))
    route.drop(content)
    route.actuals(list(truth))
    assert "housing" not in {one.column for one in _one(_report(route)).segments}


def test_what_retention_takes_meanwhile_is_left_out(route: Desk) -> None:
    route.kept("predictions")[0].unlink()
    report = _report(route)
    assert (report.predictions, report.matched) == (200, 200)


@pytest.mark.parametrize(
    "spoil", [lambda data: data[:-9], lambda data: b"PAR1", lambda data: data[:200] + b"x" * 500 + data[700:]]
)
def test_a_damaged_file_is_passed_by_and_fails_no_drop(route: Desk, spoil: Callable[[bytes], bytes]) -> None:
    path = route.kept("predictions")[0]
    path.write_bytes(spoil(path.read_bytes()))
    assert _report(route).matched == 200
    outcome = route.actuals([("C-0150", "good"), ("C-0001", "good")], day=130.0)
    assert outcome.actuals is not None and (outcome.actuals.matched, outcome.actuals.unmatched) == (1, 1)
