"""Train the credit example and pack it: is an applicant a good or a bad credit?

    python model/credit/train.py [--out DIR] [--version V] [--rows N] [--more DIR]

Writes DIR/V/ (by default 1.0.0 beside this file). What is there already is left as it is. `--more`: what
`dropscore model export` has written is learnt from, too. `--rows`: only the first N rows of the data are.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_validate
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from dropscore import bundle

HERE = Path(__file__).resolve().parent
TARGET = "creditability"
# Whom somebody is married to, and where somebody comes from, are no reasons to refuse a credit: see README.md.
LEFT_OUT = ["personal_status_and_sex", "foreign_worker"]
SEED = 20_261
NUMBERS = [
    "duration_in_month",
    "credit_amount",
    "installment_rate_in_percentage_of_disposable_income",
    "present_residence_since",
    "age_in_years",
    "number_of_existing_credits_at_this_bank",
    "number_of_people_being_liable_to_provide_maintenance_for",
]

SCHEMA = {
    "status_of_existing_checking_account": {
        "title": "Checking account",
        "description": "Balance of the checking account, in Deutsche Mark",
    },
    "duration_in_month": {"title": "Duration", "description": "Of the credit, in months", "minimum": 1},
    "credit_history": {"title": "Credit history", "description": "How earlier credits were paid back"},
    "purpose": {"title": "Purpose", "description": "What the credit is for"},
    "credit_amount": {"title": "Amount", "description": "In Deutsche Mark", "minimum": 1},
    "savings_account_and_bonds": {"title": "Savings", "description": "Savings and bonds, in Deutsche Mark"},
    "present_employment_since": {"title": "Employed since", "description": "Time in the present employment"},
    "installment_rate_in_percentage_of_disposable_income": {
        "title": "Instalment rate",
        "description": "Of the disposable income, in four steps: 1 is the highest share, 4 the lowest",
        "minimum": 1,
        "maximum": 4,
    },
    "other_debtors_or_guarantors": {"title": "Co-applicant or guarantor"},
    "present_residence_since": {
        "title": "Resident since",
        "description": "Time in the present residence, in four steps",
        "minimum": 1,
        "maximum": 4,
    },
    "property": {"title": "Property", "description": "The most valuable thing owned"},
    "age_in_years": {"title": "Age", "description": "In years", "minimum": 18, "maximum": 120},
    "other_installment_plans": {"title": "Other instalment plans", "description": "With whom they are held"},
    "housing": {"title": "Housing"},
    "number_of_existing_credits_at_this_bank": {
        "title": "Credits here",
        "description": "Existing credits at this bank, in four steps",
        "minimum": 1,
        "maximum": 4,
    },
    "job": {"title": "Job"},
    "number_of_people_being_liable_to_provide_maintenance_for": {
        "title": "Dependants",
        "description": "People whom the applicant must maintain, in two steps",
        "minimum": 1,
        "maximum": 2,
    },
    "telephone": {"title": "Telephone"},
}
OUTPUTS = [
    bundle.prediction(title="Predicted standing", description="good or bad, whichever is more probable"),
    bundle.probability("bad", title="Probability of bad", description="Between 0 and 1"),
]


def load_data() -> tuple[pd.DataFrame, pd.Series[str]]:
    """Return the features (1,000 rows) and the standing, `good` or `bad`."""
    data = pd.read_csv(HERE / "data" / "german_credit.csv")
    return data.drop(columns=[TARGET, *LEFT_OUT]), data[TARGET]


def with_more(features: pd.DataFrame, target: pd.Series[str], folder: Path) -> tuple[pd.DataFrame, pd.Series[str]]:
    """Return the data with what was scored since and has an outcome."""
    more, outcomes = bundle.exported(folder, list(features.columns))
    print(f"{len(more):,} more rows from {folder}")
    joined = pd.concat([features, more.astype(features.dtypes)], ignore_index=True)
    return joined, pd.concat([target, outcomes.rename(target.name)], ignore_index=True)


def new_estimator() -> Pipeline:
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="error"), [name for name in SCHEMA if name not in NUMBERS]),
        (StandardScaler(), NUMBERS),
    )
    return make_pipeline(columns, LogisticRegression(max_iter=2_000, C=0.5))


def cross_validated(features: pd.DataFrame, target: pd.Series[str]) -> dict[str, tuple[float, float]]:
    """Return mean and standard deviation over ten folds, by score."""
    folds = StratifiedKFold(10, shuffle=True, random_state=SEED)
    measures = {"accuracy": "accuracy", "balanced_accuracy": "balanced_accuracy", "roc_auc": "roc_auc"}
    found = cross_validate(new_estimator(), features, target, cv=folds, scoring=measures)
    return {name: (found[f"test_{name}"].mean(), found[f"test_{name}"].std()) for name in measures}


def print_scores(scores: dict[str, tuple[float, float]]) -> None:
    print(f"{'score, 10 folds':<20}{'mean':>8}{'std':>8}")
    for name, (mean, std) in scores.items():
        print(f"{name:<20}{mean:>8.3f}{std:>8.3f}")


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Train the credit example and pack it into a bundle.")
    parser.add_argument("--out", type=Path, default=HERE, help="where the version's folder goes (default: here)")
    parser.add_argument("--version", default="1.0.0")
    parser.add_argument("--rows", type=int, help="learn from the first N rows alone, and leave the others for a trial")
    parser.add_argument("--more", type=Path, help="a folder that `dropscore model export` has written")
    asked = parser.parse_args(arguments)
    if (asked.out / asked.version).exists():
        print(f"credit {asked.version} is there already: {asked.out / asked.version}")
        return
    features, target = load_data()
    if asked.rows is not None:
        features, target = features[: asked.rows], target[: asked.rows]
    if asked.more is not None:
        features, target = with_more(features, target, asked.more)
    scores = cross_validated(features, target)
    print_scores(scores)
    placed = bundle.save(
        asked.out,
        new_estimator().fit(features, target),
        features,
        version=asked.version,
        name="credit",
        title="Credit standing",
        description="Good or bad credit, from the Statlog German Credit data",
        schema=SCHEMA,
        outputs=OUTPUTS,
        scores=scores,
    )
    print(f"credit {asked.version}: {placed}")


if __name__ == "__main__":
    main()
