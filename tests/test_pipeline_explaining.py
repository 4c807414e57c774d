"""The reasons beside the predictions, in every format, and what is done where a model cannot be explained."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KNeighborsRegressor

from dropscore import bundle as bundles
from dropscore.domain.errors import Unavailable
from dropscore.domain.jobs import Task, Verdict
from dropscore.domain.rules import Format, Policy, Rules
from dropscore.pipeline import process
from dropscore.pipeline.explaining import Reasons
from dropscore.receipt import Outcome
from tasks import task_in

DATA = Path(__file__).parents[1] / "model" / "penguins" / "data" / "penguins.csv"
EVERY = (Format.XLSX, Format.CSV, Format.PARQUET)


def scored(folder: Path, bundle: Path, content: bytes, rules: Rules) -> tuple[Task, Outcome]:
    task = task_in(folder, bundle, content, rules=rules)
    return task, process(task, bundles.load(task.bundle, task.trusted))


def told(task: Task, name: str) -> list[list[Any]]:
    folder = Path(task.folder)
    if name.endswith("csv"):
        return list(csv.reader((folder / name).read_text(encoding="utf-8-sig").splitlines()))
    if name.endswith("parquet"):
        found = pq.read_table(folder / name)
        return [found.column_names, *zip(*[column.to_pylist() for column in found.columns], strict=True)]
    return CalamineWorkbook.from_path(str(folder / name)).get_sheet_by_name("Predictions").to_python()


@pytest.mark.parametrize("name", ["result.xlsx", "result.csv", "result.parquet"])
def test_the_reasons_stand_beside_the_prediction(tmp_path: Path, penguins_bundle: Path, name: str) -> None:
    rules = Rules(formats=EVERY, explain=3, policy=Policy.GOOD_ROWS)
    task, outcome = scored(tmp_path, penguins_bundle, DATA.read_bytes(), rules)
    assert outcome.verdict is Verdict.DELIVERED
    header, *rows = told(task, name)
    assert list(header[-4:]) == ["prediction", "reason_1", "reason_2", "reason_3"]
    assert list(rows[0][-3:]) == ["flipper_length_mm low −420", "species Adelie −200", "sex male +150"]
    assert "sex missing" in " ".join(map(str, rows[3][-3:])), "a bird of which little is known"
    amounts = [abs(float(re.sub("[^0-9.]", "", str(row[at]).split()[-1]))) for row in rows[:50] for at in (-3, -2, -1)]
    assert all(first >= second >= third for first, second, third in zip(*[iter(amounts)] * 3, strict=True))


def test_all_reasons_together_are_the_distance_from_the_mean_row(tmp_path: Path, penguins_bundle: Path) -> None:
    task = task_in(tmp_path, penguins_bundle, b"")
    loaded = bundles.load(task.bundle, task.trusted)
    frame = pd.read_csv(DATA)
    typed = bundles.encoded(bundles.typed_columns(frame, loaded.schema))
    outputs = loaded.predict(typed)
    reasons = Reasons(len(loaded.schema.fields), "en").of(loaded, typed, outputs)
    sums = np.zeros(len(frame))
    for column in reasons:
        texts = [
            text.rpartition(" ")[2].replace("−", "-").replace(",", "") for text in column.fill_null("0").to_pylist()
        ]
        sums += np.array([float(text) for text in texts])
    base = loaded.explainer.shares(typed).base
    assert base + sums == pytest.approx(outputs["prediction"].to_numpy(), abs=0.05 * np.ptp(sums)), "two digits each"
    assert loaded.explainer.shares(typed).score == pytest.approx(outputs["prediction"].to_numpy(), rel=1e-9)


def test_a_route_that_asks_for_none_gets_none(tmp_path: Path, penguins_bundle: Path) -> None:
    task, _ = scored(tmp_path, penguins_bundle, DATA.read_bytes(), Rules())
    assert told(task, "result.xlsx")[0][-1] == "prediction"


def test_the_reasons_are_told_in_the_route_s_language(tmp_path: Path, credit_bundle: Path) -> None:
    data = Path(__file__).parents[1] / "model" / "credit" / "data" / "german_credit.csv"
    lines = data.read_bytes().splitlines(keepends=True)[:50]
    task, _ = scored(tmp_path, credit_bundle, b"".join(lines), Rules(explain=1, language="es"))
    header, *rows = told(task, "result.xlsx")
    assert header[-1] == "reason_1"
    assert all(re.search(r" [+−]\d+(,\d+)?$", row[-1]) for row in rows)
    assert any("alto" in row[-1] or "bajo" in row[-1] for row in rows)


def packed(folder: Path, estimator: Any, frame: pd.DataFrame, target: Any) -> Path:
    return bundles.save(folder / "made", estimator.fit(frame, target), frame, version="1.0.0", name="made")


def test_a_model_that_cannot_be_explained_keeps_the_drop_and_says_why(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": np.arange(50.0), "b": np.arange(50.0) % 7})
    bundle = packed(tmp_path, KNeighborsRegressor(), frame, frame.a)
    with pytest.raises(Unavailable, match="KNeighborsRegressor is neither linear") as caught:
        scored(tmp_path / "one", bundle, b"a,b\n1,2\n", Rules(explain=1))
    assert caught.value.key == "explain:made"
    assert scored(tmp_path / "two", bundle, b"a,b\n1,2\n", Rules())[1].verdict is Verdict.DELIVERED


def test_more_reasons_than_columns_and_shares_of_nothing_are_empty(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": np.arange(50.0), "b": np.arange(50.0) % 7})
    model = LinearRegression().fit(frame, frame.a)
    model.coef_ = np.array([1.0, 0.0])
    bundle = bundles.save(tmp_path / "made", model, frame, version="1.0.0", name="made")
    task, _ = scored(tmp_path, bundle, b"a,b,reason_1\n1,2,mine\n", Rules(explain=4))
    header, row = told(task, "result.xlsx")
    assert header == ["a", "b", "reason_1", "prediction", "reason_1 (model)", "reason_2", "reason_3", "reason_4"]
    assert (row[2], row[4].startswith("a low −"), row[5:]) == ("mine", True, ["", "", ""])


@pytest.mark.filterwarnings("ignore:overflow encountered")
def test_numbers_beyond_what_a_float_holds_have_no_reasons(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": np.arange(50.0), "b": np.arange(50.0) % 7})
    bundle = packed(tmp_path, LinearRegression(), frame, 5 * frame.a + frame.b)
    task, outcome = scored(tmp_path / "one", bundle, b"a,b\n1e308,2\n1,2\n", Rules(explain=2))
    _, far, near = told(task, "result.xlsx")
    assert outcome.verdict is Verdict.DELIVERED
    assert (far[2:], near[3][:5]) == (["", "", ""], "a low")


def test_a_row_without_an_answer_has_no_reasons(tmp_path: Path, penguins_bundle: Path) -> None:
    task = task_in(tmp_path, penguins_bundle, b"")
    loaded = bundles.load(task.bundle, task.trusted)
    typed = bundles.encoded(bundles.typed_columns(pd.read_csv(DATA).head(3), loaded.schema))
    outputs = {"prediction": pa.array([1.0, None, 2.0])}
    (first,) = Reasons(1, "en").of(loaded, typed, outputs)
    assert first.is_null().to_pylist() == [False, True, False]
