"""Before a model is packed, all of its training is scored twice: as a daemon will, and by the estimator itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from dropscore.bundle.frame import encoded, typed_columns
from dropscore.bundle.golden import choose_rows, first_difference, pack_golden
from dropscore.bundle.manifest import GOLDEN, PROFILE, Output
from dropscore.bundle.outputs import class_text
from dropscore.bundle.profile import ProfileBuilder
from dropscore.bundle.scoring import Scorer, all_or_none, numbers
from dropscore.domain.schema import Schema
from dropscore.receipt import dump

BLOCK = 50_000


def rehearsed(estimator: Any, scorer: Scorer, frame: pd.DataFrame, schema: Schema) -> dict[str, bytes]:
    """Return the files of the golden rows and the profile by name, once what was packed scores as the estimator does.

    ValueError at the first row of the training data that comes out differently.
    """
    profile = ProfileBuilder(schema, scorer.outputs)
    golden = None
    for start in range(0, len(frame), BLOCK):
        block = frame.iloc[start : start + BLOCK]
        typed = typed_columns(block, schema)
        expected = _by_the_estimator(estimator, block, scorer.outputs)
        answered = scorer.score(encoded(typed))
        if difference := first_difference(expected, answered):
            raise ValueError(f"the bundle would score other than the estimator: {difference} (from row {start + 1})")
        profile.add(typed, answered)
        if golden is None:
            rows = pa.array(choose_rows(block, expected))
            golden = pack_golden(
                {name: column.take(rows) for name, column in typed.items()},
                {name: column.take(rows) for name, column in expected.items()},
            )
    assert golden is not None
    return {GOLDEN: golden, PROFILE: dump(profile.result())}


def _by_the_estimator(estimator: Any, frame: pd.DataFrame, outputs: Sequence[Output]) -> dict[str, pa.Array]:
    """Return the outputs the plain way: both methods, each on its own, on the frame as it came."""
    labels = np.asarray(estimator.predict(frame)).reshape(len(frame), -1)
    if labels.shape[1] != 1:
        raise ValueError("the estimator answers several targets at once: pack one estimator for each")
    asked = any(output.source == "probability" for output in outputs)
    probabilities = np.asarray(estimator.predict_proba(frame)) if asked else np.empty((len(frame), 0))
    classes = [class_text(category) for category in estimator.classes_] if asked else []
    expected = {}
    for output in outputs:
        probable = output.source == "probability"
        values = probabilities[:, classes.index(str(output.category))] if probable else labels[:, 0]
        if output.kind == "number":
            expected[output.name] = numbers(values)
        else:
            expected[output.name] = pa.array([class_text(value) for value in values], type=pa.string())
    return all_or_none(expected)
