"""Train the penguins example and pack it: what does a penguin weigh?

    python model/penguins/train.py [--out DIR] [--version V] [--rows N] [--more DIR]

Writes DIR/V/ (by default 1.0.0 beside this file). What is there already is left as it is. `--more`: what
`dropscore model export` has written is learnt from, too. `--rows`: only the first N rows of the data are.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold, cross_validate
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from dropscore import bundle

HERE = Path(__file__).resolve().parent
TARGET = "body_mass_g"
SEED = 20_261
CATEGORIES = ["species", "island", "sex"]
LENGTHS = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm"]
MISSING = ["", "NA"]  # as in the data: the field notes write NA where a bird could not be measured


def _length(title: str) -> dict[str, object]:
    return {
        "title": title,
        "description": "In millimetres",
        "minimum": 1,
        "required": False,
        "missingValues": MISSING,
    }


SCHEMA: dict[str, object] = {
    "species": {"title": "Species"},
    "island": {"title": "Island", "description": "In the Palmer Archipelago"},
    "bill_length_mm": _length("Bill length"),
    "bill_depth_mm": _length("Bill depth"),
    "flipper_length_mm": _length("Flipper length"),
    "sex": {"title": "Sex", "missingValues": MISSING},
    "year": {"title": "Year", "description": "Of the study", "minimum": 1900, "maximum": 2100},
}
OUTPUTS = [
    bundle.prediction(title="Predicted body mass", description="In grams"),
]


def load_data() -> tuple[pd.DataFrame, pd.Series[float]]:
    """Return the features and the mass in grams of the 342 birds that were weighed."""
    data = pd.read_csv(HERE / "data" / "penguins.csv", na_values=MISSING, keep_default_na=False)
    weighed = data[data[TARGET].notna()].reset_index(drop=True)
    return weighed.drop(columns=TARGET), weighed[TARGET]


def with_more(features: pd.DataFrame, target: pd.Series[float], folder: Path) -> tuple[pd.DataFrame, pd.Series[float]]:
    """Return the data with what was scored since and has an outcome."""
    more, outcomes = bundle.exported(folder, list(features.columns))
    print(f"{len(more):,} more rows from {folder}")
    joined = pd.concat([features, more.astype(features.dtypes)], ignore_index=True)
    return joined, pd.concat([target, outcomes.rename(target.name)], ignore_index=True)


def new_estimator() -> Pipeline:
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="error")), CATEGORIES),
        (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), [*LENGTHS, "year"]),
    )
    return make_pipeline(columns, Ridge(alpha=1.0))


def cross_validated(features: pd.DataFrame, target: pd.Series[float]) -> dict[str, tuple[float, float]]:
    """Return mean and standard deviation over ten folds, by score; errors are in grams."""
    folds = KFold(10, shuffle=True, random_state=SEED)
    measures = {"r2": ("r2", 1), "mean_absolute_error_g": ("neg_mean_absolute_error", -1)}
    scoring = {name: measure for name, (measure, _) in measures.items()}
    found = cross_validate(new_estimator(), features, target, cv=folds, scoring=scoring)
    return {
        name: (sign * found[f"test_{name}"].mean(), found[f"test_{name}"].std()) for name, (_, sign) in measures.items()
    }


def print_scores(scores: dict[str, tuple[float, float]]) -> None:
    print(f"{'score, 10 folds':<24}{'mean':>8}{'std':>8}")
    for name, (mean, std) in scores.items():
        print(f"{name:<24}{mean:>8.3f}{std:>8.3f}")


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Train the penguins example and pack it into a bundle.")
    parser.add_argument("--out", type=Path, default=HERE, help="where the version's folder goes (default: here)")
    parser.add_argument("--version", default="1.0.0")
    parser.add_argument("--rows", type=int, help="learn from the first N rows alone, and leave the others for a trial")
    parser.add_argument("--more", type=Path, help="a folder that `dropscore model export` has written")
    asked = parser.parse_args(arguments)
    if (asked.out / asked.version).exists():
        print(f"penguins {asked.version} is there already: {asked.out / asked.version}")
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
        name="penguins",
        title="Body mass of penguins",
        description="Grams, from the measures of the Palmer Archipelago penguins",
        schema=SCHEMA,
        outputs=OUTPUTS,
        scores=scores,
    )
    print(f"penguins {asked.version}: {placed}")


if __name__ == "__main__":
    main()
