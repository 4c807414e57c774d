"""Packing: whole, tried out, and never over what is there."""

from __future__ import annotations

import functools
import hashlib
import json
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.cluster import Birch
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from dropscore import bundle
from dropscore.domain.jobs import BundleRef
from dropscore.domain.rules import Trust, Trusted

DRAW = np.random.default_rng(4)
FRAME = pd.DataFrame(
    {
        "age": DRAW.integers(18, 80, 200),
        "income": DRAW.normal(2_000, 500, 200).round(2),
        "town": pd.array(DRAW.choice(["Ulm", "Köln"], 200), dtype="str"),
    }
)
FRAME.loc[5, "town"] = None
NUMBERS = FRAME[["age", "income"]]
TARGET = np.where(FRAME.income > 2_000, "yes", "no")


@functools.cache
def model() -> Any:
    encoder = make_column_transformer((OneHotEncoder(), ["town"]), (StandardScaler(), ["age", "income"]))
    return make_pipeline(encoder, LogisticRegression()).fit(FRAME, TARGET)


def saved(folder: Path, **given: Any) -> Path:
    settings: dict[str, Any] = {"version": "1.0.0", "name": "loan", **given}
    return bundle.save(folder, settings.pop("estimator", model()), settings.pop("frame", FRAME), **settings)


def test_a_bundle_is_four_files_and_their_hashes(tmp_path: Path) -> None:
    path = saved(tmp_path / "loan", title="Loans", scores={"auc": 0.8, "f1": (0.7, 0.1)})
    assert path == tmp_path / "loan" / "1.0.0"
    assert {file.name for file in path.iterdir()} == {"manifest.json", "model.skops", "golden.parquet", "profile.json"}
    assert [entry.name for entry in path.parent.iterdir()] == ["1.0.0"], "nothing is left of the making"
    document = json.loads((path / "manifest.json").read_text())
    for name, fact in document["files"].items():
        data = (path / name).read_bytes()
        assert fact == {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    assert document["name"] == "loan" and document["version"] == "1.0.0" and document["title"] == "Loans"
    assert document["task"] == "classification" and document["training_rows"] == 200
    assert document["scores"] == {"auc": {"mean": 0.8, "std": None}, "f1": {"mean": 0.7, "std": 0.1}}
    assert {"scikit-learn", "numpy", "python", "skops"} <= set(document["versions"])
    assert document["estimator"] == "ColumnTransformer → LogisticRegression"
    assert {column: fact["dtype"] for column, fact in document["columns"].items()} == {
        "age": "int64", "income": "float64", "town": "str",
    }  # fmt: skip


def test_golden_rows_and_profile(tmp_path: Path) -> None:
    path = saved(tmp_path)
    golden = pd.read_parquet(path / "golden.parquet")
    assert len(golden) >= 20 and golden["town"].isna().any()
    assert set(golden["prediction"]) == {"yes", "no"} and golden["probability_yes"].between(0, 1).all()
    profile = json.loads((path / "profile.json").read_text())
    assert profile["columns"]["town"]["missing"] == 1 and len(profile["columns"]["age"]["quantiles"]) == 101
    assert sum(profile["predictions"]["prediction"]["counts"].values()) == 200


def test_a_version_is_never_replaced(tmp_path: Path) -> None:
    path = saved(tmp_path)
    before = {file.name: file.read_bytes() for file in path.iterdir()}
    with pytest.raises(FileExistsError, match=r"loan 1\.0\.0 is there already"):
        saved(tmp_path, title="another")
    assert {file.name: file.read_bytes() for file in path.iterdir()} == before


def test_of_two_at_once_one_is_there_and_whole(tmp_path: Path) -> None:
    ends: list[str] = []
    estimator, barrier = model(), threading.Barrier(2)

    def pack(title: str) -> None:
        barrier.wait()
        try:
            saved(tmp_path, estimator=estimator, title=title)
            ends.append(title)
        except FileExistsError:
            ends.append("refused")

    threads = [threading.Thread(target=pack, args=(title,)) for title in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ends) in (["one", "refused"], ["refused", "two"])
    assert json.loads((tmp_path / "1.0.0" / "manifest.json").read_text())["title"] in ends
    assert [entry.name for entry in tmp_path.iterdir()] == ["1.0.0"]


def test_a_failure_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, data: bytes, mode: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sys.modules[bundle.save.__module__], "write_new", full)
    with pytest.raises(OSError, match="No space"):
        saved(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"version": "v1"}, "use numbers and points"),
        ({"version": "../1"}, "use numbers and points"),
        ({"version": ".1"}, "use numbers and points"),
        ({"name": "Loan!"}, "small letters"),
        ({"name": ""}, "small letters"),
        ({"frame": FRAME.to_numpy()}, "give the pandas DataFrame"),
        ({"frame": FRAME.head(19)}, "at least 20 rows"),
        ({"frame": FRAME[["town", "age", "income"]]}, "another order"),
        ({"frame": FRAME.rename(columns={"age": "Age"})}, "other columns (Age, age)"),
        ({"frame": FRAME.set_axis(["a", "a", "b"], axis=1)}, "a name of its own"),
        ({"frame": FRAME.set_axis([1, 2, 3], axis=1)}, "a name of its own"),
        ({"outputs": [bundle.prediction("Town")]}, "choose another with prediction"),
        ({"schema": {"aeg": {}}}, "did you mean 'age'"),
    ],
)
def test_what_does_not_fit_is_said_and_nothing_is_written(tmp_path: Path, given: Any, sentence: str) -> None:
    with pytest.raises(ValueError) as caught:
        saved(tmp_path / "loan", **given)
    assert sentence in str(caught.value)
    assert not (tmp_path / "loan").exists()


