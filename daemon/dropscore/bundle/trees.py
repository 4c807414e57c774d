"""Trees taken apart by `shap`: what each feature adds to the answer, on the paths that training took."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import shap
from scipy import sparse

from dropscore.bundle.shares import Floats, Shares


class Trees:
    """`onto` (features × columns) says which feature is whose; `rows` are explained at once."""

    def __init__(self, last: Any, onto: Floats, sign: int, rows: int) -> None:
        self._explainer = shap.TreeExplainer(last)
        self._onto, self._sign, self._rows = onto, sign, rows

    def shares(self, features: Any) -> Shares:
        parts = [self._part(features, start) for start in range(0, features.shape[0], self._rows)]
        return Shares(np.concatenate([one.base for one in parts]), np.concatenate([one.shares for one in parts]))

    def _part(self, features: Any, start: int) -> Shares:
        chosen = slice(start, start + self._rows)
        data: Any = features.iloc[chosen] if isinstance(features, pd.DataFrame) else features[chosen]
        dense = np.asarray(data.toarray() if sparse.issparse(data) else data, dtype=np.float64)
        found = np.asarray(self._explainer.shap_values(dense, check_additivity=False), dtype=np.float64)
        expected = np.atleast_1d(np.asarray(self._explainer.expected_value, dtype=np.float64))
        if found.ndim == 2:
            return Shares(np.full(len(dense), self._sign * expected[-1]), self._sign * (found @ self._onto))
        # rows × features × classes: of two the one that is asked for, of more the one that wins
        if found.shape[2] == 2:
            winner = np.full(len(dense), 1 if self._sign > 0 else 0)
        else:
            winner = np.argmax(expected + found.sum(axis=1), axis=1)
        own = np.take_along_axis(found, winner[:, None, None], axis=2)[:, :, 0]
        return Shares(expected[winner], own @ self._onto)
