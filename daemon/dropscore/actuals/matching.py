"""Which prediction an outcome is held against: the latest one for its key that was made before it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

NONE = -1


def latest_before(actuals: pd.DataFrame, predictions: pd.DataFrame) -> NDArray[np.int64]:
    """Return for each outcome (key, when) the position of its prediction (key, at, row); -1: there is none.

    Of several rows with one key in one job the last counts.
    """
    found = np.full(len(actuals), NONE, dtype=np.int64)
    if not len(actuals) or not len(predictions):
        return found
    left = pd.DataFrame(
        {"key": actuals["key"].to_numpy(object), "when": _times(actuals["when"]), "place": np.arange(len(actuals))}
    ).sort_values("when", kind="stable")
    right = pd.DataFrame(
        {"key": predictions["key"].to_numpy(object), "at": _times(predictions["at"]), "row": predictions["row"]}
    ).assign(position=np.arange(len(predictions)))
    right = right.sort_values(["at", "row"], kind="stable")
    joined = pd.merge_asof(left, right, left_on="when", right_on="at", by="key", allow_exact_matches=False)
    found[joined["place"].to_numpy()] = joined["position"].fillna(NONE).astype(np.int64).to_numpy()
    return found


def _times(values: pd.Series) -> pd.Series:
    return pd.to_datetime(values, utc=True).dt.as_unit("us").reset_index(drop=True)


def one_each(actuals: pd.DataFrame, matched: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which outcomes count: of several for one prediction the latest, and of these the last that came."""
    counts = matched != NONE
    order = pd.DataFrame({"matched": matched, "when": _times(actuals["when"]), "arrived": _times(actuals["arrived"])})
    order = order[counts].sort_values(["when", "arrived"], kind="stable")
    last = order.drop_duplicates("matched", keep="last").index.to_numpy()
    chosen = np.zeros(len(actuals), dtype=bool)
    chosen[last] = True
    return chosen
