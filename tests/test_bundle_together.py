"""Several batches in one call: to the last bit as alone, or not at all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from dropscore.bundle import together
from dropscore.bundle.frame import encoded, typed_columns
from dropscore.bundle.infer import infer_schema, trained_columns
from dropscore.bundle.outputs import settle_outputs
from dropscore.bundle.scoring import Scorer
from dropscore.bundle.together import alike_together, scored_together

DRAW = np.random.default_rng(5)
FRAME = pd.DataFrame({"a": DRAW.normal(size=400), "b": DRAW.normal(size=400), "c": DRAW.choice(["x", "y", "z"], 400)})


class Ranking(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Answers where a row stands in its batch: what must never be asked for several batches at once."""

    def fit(self, data: Any, target: Any) -> Ranking:
        self.fitted_ = True
        return self

    def predict(self, data: Any) -> Any:
        values = np.asarray(data.a)
        return values - values.mean()


def scorer_of(estimator: Any, frame: pd.DataFrame = FRAME) -> tuple[Scorer, dict[str, pa.Array]]:
    schema = infer_schema(frame)
    outputs = settle_outputs(estimator, schema.names, None, None)
    return Scorer(estimator, outputs, trained_columns(frame, schema)), typed_columns(frame, schema)


def columns() -> Any:
    return make_column_transformer((OneHotEncoder(), ["c"]), (StandardScaler(), ["a", "b"]))


def batches_of(typed: dict[str, pa.Array]) -> list[dict[str, pa.Array]]:
    ends = np.cumsum([1, 2, 7, 16, 17, 50, 100, 0, 3])
    starts = np.append(0, ends[:-1])
    return [
        {name: column.slice(start, end - start) for name, column in typed.items()}
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
    ]


@pytest.mark.parametrize(
    "estimator",
    [
        make_pipeline(columns(), LogisticRegression()).fit(FRAME, FRAME.a > FRAME.b),
        make_pipeline(columns(), LinearRegression()).fit(FRAME, FRAME.a * 3),
        make_pipeline(columns(), RandomForestRegressor(5, random_state=1)).fit(FRAME, FRAME.b),
    ],
    ids=["logistic", "linear", "forest"],
)
@pytest.mark.parametrize("most", [50_000, 60])
def test_batches_come_out_as_alone_to_the_last_bit(estimator: Any, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "MOST_ROWS", most)
    scorer, typed = scorer_of(estimator)
    assert alike_together(scorer, typed)
    for batches in (batches_of(typed), [encoded(batch) for batch in batches_of(typed)]):
        found = scored_together(scorer, batches)
        assert found == [scorer.score(batch) for batch in batches]


def test_what_looks_at_its_batch_as_a_whole_is_found_out() -> None:
    frame = FRAME[["a", "b"]]
    scorer, typed = scorer_of(Ranking().fit(frame, frame.a), frame)
    assert not alike_together(scorer, typed)


class Last(Ranking):
    """Alike in every heap of neighbours, but not in another order."""

    def predict(self, data: Any) -> Any:
        return np.ones(len(data)) + (np.asarray(data.a)[0] < np.asarray(data.a)[-1])


def test_what_depends_on_the_order_is_found_out() -> None:
    frame = FRAME[["a", "b"]].sort_values("a").reset_index(drop=True)
    scorer, typed = scorer_of(Last().fit(frame, frame.a), frame)
    assert not alike_together(scorer, typed)
