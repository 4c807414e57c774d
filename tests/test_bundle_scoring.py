"""As few calls as are right, and always the estimator's own answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.base import BaseEstimator, RegressorMixin, TransformerMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    BaggingClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier, ExtraTreeClassifier

from dropscore.bundle.frame import typed_columns
from dropscore.bundle.golden import first_difference
from dropscore.bundle.infer import infer_schema, trained_columns
from dropscore.bundle.outputs import prediction, probability, settle_outputs
from dropscore.bundle.rehearse import _by_the_estimator
from dropscore.bundle.scoring import Scorer, single_threaded

DRAW = np.random.default_rng(11)
FRAME = pd.DataFrame(
    {
        "a": DRAW.normal(size=400).round(1),
        "b": DRAW.integers(0, 4, 400),
        "c": pd.array(DRAW.choice(["x", "y", "z"], 400), dtype="str"),
    }
)
TWO = np.where(FRAME.a + FRAME.b + DRAW.normal(size=400) > 1.5, "yes", "no")
THREE = np.where(FRAME.a > 0.5, "high", np.where(FRAME.a + DRAW.normal(size=400) > -0.5, "mid", "low"))


def columns() -> Any:
    return make_column_transformer((OneHotEncoder(), ["c"]), (StandardScaler(), ["a", "b"]))


def scorer_of(estimator: Any, frame: pd.DataFrame = FRAME, outputs: Any = None) -> tuple[Scorer, dict[str, pa.Array]]:
    schema = infer_schema(frame)
    settled = settle_outputs(estimator, schema.names, outputs, None)
    return Scorer(estimator, settled, trained_columns(frame, schema)), typed_columns(frame, schema)


CLASSIFIERS: list[Callable[[], Any]] = [
    lambda: make_pipeline(columns(), LogisticRegression()),
    lambda: make_pipeline(columns(), MLPClassifier(max_iter=300, tol=1e-2, random_state=1)),
    lambda: make_pipeline(columns(), RandomForestClassifier(4, random_state=1)),
    lambda: make_pipeline(columns(), ExtraTreesClassifier(4, random_state=1)),
    lambda: make_pipeline(columns(), DecisionTreeClassifier(min_samples_leaf=20)),
    lambda: make_pipeline(columns(), ExtraTreeClassifier(min_samples_leaf=20, random_state=1)),
    lambda: make_pipeline(columns(), KNeighborsClassifier(4)),
    lambda: make_pipeline(columns(), KNeighborsClassifier(4, weights="distance")),
    lambda: make_pipeline(columns(), GradientBoostingClassifier(n_estimators=5, random_state=1)),
    lambda: make_pipeline(columns(), HistGradientBoostingClassifier(max_iter=5)),
    lambda: make_pipeline(columns(), BaggingClassifier(DecisionTreeClassifier(), 4, random_state=1)),
    lambda: make_pipeline(columns(), CalibratedClassifierCV(LogisticRegression(), cv=2)),
    lambda: GridSearchCV(make_pipeline(columns(), LogisticRegression()), {"logisticregression__C": [0.1, 1]}, cv=2),
    lambda: RandomForestClassifier(4, random_state=1),
]


@pytest.mark.parametrize(
    "labels", [TWO, THREE, TWO == "yes", (THREE == "mid").astype(int)], ids=["2", "3", "bool", "int"]
)
@pytest.mark.parametrize("make", CLASSIFIERS)
def test_the_scores_are_the_estimators_own(make: Callable[[], Any], labels: Any) -> None:
    frame = FRAME[["a", "b"]] if type(make()) is RandomForestClassifier else FRAME
    estimator = make().fit(frame, labels)
    scorer, typed = scorer_of(estimator, frame)
    assert first_difference(_by_the_estimator(estimator, frame, scorer.outputs), scorer.score(typed)) is None


class Counting(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Lets everything through, and counts how often."""

    calls = 0

    def fit(self, data: Any, target: Any = None) -> Counting:
        self.fitted_ = True
        return self

    def transform(self, data: Any) -> Any:
        type(self).calls += 1
        return data


def test_the_input_is_transformed_once_for_class_and_probability() -> None:
    estimator = make_pipeline(Counting(), columns(), LogisticRegression()).fit(FRAME, TWO)
    scorer, typed = scorer_of(estimator)
    Counting.calls = 0
    scorer.score(typed)
    assert Counting.calls == 1


def test_a_forest_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = FRAME[["a", "b"]]
    scorer, typed = scorer_of(RandomForestClassifier(5, random_state=1).fit(frame, TWO), frame)
    asked: list[int] = []
    original = RandomForestClassifier.predict_proba

    def counted(self: Any, data: Any) -> Any:
        asked.append(len(data))
        return original(self, data)

    monkeypatch.setattr(RandomForestClassifier, "predict_proba", counted)
    scorer.score(typed)
    assert asked[0] == len(frame) and sum(asked[1:]) < len(frame) / 4, "only near ties are asked again"