def test_the_training_score_where_no_other_is_given(tmp_path: Path) -> None:
    document = json.loads((saved(tmp_path, y_train=TARGET) / "manifest.json").read_text())
    assert document["scores"]["training_score"]["mean"] == model().score(FRAME, TARGET)


class Forgetful(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """What it has learned does not go into the file."""

    def fit(self, data: Any, target: Any) -> Forgetful:
        self.mean_ = float(np.mean(target))
        return self

    def predict(self, data: Any) -> Any:
        return np.full(len(data), self.mean_)

    def __getstate__(self) -> dict[str, Any]:
        return {"mean_": 0.0}


def test_a_model_that_comes_back_changed_is_not_packed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"would score other than the estimator: 'prediction' of row 1 is 0\.0"):
        saved(tmp_path, estimator=Forgetful().fit(FRAME, FRAME.income))
    assert list(tmp_path.iterdir()) == []


class Lambda(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Holds what skops cannot write."""

    def fit(self, data: Any, target: Any) -> Lambda:
        self.how_ = lambda rows: np.zeros(len(rows))
        return self

    def predict(self, data: Any) -> Any:
        return self.how_(data)


def test_what_skops_cannot_write_is_said(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="the packed model does not open again"):
        saved(tmp_path, estimator=Lambda().fit(FRAME, FRAME.income))


def test_another_way_is_named_where_skops_has_none(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"skops cannot write this estimator .* or serializer='joblib'"):
        saved(tmp_path, estimator=Birch(n_clusters=2).fit(NUMBERS), frame=NUMBERS)
    assert saved(tmp_path, estimator=Birch(n_clusters=2).fit(NUMBERS), frame=NUMBERS, serializer="joblib")


def test_several_targets_at_once_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="pack one estimator for each"):
        saved(tmp_path, estimator=LinearRegression().fit(NUMBERS, NUMBERS), frame=NUMBERS)


def test_the_makers_estimator_is_left_as_it_is(tmp_path: Path) -> None:
    forest = RandomForestClassifier(3, n_jobs=2, random_state=1).fit(NUMBERS, TARGET)
    saved(tmp_path, estimator=forest, frame=NUMBERS)
    assert forest.n_jobs == 2


def test_the_two_formats_score_the_same(tmp_path: Path) -> None:
    found = []
    for serializer in ("skops", "joblib"):
        path = saved(tmp_path / serializer, serializer=serializer)
        digest = hashlib.sha256((path / "manifest.json").read_bytes()).hexdigest()
        loaded = bundle.load(BundleRef(str(path), "loan", "1.0.0", digest), Trusted(Trust.NUMERIC, (), (digest,)))
        found.append(loaded.predict(bundle.typed_columns(FRAME, loaded.schema)))
    assert found[0] == found[1]
