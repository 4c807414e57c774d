"""How often an interval holds the truth: measured on made pairs whose truth is known.

`python tests/interval_rates.py` measures all of them and prints the table of docs/actuals.md.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable
from functools import cache

import numpy as np
from scipy.special import expit
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from dropscore.actuals.measures import Classes, Numbers, Pairs, figures

SIZES = (100, 200, 500, 2_000, 3_000, 10_000)
_MANY = 4_000_000


def classes(rng: np.random.Generator, rows: int) -> Classes:
    """A model of two classes that is neither sharp nor quite calibrated; three in ten are bad."""
    score = rng.normal(0.0, 1.2, rows)
    bad = rng.random(rows) < expit(score - 0.8)
    share = expit(0.8 * score - 0.6)
    words = np.array(["good", "bad"], dtype=object)
    return Classes(words[(share > 0.5).astype(int)], words[bad.astype(int)], {"bad": share})


def numbers(rng: np.random.Generator, rows: int) -> Numbers:
    """Errors that are normal, with a bias."""
    actual = rng.normal(4_000.0, 500.0, rows)
    return Numbers(actual + rng.normal(10.0, 50.0, rows), actual)


def skewed(rng: np.random.Generator, rows: int) -> Numbers:
    """Errors that are skewed: many small ones, some large."""
    actual = rng.normal(4_000.0, 500.0, rows)
    return Numbers(actual + rng.gamma(2.0, 30.0, rows) - 50.0, actual)


MADE: dict[str, Callable[[np.random.Generator, int], Pairs]] = {
    "two classes": classes,
    "numbers, normal errors": numbers,
    "numbers, skewed errors": skewed,
}


@cache
def truth(kind: str) -> dict[str, float]:
    """Return what the figures would be on endlessly many pairs."""
    if kind == "numbers, normal errors":
        folded = 50 * np.sqrt(2 / np.pi) * np.exp(-(10**2) / (2 * 50**2)) + 10 * (1 - 2 * norm.cdf(-10 / 50))
        return {"bias": 10.0, "rmse": float(np.hypot(10, 50)), "mae": float(folded)}
    pairs = MADE[kind](np.random.default_rng(99), _MANY)
    if isinstance(pairs, Numbers):
        errors = np.abs(pairs.predicted - pairs.actual)
        return {"bias": 10.0, "rmse": float(np.hypot(10, np.sqrt(1_800))), "mae": float(errors.mean())}
    share = pairs.shares["bad"]
    # The chance of each given its share, and no draw of it: what is left of the noise is that of the scores.
    chance = expit((np.log(share / (1 - share)) + 0.6) / 0.8 - 0.8)
    right = np.where(share > 0.5, chance, 1 - chance)
    loss = chance * (1 - share) ** 2 + (1 - chance) * share**2
    auc = roc_auc_score(pairs.actual == "bad", share)
    return {"accuracy": float(right.mean()), "brier": float(loss.mean()), "auc": float(auc)}


def covered(kind: str, rows: int, times: int, seed: int = 1) -> dict[str, float]:
    """Return for each figure how often its interval holds the truth."""
    rng = np.random.default_rng([seed, rows, sorted(MADE).index(kind)])
    known, held = truth(kind), defaultdict(list)
    for _ in range(times):
        for figure in figures(MADE[kind](rng, rows)):
            there = figure.low is not None and figure.high is not None
            held[figure.name].append(there and figure.low <= known[figure.name] <= figure.high)  # type: ignore[operator]
    return {name: float(np.mean(hits)) for name, hits in held.items()}


def main() -> None:
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    print(f"| pairs | figure | of {times:,} intervals hold the truth |\n|---|---|---|")
    for kind in MADE:
        for rows in SIZES:
            for name, share in covered(kind, rows, times).items():
                print(f"| {kind}, {rows:,} | {name} | {100 * share:.1f} % |", flush=True)


if __name__ == "__main__":
    main()
