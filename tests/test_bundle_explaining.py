"""What moved a prediction: shares that add up to what the estimator itself answers, or a reason why there are none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, PolynomialFeatures, StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeRegressor

from dropscore.bundle.explaining import Explainer, make_explainer
from dropscore.bundle.frame import typed_columns
from dropscore.bundle.infer import infer_schema, trained_columns
from dropscore.bundle.outputs import prediction, probability, settle_outputs
from dropscore.bundle.profile import ProfileBuilder
from dropscore.bundle.scoring import Scorer
from dropscore.bundle.shares import Unexplained

ROWS = 600
DRAW = np.random.default_rng(5)
FRAME = pd.DataFrame(
    {
        "income": DRAW.lognormal(8, 0.5, ROWS),
        "age": DRAW.integers(18, 80, ROWS),
        "housing": DRAW.choice(["rent", "own", "free"], ROWS, p=[0.5, 0.3, 0.2]),
        "married": DRAW.random(ROWS) < 0.4,
        "since": pd.to_datetime("2020-01-01") + pd.to_timedelta(DRAW.integers(0, 900, ROWS), unit="D"),
    }
)
SCORE = FRAME.income / 3000 - FRAME.age / 40 + (FRAME.housing == "rent") + FRAME.married
NOISE = DRAW.normal(size=ROWS)
GROUPS = np.where(SCORE > 1.5, "high", np.where(SCORE > 0.5, "mid", "low"))
PARTS = ["income", "age", "housing", "married"]
PLAIN = FRAME[["income", "age"]]


def columns(*, sparse: bool = False) -> Any:
    return make_column_transformer(
        (OneHotEncoder(sparse_output=sparse), ["housing"]),
        (StandardScaler(), ["income", "age"]),
        ("passthrough", ["married"]),
        sparse_threshold=1.0 if sparse else 0.0,
    )


def explained(
    estimator: Any, frame: pd.DataFrame, target: Any, outputs: Any = None
) -> tuple[Explainer, Scorer, dict[str, pa.Array]]:
    """Fit an estimator, and return its explainer, with all rows but a tenth for golden ones."""
    estimator.fit(frame, target)
    schema = infer_schema(frame)
    typed = typed_columns(frame, schema)
    scorer = Scorer(estimator, settle_outputs(estimator, schema.names, outputs, None), trained_columns(frame, schema))
    profile = ProfileBuilder(schema, ())
    profile.add(typed, {})
    golden = {name: column.slice(0, 60) for name, column in typed.items()}
    return make_explainer(scorer, schema, profile.result(), golden), scorer, typed


def test_a_share_is_the_coefficient_times_the_distance_from_the_mean() -> None:
    model = LinearRegression()
    explainer, _, typed = explained(model, PLAIN, SCORE)
    told = explainer.shares(typed)
    assert (explainer.unit, explainer.columns) == ("value", ("income", "age"))
    for number, name in enumerate(explainer.columns):
        expected = model.coef_[number] * (PLAIN[name] - PLAIN[name].mean())
        spread = np.ptp(told.shares[:, number])
        assert told.shares[:, number] == pytest.approx(expected, abs=spread / 200)  # the profile's mean is of quantiles
        assert np.diff(told.shares[:, number]) == pytest.approx(np.diff(expected), rel=1e-9, abs=1e-12)
    assert told.score == pytest.approx(model.predict(PLAIN), rel=1e-12)


def test_a_category_s_share_is_told_against_the_mix_of_training() -> None:
    model = make_pipeline(columns(), Ridge(alpha=1.0))
    explainer, _, typed = explained(model, FRAME[PARTS], SCORE + NOISE)
    housing = explainer.shares(typed).shares[:, 2]
    assert len(np.unique(housing.round(12))) == 3
    assert housing.mean() == pytest.approx(0, abs=1e-9)
    effects = dict(zip(model[0].named_transformers_["onehotencoder"].categories_[0], model[-1].coef_[:3], strict=True))
    rent, own = (housing[(FRAME.housing == name).to_numpy()][0] for name in ("rent", "own"))
    assert rent - own == pytest.approx(effects["rent"] - effects["own"], rel=1e-9)


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("asked", ["high", "low"])
def test_shares_of_two_classes_add_up_to_the_log_odds_of_the_one_that_is_answered(asked: str, sparse: bool) -> None:
    model = make_pipeline(columns(sparse=sparse), LogisticRegression(max_iter=1000))
    target = np.where(SCORE + NOISE > 0.8, "high", "low")
    explainer, _, typed = explained(model, FRAME[PARTS], target, [prediction(), probability(asked)])
    share = model.predict_proba(FRAME[PARTS])[:, list(model.classes_).index(asked)]
    assert (explainer.unit, explainer.of) == ("log-odds", asked)
    assert explainer.shares(typed).score == pytest.approx(np.log(share / (1 - share)), rel=1e-9, abs=1e-9)


def test_of_many_classes_the_one_that_wins_is_explained() -> None:
    model = make_pipeline(columns(), LogisticRegression(max_iter=2000))
    explainer, _, typed = explained(model, FRAME[PARTS], GROUPS)
    assert (explainer.unit, explainer.of) == ("score", "")
    assert explainer.shares(typed).score == pytest.approx(model.decision_function(FRAME[PARTS]).max(axis=1), rel=1e-9)


def test_without_probabilities_it_is_the_score() -> None:
    model = make_pipeline(columns(), LinearSVC())
    explainer, _, typed = explained(model, FRAME[PARTS], np.where(SCORE > 0.8, "b", "a"))
    assert (explainer.unit, explainer.of) == ("score", "b")
    assert explainer.shares(typed).score == pytest.approx(model.decision_function(FRAME[PARTS]), rel=1e-9)


def test_a_model_of_logarithms_says_so() -> None:
    model = make_pipeline(StandardScaler(), PoissonRegressor())
    explainer, _, typed = explained(model, PLAIN, np.exp(SCORE.clip(-3, 3)))
    assert explainer.unit == "logarithm"
    assert explainer.shares(typed).score == pytest.approx(np.log(model.predict(PLAIN)), rel=1e-9, abs=1e-9)


def test_what_is_missing_is_explained_by_what_fills_it() -> None:
    frame = FRAME[["income", "age"]].astype(float)
    frame.loc[::5, "income"] = np.nan
    model = make_pipeline(SimpleImputer(), StandardScaler(), LinearRegression())
    explainer, _, typed = explained(model, frame, SCORE)
    told = explainer.shares(typed)
    assert told.score == pytest.approx(model.predict(frame), rel=1e-9)
    assert told.shares[::5, 0] == pytest.approx(told.shares[0, 0])


def test_a_search_is_explained_by_its_best_estimator() -> None:
    model = GridSearchCV(make_pipeline(StandardScaler(), Ridge()), {"ridge__alpha": [0.1, 1.0]})
    explainer, _, typed = explained(model, PLAIN, SCORE)
    assert explainer.shares(typed).score == pytest.approx(model.predict(PLAIN), rel=1e-9)


@pytest.mark.parametrize(
    ("last", "unit"),
    [
        (DecisionTreeRegressor(max_depth=4), "value"),
        (RandomForestRegressor(20, max_depth=5, random_state=1), "value"),
        (GradientBoostingRegressor(n_estimators=20, random_state=1), "value"),
        (HistGradientBoostingRegressor(max_iter=20, random_state=1), "value"),
        (RandomForestClassifier(20, max_depth=5, random_state=1), "probability"),
        (GradientBoostingClassifier(n_estimators=20, random_state=1), "log-odds"),
        (HistGradientBoostingClassifier(max_iter=20, random_state=1), "log-odds"),
    ],
    ids=lambda part: type(part).__name__ if not isinstance(part, str) else part,
)
def test_trees_are_taken_apart_too(last: Any, unit: str) -> None:
    pytest.importorskip("shap")
    target = np.where(SCORE + NOISE > 0.8, "high", "low") if hasattr(last, "predict_proba") else SCORE + NOISE
    model = make_pipeline(columns(), last)
    explainer, _, typed = explained(model, FRAME[PARTS], target)
    told = explainer.shares(typed)
    if unit == "value":
        expected = model.predict(FRAME[PARTS])
    else:
        share = model.predict_proba(FRAME[PARTS])[:, 1]
        expected = share if unit == "probability" else np.log(share / (1 - share))
    assert explainer.unit == unit
    assert told.score == pytest.approx(expected, rel=1e-5, abs=1e-6)
    married = told.shares[:, PARTS.index("married")]
    apart = married[FRAME.married].mean() - married[~FRAME.married].mean()
    assert bool(apart > 0) is (unit == "value"), "it raises the score: it speaks against `low`"


def test_trees_of_many_classes_explain_the_one_that_wins() -> None:
    pytest.importorskip("shap")
    model = RandomForestClassifier(20, max_depth=5, random_state=1)
    explainer, _, typed = explained(model, PLAIN, GROUPS)
    assert explainer.shares(typed).score == pytest.approx(model.predict_proba(PLAIN).max(axis=1), rel=1e-6)


@pytest.mark.parametrize(
    ("model", "frame", "why"),
    [
        (KNeighborsRegressor(), PLAIN, "neither linear nor made of trees"),
        (make_pipeline(PCA(2), LinearRegression()), PLAIN, "income and age into one number"),
        (make_pipeline(PolynomialFeatures(2), LinearRegression()), PLAIN, "income and age into one number"),
        (CalibratedClassifierCV(LogisticRegression()), PLAIN, "neither linear nor made of trees"),
        (SVC(), PLAIN, "neither linear nor made of trees"),
    ],
    ids=["neighbours", "PCA", "products", "calibrated", "kernel"],
)
def test_what_is_no_sum_over_columns_is_not_explained(model: Any, frame: pd.DataFrame, why: str) -> None:
    target = (
        np.where(SCORE > 0.8, "b", "a") if hasattr(model, "classes_") or "C" in type(model).__name__[-3:] else SCORE
    )
    with pytest.raises(Unexplained, match=why):
        explained(model, frame, target)


def test_a_product_with_a_column_that_is_zero_in_one_row_is_found_in_another() -> None:
    frame = PLAIN.assign(age=np.where(np.arange(ROWS) == 0, 0, PLAIN.age))
    model = make_pipeline(PolynomialFeatures(2, interaction_only=True, include_bias=False), LinearRegression())
    with pytest.raises(Unexplained, match="income and age"):
        explained(model, frame, SCORE)


def test_words_of_a_text_that_nobody_has_listed_belong_to_nobody() -> None:
    texts = pd.DataFrame({"text": [f"word{number % 97} other{number}" for number in range(ROWS)]})
    model = make_pipeline(make_column_transformer((TfidfVectorizer(), "text")), Ridge())
    with pytest.raises(Unexplained, match="belong to no column"):
        explained(model, texts, SCORE)


def test_trees_without_their_library_say_which_extra_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> Any:
        raise ModuleNotFoundError(f"No module named {name!r}")

    monkeypatch.setattr("dropscore.bundle.explaining.importlib.import_module", absent)
    with pytest.raises(Unexplained, match=r"dropscore\[explain\]"):
        explained(DecisionTreeRegressor(), PLAIN, SCORE)


def test_dates_are_explained() -> None:
    frame = FRAME[["since", "income"]]

    def days(data: Any) -> Any:
        return np.column_stack([(data["since"] - pd.Timestamp("2020-01-01")).dt.days, data["income"]])

    model = make_pipeline(FunctionTransformer(days), LinearRegression())
    explainer, scorer, typed = explained(model, frame, FRAME.since.dt.day_of_year + FRAME.income)
    told = explainer.shares(typed)
    expected = scorer.last.predict(days(frame))
    assert told.score == pytest.approx(expected, rel=1e-9)
    assert told.shares.mean(axis=0) == pytest.approx([0, 0], abs=np.ptp(told.shares) / 200)
