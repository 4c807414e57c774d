"""Numbers too large for the model, found out while packing: a cell of 1e300 is then a bad cell, not a broken job.

Trees work in single precision and raise on anything larger. No limit is set where the model can take everything.
"""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from dropscore.bundle.scoring import Scorer
from dropscore.domain.schema import Schema, Type

_LARGEST = 1e300
_SINGLE = float(np.finfo(np.float32).max)


def with_bearable_limits(schema: Schema, scorer: Scorer, row: Mapping[str, pa.Array]) -> Schema:
    """Return the schema, with single precision's limits for the numbers that have none, if the model needs them.

    `row` is one row of checked cells that the model can score.
    """
    free = [field.name for field in schema.fields if field.type is Type.NUMBER and field.maximum is None]
    if not free or _takes(scorer, row, free, _LARGEST) or not _takes(scorer, row, free, _SINGLE):
        return schema
    limited = [
        dataclasses.replace(field, maximum=_SINGLE, minimum=-_SINGLE if field.minimum is None else field.minimum)
        if field.name in free
        else field
        for field in schema.fields
    ]
    return Schema(tuple(limited))


def _takes(scorer: Scorer, row: Mapping[str, pa.Array], names: list[str], size: float) -> bool:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for value in (size, -size):
            try:
                answer = scorer.score({**row, **{name: pa.array([value]) for name in names}})
            except ValueError:
                return False
            if any(column.null_count for column in answer.values()):
                return False
    return True
