"""A score taken apart: what each column adds to it. Linear models, exactly; trees see `trees.py`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Unexplained(ValueError):
    """Why a model's predictions cannot be explained, as the end of a sentence."""


@dataclass(frozen=True, slots=True)
class Shares:
    """`base` (rows) and `shares` (rows × columns): together each row's score, in the explainer's unit."""

    base: Floats
    shares: Floats

    @property
    def score(self) -> Floats:
        total: Floats = self.base + self.shares.sum(axis=1)
        return total


class Parts(Protocol):
    """A model whose score is a sum: asked with features, it answers the sum for each of its columns."""

    def shares(self, features: Any) -> Shares: ...


@dataclass(frozen=True, slots=True)
class Linear:
    """By class (one, where there are two or none): features × columns, the mean row's share, the mean row's score."""

    weights: Floats
    means: Floats
    bases: Floats
    coefficients: Floats
    intercepts: Floats

    @classmethod
    def of(cls, last: Any, origins: NDArray[np.int64], means: Floats, columns: int, sign: int) -> Linear:
        coefficients = sign * np.atleast_2d(np.asarray(last.coef_, dtype=np.float64))
        intercepts = sign * np.broadcast_to(np.asarray(last.intercept_, dtype=np.float64), len(coefficients))
        idle = (origins < 0) & (coefficients != 0).any(axis=0)
        if idle.any():
            raise Unexplained(f"{int(idle.sum())} of its features belong to no column that could be found")
        weights = np.zeros((len(coefficients), coefficients.shape[1], columns))
        for number, own in enumerate(coefficients):
            weights[number, np.flatnonzero(origins >= 0), origins[origins >= 0]] = own[origins >= 0]
        shares = means @ weights
        return cls(weights, shares, intercepts + shares.sum(axis=1), coefficients, np.array(intercepts))

    def shares(self, features: Any) -> Shares:
        data = features.to_numpy(dtype=np.float64) if isinstance(features, pd.DataFrame) else features
        rows = data.shape[0]
        if len(self.weights) == 1:
            return Shares(np.full(rows, self.bases[0]), _product(data, self.weights[0]) - self.means[0])
        winner = np.argmax(_product(data, self.coefficients.T) + self.intercepts, axis=1)
        found = np.empty((rows, self.weights.shape[2]))
        for number, weights in enumerate(self.weights):
            won = np.flatnonzero(winner == number)
            found[won] = _product(data[won], weights) - self.means[number]
        return Shares(self.bases[winner], found)


def _product(data: Any, weights: Floats) -> Floats:
    found: Floats = np.asarray(data @ weights, dtype=np.float64)
    return found
