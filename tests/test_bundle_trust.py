"""Who decides what a model may be made of: the operator, never the bundle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
    StackingClassifier,
)
from sklearn.feature_selection import SelectKBest
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold, TunedThresholdClassifierCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, SplineTransformer, StandardScaler
from sklearn.svm import SVC
from skops import io as skops_io

from dropscore.bundle.trust import NUMERIC, SKLEARN, allowed_types, mend_of
from dropscore.domain.rules import Trust, Trusted

DRAW = np.random.default_rng(2)
NUMBERS = pd.DataFrame(DRAW.normal(size=(80, 3)), columns=["a", "b", "c"])
MIXED = NUMBERS.assign(c=pd.Categorical(DRAW.choice(["x", "y"], 80)))
TARGET = DRAW.integers(0, 2, 80)


def needed(estimator: Any, frame: pd.DataFrame = NUMBERS) -> set[str]:
    return set(skops_io.get_untrusted_types(data=skops_io.dumps(estimator.fit(frame, TARGET))))


@pytest.mark.parametrize(
    "estimator",
    [
        LogisticRegression(),
        SVC(),
        make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression()),
        make_pipeline(make_column_transformer((StandardScaler(), ["a", "b"])), LogisticRegression()),
    ],
)
def test_plain_numbers_need_the_first_tier_only(estimator: Any) -> None:
    assert needed(estimator) <= NUMERIC


BEYOND: list[tuple[Callable[[], Any], pd.DataFrame]] = [
    (lambda: RandomForestClassifier(3), NUMBERS),
    (lambda: GradientBoostingClassifier(n_estimators=3), NUMBERS),
    (lambda: HistGradientBoostingClassifier(max_iter=3), NUMBERS),
    (lambda: HistGradientBoostingClassifier(max_iter=3, categorical_features="from_dtype"), MIXED),
    (lambda: IsolationForest(n_estimators=3), NUMBERS),
    (lambda: KNeighborsClassifier(algorithm="kd_tree"), NUMBERS),
    (lambda: KNeighborsClassifier(algorithm="ball_tree", metric="manhattan"), NUMBERS),
    (lambda: MLPClassifier(max_iter=300, tol=1), NUMBERS),
    (lambda: MLPClassifier(max_iter=300, tol=1, solver="sgd"), NUMBERS),
    (lambda: CalibratedClassifierCV(LogisticRegression(), cv=2), NUMBERS),
    (lambda: GridSearchCV(LogisticRegression(), {"C": [1, 2]}, cv=StratifiedKFold(2), scoring="roc_auc"), NUMBERS),
    (lambda: TunedThresholdClassifierCV(LogisticRegression(), cv=2), NUMBERS),
    (lambda: StackingClassifier([("a", LogisticRegression())], cv=2), NUMBERS),
    (lambda: GaussianProcessClassifier(), NUMBERS),
    (lambda: make_pipeline(SelectKBest(k=2), SplineTransformer(), LogisticRegression()), NUMBERS),
    (
        lambda: make_pipeline(
            make_column_transformer((OneHotEncoder(), make_column_selector(dtype_exclude="number"))),
            LogisticRegression(),
        ),
        MIXED,
    ),
]


@pytest.mark.parametrize(("make", "frame"), BEYOND)
def test_the_second_tier_holds_what_scikit_learn_makes_of_its_estimators(
    make: Callable[[], Any], frame: pd.DataFrame
) -> None:
    types = needed(make(), frame)
    assert types and not types <= NUMERIC
    assert types <= SKLEARN


def test_no_tier_lets_a_function_of_the_file_s_choice_in() -> None:
    for name in ("PyFuncDistance", "eval", "system", "subprocess", "import_module", "getattr", "methodcaller"):
        assert not any(name in kind for kind in SKLEARN)


def test_named_types_count_under_custom_only() -> None:
    named = ("shop.models.Ours",)
    assert allowed_types(Trusted(Trust.NUMERIC, named)) == NUMERIC
    assert allowed_types(Trusted(Trust.SKLEARN, named)) == SKLEARN
    assert allowed_types(Trusted(Trust.CUSTOM, named)) == SKLEARN | {"shop.models.Ours"}


def test_the_mend_names_the_tier_and_the_types() -> None:
    assert 'set trust = "sklearn" in [bundles]' in mend_of(["sklearn.tree._tree.Tree"], Trusted(Trust.NUMERIC))
    mend = mend_of(["shop.models.Ours", "sklearn.tree._tree.Tree"], Trusted(Trust.NUMERIC))
    assert 'set trust = "custom" in [bundles] and add "shop.models.Ours" to its types.' in mend
