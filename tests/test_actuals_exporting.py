"""What a model may learn from: joined, hashed, counted, and taken back by training."""

from __future__ import annotations

import json
import runpy
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from actuals_house import MODELS, START, Desk, credit_rows, desk
from dropscore import bundle, durable
from dropscore.actuals import export


@pytest.fixture
def route(tmp_path: Path, credit_bundle: Path) -> Desk:
    made = desk(tmp_path, credit_bundle)
    for day, start in ((0.0, 0), (10.0, 50)):
        made.drop(credit_rows(slice(start, start + 50))[0], day=day)
    made.actuals(list(credit_rows(slice(0, 80))[1]))
    return made


def test_rows_are_joined_and_the_manifest_counts_them(route: Desk, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    manifest = export(
        route.state, "credit", tmp_path / "out", outcome="standing", progress=lambda *now: told.append(now)
    )
    assert told == [(0, 2), (1, 2), (2, 2)]
    assert manifest == json.loads((tmp_path / "out" / "manifest.json").read_bytes())
    (one,) = manifest["models"]
    assert (manifest["rows"], manifest["pairs"], one["rows"], one["pairs"], len(one["jobs"])) == (100, 80, 100, 80, 2)
    path = tmp_path / "out" / one["file"]
    assert durable.sha256_of(path) == one["file_sha256"]
    found = pd.read_parquet(path)
    assert found["_outcome"].notna().sum() == 80
    data = pd.read_csv(MODELS / "credit" / "data" / "german_credit.csv")[:100]
    assert found["age_in_years"].tolist() == data["age_in_years"].tolist()
    assert found["_outcome"][:80].tolist() == data["creditability"][:80].tolist()
    assert found["_key"].tolist() == [f"C-{number:04d}" for number in range(100)]


def test_since_leaves_older_predictions_out(route: Desk, tmp_path: Path) -> None:
    since = START + timedelta(days=5)
    manifest = export(route.state, "credit", tmp_path / "out", outcome="standing", since=since)
    assert (manifest["rows"], manifest["pairs"]) == (50, 30)


def test_one_job_alone(route: Desk, tmp_path: Path) -> None:
    job = route.kept("predictions")[1].stem
    manifest = export(route.state, "credit", tmp_path / "out", outcome="standing", jobs=[job])
    assert (manifest["rows"], manifest["pairs"], manifest["models"][0]["jobs"]) == (50, 30, [job])
    assert export(route.state, "credit", tmp_path / "none", outcome="standing", jobs=["X"])["models"] == []


def test_nothing_is_overwritten(route: Desk, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(FileExistsError):
        export(route.state, "credit", tmp_path / "out", outcome="standing")


def test_training_takes_it_back_as_it_was(route: Desk, tmp_path: Path) -> None:
    export(route.state, "credit", tmp_path / "out", outcome="standing")
    script = runpy.run_path(str(MODELS / "credit" / "train.py"))
    features, target = script["load_data"]()
    more, outcomes = bundle.exported(tmp_path / "out", list(features.columns))
    pd.testing.assert_frame_equal(more, features[:80], check_dtype=True)
    assert outcomes.tolist() == target[:80].tolist()


def test_a_changed_file_is_refused(route: Desk, tmp_path: Path) -> None:
    export(route.state, "credit", tmp_path / "out", outcome="standing")
    path = tmp_path / "out" / "credit-1.0.0.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(ValueError, match="not the file that was exported"):
        bundle.exported(tmp_path / "out", ["housing"])


def test_a_column_that_is_not_kept_is_named(tmp_path: Path, credit_bundle: Path) -> None:
    route = desk(tmp_path, credit_bundle, exclude=("job",))
    content, truth = credit_rows(slice(0, 30))
    route.drop(content)
    route.actuals(list(truth))
    export(route.state, "credit", tmp_path / "out", outcome="standing")
    with pytest.raises(ValueError, match="lacks job"):
        bundle.exported(tmp_path / "out", ["housing", "job"])


@pytest.mark.parametrize(
    ("name", "key", "outcome"), [("credit", "customer_id", "standing"), ("penguins", "bird", "mass")]
)
def test_the_examples_learn_from_it(
    tmp_path: Path, name: str, key: str, outcome: str, request: pytest.FixtureRequest
) -> None:
    made: Path = request.getfixturevalue(f"{name}_bundle")
    route = desk(tmp_path, made, key=key, outcome=outcome)
    script = runpy.run_path(str(MODELS / name / "train.py"))
    features, target = script["load_data"]()
    drop = features[:60].copy()
    drop.insert(0, key, [f"K{number}" for number in range(60)])
    route.drop(drop.to_csv(index=False, na_rep="NA").encode())
    route.actuals([(f"K{number}", value) for number, value in enumerate(target[:60])])
    export(route.state, "credit", tmp_path / "out", outcome=outcome)
    script["main"](["--out", str(tmp_path / "m"), "--version", "1.1.0", "--more", str(tmp_path / "out")])
    manifest = json.loads((tmp_path / "m" / "1.1.0" / "manifest.json").read_bytes())
    assert manifest["training_rows"] == len(features) + 60
    columns = json.loads((made / "manifest.json").read_bytes())["columns"]
    assert manifest["columns"] == columns
