"""From checked columns to the model's columns, with as few calls of the estimator as are right.

scikit-learn's `predict` and `predict_proba` each transform their input, which costs more than the rest.
A pipeline is therefore taken apart at its last step: one transformation, then both calls.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    BaggingClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.tree import DecisionTreeClassifier, ExtraTreeClassifier
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

from dropscore.bundle.frame import build_frame
from dropscore.bundle.manifest import Output, Trained
from dropscore.bundle.outputs import classes_of
from dropscore.bundle.rounding import round_significant

Typed = Mapping[str, pa.Array]
"""Checked columns by name."""
_LIKELIEST = (
    BaggingClassifier,
    CalibratedClassifierCV,
    DecisionTreeClassifier,
    ExtraTreeClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    KNeighborsClassifier,
    RandomForestClassifier,
)
"""Their `predict` is by definition the class of the largest probability, so asking for both doubles the work."""
_NEAR_TIE = 1e-9
_VECTOR = 16
_FEW = 8
"""Up to so many classes, comparing all labels with each is faster than looking each label up."""
_blas = ThreadpoolController()


class Scorer:
    """An estimator and what is asked of it: `features` and `last`, one after the other, are exactly the estimator."""

    def __init__(self, estimator: Any, outputs: Sequence[Output], columns: Mapping[str, Trained]) -> None:
        self.outputs = tuple(outputs)
        self.columns = columns
        self.classes = classes_of(estimator)
        self._before, self.last = _taken_apart(estimator)
        self._wants_classes = any(output.source == "prediction" for output in outputs)
        self._wants_probabilities = any(output.source == "probability" for output in outputs)
        self._likeliest = bool(self.classes) and type(self.last) in _LIKELIEST

    def score(self, typed: Typed, *, rounded: bool = True) -> dict[str, pa.Array]:
        """Return the output columns for the rows, in order; see `Bundle.predict`. Not `rounded`: to the last bit."""
        rows = len(typed[next(iter(self.columns))])
        if not rows:
            return {output.name: pa.array([], type=_arrow_type(output)) for output in self.outputs}
        frame = build_frame(filled_up(typed, rows), self.columns)
        with one_thread():
            labels, probabilities = self._ask(frame)
        found = {}
        for output in self.outputs:
            values = labels if output.source == "prediction" else self._share(probabilities, output)
            if len(values) != len(frame):
                raise ValueError(f"the model answered {len(values)} rows for {len(frame)}")
            found[output.name] = (numbers(values, rounded) if output.kind == "number" else values)[:rows]
        return all_or_none(found)

    def _ask(self, frame: pd.DataFrame) -> tuple[Any, NDArray[np.float64]]:
        if not self._wants_probabilities:
            return self._text(self.last.predict(self.features(frame))), np.empty((0, 0))
        data = self.features(frame)
        probabilities = np.asarray(self.last.predict_proba(data), dtype=np.float64)
        if not self._wants_classes:
            return None, probabilities
        if not self._likeliest:
            return self._text(self.last.predict(data)), probabilities
        chosen = self.last.classes_[np.argmax(probabilities, axis=1)]
        ties = _near_ties(probabilities)
        if ties.any():
            rows = np.flatnonzero(ties)
            chosen[rows] = self.last.predict(data.iloc[rows] if isinstance(data, pd.DataFrame) else data[rows])
        return self._text(chosen), probabilities

    def features(self, frame: pd.DataFrame) -> Any:
        """Return what the last step is asked with."""
        return frame if self._before is None else self._before.transform(frame)

    def _text(self, labels: Any) -> Any:
        """Return labels as they are shown: text as an Arrow array, numbers as they are."""
        labels = np.asarray(labels)
        if labels.ndim == 2 and labels.shape[1] == 1:
            labels = labels[:, 0]
        if labels.ndim != 1:
            raise ValueError("the model answers several columns at once")
        if labels.dtype.kind in "iuf" or not self.classes:
            return labels
        return pa.array(self.classes).take(pa.array(_codes(labels, self.last.classes_)))

    def _share(self, probabilities: NDArray[np.float64], output: Output) -> NDArray[np.float64]:
        found: NDArray[np.float64] = probabilities[:, self.classes.index(str(output.category))]
        return found


def one_thread() -> AbstractContextManager[object]:
    """Keep linear algebra to one thread: workers share the cores, and threads change last bits."""
    limited: AbstractContextManager[object] = _blas.limit(limits=1, user_api="blas")
    return limited


def _codes(labels: NDArray[Any], classes: NDArray[Any]) -> NDArray[np.int64]:
    """Return the position of each label among the classes. ValueError if one is none of them."""
    if len(classes) > _FEW:
        found = pd.Index(classes, dtype=object).get_indexer(pd.Index(labels, dtype=object))
        codes: NDArray[np.int64] = np.asarray(found, dtype=np.int64)
    else:
        codes = np.full(len(labels), -1, dtype=np.int64)
        for code, category in enumerate(classes):
            codes[labels == category] = code
    if (codes < 0).any():
        raise ValueError("the model answers classes that it does not list")
    return codes


def _taken_apart(estimator: Any) -> tuple[Any, Any]:
    """Return what transforms (None for nothing) and what predicts: together exactly the estimator."""
    while type(estimator) in (GridSearchCV, RandomizedSearchCV):
        estimator = estimator.best_estimator_
    if type(estimator) is Pipeline and len(estimator.steps) > 1 and hasattr(estimator.steps[-1][1], "predict"):
        return estimator[:-1], estimator.steps[-1][1]
    return None, estimator


def single_threaded(estimator: Any) -> None:
    """Take every `n_jobs` back to one, in place.

    Workers are processes: threads or processes inside one only get in each other's way.
    A forest's threads also add its trees up in any order, which changes last bits from run to run.
    """
    try:
        params = estimator.get_params(deep=True)
    except AttributeError:  # none has any, or it comes from a release that had fewer
        return
    many = {name: 1 for name, value in params.items() if name.rpartition("__")[2] == "n_jobs" and value is not None}
    if many:
        estimator.set_params(**many)


def _near_ties(probabilities: NDArray[np.float64]) -> NDArray[np.bool_]:
    if probabilities.shape[1] < 2:
        return np.zeros(len(probabilities), dtype=bool)
    top = np.partition(probabilities, -2, axis=1)[:, -2:]
    ties: NDArray[np.bool_] = top[:, 1] - top[:, 0] < _NEAR_TIE
    return ties


def _arrow_type(output: Output) -> pa.DataType:
    return pa.float64() if output.kind == "number" else pa.string()


def all_or_none(columns: dict[str, pa.Array]) -> dict[str, pa.Array]:
    """A class beside a probability that is no number would be a guess: such a row has no answer at all."""
    if not any(column.null_count for column in columns.values()):
        return columns
    answered = functools.reduce(pc.and_, [column.is_valid() for column in columns.values()])
    return {name: pc.if_else(answered, column, pa.scalar(None, column.type)) for name, column in columns.items()}


def numbers(values: Any, rounded: bool = True) -> pa.Array:
    found = np.asarray(values, dtype=np.float64)
    found = round_significant(found) if rounded else found
    return pa.array(found, mask=~np.isfinite(found))


def filled_up(typed: Typed, rows: int) -> Mapping[str, pa.Array]:
    """Return the columns with copies of the last row, up to the next multiple of 16.

    What is left over from full vectors is computed by other instructions, whose last bits differ. So a row's answer
    does not depend on how many stand beside it.
    """
    missing = -rows % _VECTOR
    if not missing:
        return typed
    chosen = pa.array(np.minimum(np.arange(rows + missing), rows - 1))
    return {name: column.take(chosen) for name, column in typed.items()}
