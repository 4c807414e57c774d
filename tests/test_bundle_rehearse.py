"""All of training is scored twice before a model is packed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.linear_model import LinearRegression

from dropscore.bundle import rehearse
from dropscore.bundle.infer import infer_schema, trained_columns
from dropscore.bundle.outputs import settle_outputs
from dropscore.bundle.scoring import Scorer
from dropscore.receipt import BatchProfile

FRAME = pd.DataFrame({"a": np.arange(100.0)})


def rehearsed(estimator: Any, packed: Any) -> dict[str, bytes]:
    schema = infer_schema(FRAME)
    outputs = settle_outputs(estimator, schema.names, None, None)
    return rehearse.rehearsed(estimator, Scorer(packed, outputs, trained_columns(FRAME, schema)), FRAME, schema)


def test_golden_rows_hold_the_estimators_own_answers() -> None:
    estimator = LinearRegression().fit(FRAME, 2 * FRAME.a + 1)
    files = rehearsed(estimator, estimator)
    table = pq.read_table(pa.BufferReader(files["golden.parquet"]))
    np.testing.assert_allclose(table["prediction"].to_numpy(), 2 * table["a"].to_numpy() + 1, rtol=1e-11)
    assert BatchProfile.model_validate_json(files["profile.json"]).predictions["prediction"].rows == 100


def test_a_difference_in_any_block_stops_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearse, "BLOCK", 40)
    right = LinearRegression().fit(FRAME, FRAME.a)
    wrong = LinearRegression().fit(FRAME, FRAME.a)
    wrong.predict = lambda frame: np.where(frame["a"] == 90, -1.0, right.predict(frame))
    with pytest.raises(ValueError, match=r"row 11 is -1\.0 and should be 90\.0 \(from row 81\)"):
        rehearsed(right, wrong)