def test_a_threshold_of_its_own_is_not_replaced_by_the_likeliest_class() -> None:
    model = make_pipeline(columns(), LogisticRegression())
    estimator = FixedThresholdClassifier(model, threshold=0.9, pos_label="yes").fit(FRAME, TWO)
    scorer, typed = scorer_of(estimator)
    answers = scorer.score(typed)
    share, said = answers["probability_yes"].to_numpy(), np.array(answers["prediction"].to_pylist())
    between = (share > 0.5) & (share < 0.9)
    assert between.any() and (said[between] == "no").all()


def test_only_what_is_asked_for_is_answered() -> None:
    estimator = make_pipeline(columns(), LogisticRegression()).fit(FRAME, THREE)
    scorer, typed = scorer_of(estimator, outputs=[probability("mid", "m")])
    assert list(scorer.score(typed)) == ["m"]
    scorer, typed = scorer_of(estimator, outputs=[prediction("p")])
    assert set(scorer.score(typed)["p"].to_pylist()) == {"low", "mid", "high"}


def test_many_classes() -> None:
    labels = np.array([f"class {number % 40}" for number in range(len(FRAME))])
    estimator = make_pipeline(columns(), LogisticRegression(max_iter=20, tol=1e-1)).fit(FRAME, labels)
    scorer, typed = scorer_of(estimator, outputs=[prediction()])
    assert scorer.score(typed)["prediction"].to_pylist() == list(estimator.predict(FRAME))


def test_no_rows_are_no_rows_of_the_right_types() -> None:
    scorer, typed = scorer_of(make_pipeline(columns(), LogisticRegression()).fit(FRAME, TWO))
    answers = scorer.score({name: column.slice(0, 0) for name, column in typed.items()})
    assert [str(column.type) for column in answers.values()] == ["string", "double"]
    assert not any(len(column) for column in answers.values())


def test_numbers_have_twelve_digits() -> None:
    frame = FRAME[["a"]]
    scorer, typed = scorer_of(LinearRegression().fit(frame, frame.a / 3 + 1e-3), frame)
    values = scorer.score(typed)["prediction"].to_pylist()
    assert all(value == float(f"{value:.12g}") for value in values)


class Odd(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Answers what it is told to."""

    def __init__(self, answer: Any = None) -> None:
        self.answer = answer

    def fit(self, data: Any, target: Any) -> Odd:
        self.fitted_ = True
        return self

    def predict(self, data: Any) -> Any:
        return self.answer(len(data))


def test_what_is_no_number_is_null() -> None:
    frame = FRAME[["a"]].head(4)
    scorer, typed = scorer_of(Odd(lambda rows: np.resize([1.0, np.nan, np.inf, -np.inf], rows)), frame)
    assert scorer.score(typed)["prediction"].to_pylist() == [1.0, None, None, None]


def test_a_class_beside_no_probability_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = FRAME[["a"]].head(40)
    scorer, typed = scorer_of(LogisticRegression().fit(frame, TWO[:40]), frame)
    shares = np.full((48, 2), 0.5)
    shares[3] = np.nan
    monkeypatch.setattr(LogisticRegression, "predict_proba", lambda self, data: shares[: len(data)])
    answers = scorer.score(typed)
    assert [column.null_count for column in answers.values()] == [1, 1]
    assert answers["prediction"][3].as_py() is None


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [(lambda rows: np.zeros(rows + 1), "answered"), (lambda rows: np.zeros((rows, 2)), "several columns")],
)
def test_a_wrong_shape_is_never_laid_beside_the_rows(answer: Any, sentence: str) -> None:
    frame = FRAME[["a"]]
    scorer, typed = scorer_of(Odd(answer), frame)
    with pytest.raises(ValueError, match=sentence):
        scorer.score(typed)


def test_a_single_column_of_answers_is_flattened() -> None:
    frame = FRAME[["a"]].head(3)
    scorer, typed = scorer_of(Odd(lambda rows: np.arange(rows).reshape(-1, 1)), frame)
    assert scorer.score(typed)["prediction"].to_pylist() == [0.0, 1.0, 2.0]


def test_threads_are_taken_back_to_one() -> None:
    inner = RandomForestRegressor(3, n_jobs=2)
    estimator = make_pipeline(make_column_transformer((StandardScaler(), ["a"]), n_jobs=2), inner)
    single_threaded(estimator)
    assert inner.n_jobs == 1 and estimator[0].n_jobs == 1
    single_threaded(object())
