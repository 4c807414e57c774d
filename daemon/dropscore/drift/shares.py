"""Shares beside those of training: missing values, values that it never saw, numbers outside of its range."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from dropscore.drift.scores import Floats


def of_shares(counts: Floats, rows: Floats, trained_counts: Floats, trained_rows: Floats) -> Floats:
    """Return how often chance alone makes two shares differ by so much (Anscombe's transformation)."""
    difference = _angle(counts, rows) - _angle(trained_counts, trained_rows)
    found: Floats = 2 * ndtr(-2 * np.abs(difference) / np.sqrt(1 / (rows + 0.5) + 1 / (trained_rows + 0.5)))
    return found


def _angle(counts: Floats, rows: Floats) -> Floats:
    found: Floats = np.arcsin(np.sqrt((counts + 0.375) / (rows + 0.75)))
    return found


def found_beside_others(probabilities: Floats, rate: float, tests: int) -> Floats:
    """Return which of them are more than chance, as booleans; of these, about `rate` are wrong.

    After Benjamini and Hochberg. `tests`: how many there were in all, those without a probability among them.
    """
    order = np.argsort(probabilities)
    below = probabilities[order] <= rate * np.arange(1, len(order) + 1) / max(1, tests)
    chosen = np.zeros(len(order), dtype=bool)
    if below.any():
        chosen[order[: int(np.flatnonzero(below)[-1]) + 1]] = True
    return chosen
