"""A number that the model cannot take is a bad cell with a place, and no broken job."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import LinearRegression

from dropscore.bundle.extremes import with_bearable_limits
from dropscore.bundle.frame import typed_columns
from dropscore.bundle.infer import infer_schema, trained_columns
from dropscore.bundle.outputs import settle_outputs
from dropscore.bundle.scoring import Scorer
from dropscore.domain.schema import Field

SINGLE = float(np.finfo(np.float32).max)
FRAME = pd.DataFrame({"a": np.linspace(0, 1, 60), "b": np.arange(60) % 3, "c": np.linspace(-1, 1, 60)})


def limited(estimator: Any, frame: pd.DataFrame = FRAME, given: Any = None) -> dict[str, Field]:
    schema = infer_schema(frame, given)
    outputs = settle_outputs(estimator, schema.names, None, None)
    scorer = Scorer(estimator.fit(frame, frame.a), outputs, trained_columns(frame, schema))
    found = with_bearable_limits(schema, scorer, typed_columns(frame.head(1), schema))
    return {field.name: field for field in found.fields}


def test_trees_take_single_precision_only() -> None:
    fields = limited(RandomForestRegressor(3), given={"c": {"minimum": -5}})
    assert (fields["a"].minimum, fields["a"].maximum) == (-SINGLE, SINGLE)
    assert fields["b"].maximum is None, "whole numbers of 64 bits fit"
    assert (fields["c"].minimum, fields["c"].maximum) == (-5, SINGLE)


@pytest.mark.parametrize("estimator", [LinearRegression(), HistGradientBoostingRegressor(max_iter=3)])
def test_no_limit_where_the_model_needs_none(estimator: Any) -> None:
    assert all(field.maximum is None for field in limited(estimator).values())


def test_a_limit_of_its_maker_stands() -> None:
    fields = limited(RandomForestRegressor(3), given={"a": {"maximum": 1}, "c": {"maximum": 2}})
    assert (fields["a"].maximum, fields["c"].maximum) == (1, 2)


def test_narrow_numbers_of_training_are_limited_too() -> None:
    assert limited(LinearRegression(), FRAME[["a"]].astype("float32"))["a"].maximum == SINGLE


class Steep(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    def fit(self, data: Any, target: Any) -> Steep:
        return self

    def predict(self, data: Any) -> Any:
        return np.exp(data["a"].to_numpy())


def test_no_limit_is_made_up_where_single_precision_does_not_help() -> None:
    assert limited(Steep())["a"].maximum is None
