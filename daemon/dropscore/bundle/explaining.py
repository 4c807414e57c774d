"""What moved a prediction: a share for each input column, which together add up to the model's own score.

A linear model's score is a sum over its features. A column's share is what its features add to it, beyond what they
add for the mean of training (the profile's). Trees are taken apart by the `shap` library, an extra.

Which features are made of which column is found by trying: each column takes every value that the profile knows of,
while the others stand still. Where a feature moves with two columns no share is anybody's own, and nothing is
explained. In the end the golden rows are explained, and the sums must be what the estimator itself answers.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import BaseDecisionTree

from dropscore.bundle.frame import build_frame
from dropscore.bundle.origins import origins_of
from dropscore.bundle.scoring import Scorer, Typed, one_thread
from dropscore.bundle.shares import Floats, Linear, Parts, Shares, Unexplained
from dropscore.domain.schema import Schema
from dropscore.profiles import BatchProfile

Unit = Literal["value", "logarithm", "log-odds", "probability", "score"]
_TREES = (
    BaseDecisionTree,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
_ROWS = 2_000
"""Rows that trees are asked for at once: their features may be dense, and many."""


@dataclass(frozen=True, slots=True)
class Explainer:
    columns: tuple[str, ...]
    unit: Unit
    of: str
    """The class whose score is explained; empty: the value itself, or the class that is answered."""
    _scorer: Scorer
    _parts: Parts

    def shares(self, typed: Typed) -> Shares:
        """Return what each column adds to the score of each row. `typed` as for `Bundle.predict`."""
        with one_thread(), np.errstate(all="ignore"):  # a row that has no answer has no shares
            return self._parts.shares(self._scorer.features(build_frame(typed, self._scorer.columns)))


def make_explainer(scorer: Scorer, schema: Schema, profile: BatchProfile, golden: Typed) -> Explainer:
    """Return what explains a model's predictions.

    Raises Unexplained: its score is no sum over its columns, or nothing here can take it apart.
    """
    last = scorer.last
    linear = hasattr(last, "coef_") and hasattr(last, "intercept_")
    if not linear and not isinstance(last, _TREES):
        raise Unexplained(f"a {type(last).__name__} is neither linear nor made of trees")
    sign, of = _direction(scorer)
    with one_thread():
        try:
            origins, means = origins_of(scorer, schema, profile, golden)
            count = len(schema.fields)
            parts = Linear.of(last, origins, means, count, sign) if linear else _trees(last, origins, count, sign)
            told = parts.shares(scorer.features(build_frame(golden, scorer.columns)))
        except Unexplained:
            raise
        except (ValueError, TypeError, LookupError, NotImplementedError) as fault:
            raise Unexplained(f"it cannot be taken apart ({type(fault).__name__}: {fault})") from fault
        unit = _unit(scorer, build_frame(golden, scorer.columns), told.score, sign)
    return Explainer(schema.names, unit, of, scorer, parts)


def _direction(scorer: Scorer) -> tuple[int, str]:
    """Return the sign under which a score speaks for the class that is answered, and the class."""
    if len(scorer.classes) != 2:
        return 1, ""
    asked = [output.category for output in scorer.outputs if output.source == "probability"]
    of = str(asked[0]) if asked else scorer.classes[1]
    return (1 if of == scorer.classes[1] else -1), of


def _unit(scorer: Scorer, frame: pd.DataFrame, sums: Floats, sign: int) -> Unit:
    """Return what the sums are. Raises Unexplained if they are nothing that the estimator answers."""
    data, last = scorer.features(frame), scorer.last
    found: list[tuple[Unit, Callable[[], Floats]]] = []
    if not scorer.classes:
        found.append(("value", lambda: _flat(last.predict(data))))
        found.append(("logarithm", lambda: np.log(_flat(last.predict(data)))))
    else:
        if hasattr(last, "predict_proba"):
            share = _answered(np.asarray(last.predict_proba(data)), sign)
            if len(scorer.classes) == 2:
                found.append(("log-odds", lambda: special.logit(share)))
            found.append(("probability", lambda: share))
        if hasattr(last, "decision_function"):
            found.append(("score", lambda: _answered(np.asarray(last.decision_function(data)), sign)))
    for unit, ask in found:
        with np.errstate(all="ignore"):
            answers = ask()
            scale = max(1.0, float(np.nanmax(np.abs(np.where(np.isfinite(answers), answers, 0)))))
            if np.allclose(np.where(np.isfinite(answers), answers, sums), sums, rtol=1e-6, atol=1e-6 * scale):
                return unit
    raise Unexplained("the shares of its columns do not add up to its answers")


def _flat(answers: Any) -> Floats:
    return np.asarray(answers, dtype=np.float64).reshape(len(answers))


def _answered(scores: Floats, sign: int) -> Floats:
    """Return the scores of the class that is explained: one of two, or of each row the one that wins."""
    if scores.ndim == 1:
        return sign * scores
    if scores.shape[1] == 2:
        return scores[:, 1 if sign > 0 else 0]
    best: Floats = scores.max(axis=1)
    return best


def _trees(last: Any, origins: NDArray[np.int64], columns: int, sign: int) -> Parts:
    try:
        trees = importlib.import_module("dropscore.bundle.trees")  # shap and numba: only who explains trees has them
    except ImportError as fault:
        raise Unexplained(f"trees need the extra dropscore[explain] ({fault})") from fault
    onto = np.zeros((len(origins), columns))
    onto[np.flatnonzero(origins >= 0), origins[origins >= 0]] = 1.0
    parts: Parts = trees.Trees(last, onto, sign, _ROWS)
    return parts
