"""The benchmark's own model and files: twelve columns as a lender might keep them, all drawn from one seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from dropscore import bundle

PURPOSES = ("car", "education", "furniture", "repairs", "business")
HOUSING = ("own", "rent", "free")
STATUS = ("none", "low", "medium", "high")
CATEGORIES = ("purpose", "housing", "account")
TRAINING_ROWS = 20_000


def frame(rows: int, seed: int) -> pd.DataFrame:
    """Return `rows` applicants: nine numeric columns and three of categories."""
    draw = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "amount": draw.gamma(2.0, 1_600, rows).round(2),
            "months": draw.integers(4, 73, rows),
            "age": draw.integers(18, 76, rows),
            "income": draw.normal(3_200, 900, rows).clip(400).round(2),
            "rate": draw.uniform(0.5, 12.5, rows).round(3),
            "burden": draw.beta(2, 5, rows).round(6),
            "credits": draw.integers(0, 6, rows),
            "years_employed": draw.exponential(6, rows).round(1),
            "savings": draw.lognormal(7, 1.2, rows).round(2),
            "purpose": draw.choice(PURPOSES, rows),
            "housing": draw.choice(HOUSING, rows),
            "account": draw.choice(STATUS, rows),
        }
    )


def train(folder: Path) -> Path:
    """Fit a logistic regression and pack it into `folder`; return the bundle's directory."""
    applicants = frame(TRAINING_ROWS, seed=1)
    risk = applicants.burden * 4 + applicants.months / 30 - applicants.income / 2_000 + (applicants.account == "none")
    good = np.where(risk + np.random.default_rng(2).normal(0, 1, len(risk)) < risk.median(), "good", "bad")
    numbers = [name for name in applicants.columns if name not in CATEGORIES]
    model = make_pipeline(
        make_column_transformer((StandardScaler(), numbers), (OneHotEncoder(), list(CATEGORIES))),
        LogisticRegression(max_iter=500),
    ).fit(applicants, good)
    return bundle.save(
        folder,
        model,
        applicants,
        version="1.0.0",
        name="bench",
        outputs=[bundle.prediction("decision"), bundle.probability("good", "probability")],
    )


def write_csv(path: Path, rows: int) -> None:
    """Write `rows` applicants, in parts, so that the benchmark itself needs little memory."""
    step = 100_000
    for start in range(0, rows, step):
        part = frame(min(step, rows - start), seed=1_000 + start)
        part.to_csv(path, mode="a" if start else "w", header=not start, index=False)
