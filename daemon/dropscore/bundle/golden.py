"""Golden rows: rows of the training data with the predictions that the model must give for them, for ever."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from dropscore.bundle.frame import ARROW_TYPES
from dropscore.bundle.manifest import Output
from dropscore.domain.schema import Schema

FEWEST = 20
_MOST = 400
_CATEGORIES = 30
_RELATIVE = 1e-9
_ABSOLUTE = 1e-12
"""Another processor's arithmetic may change last bits; another model's scores differ by far more."""


def choose_rows(frame: pd.DataFrame, expected: Mapping[str, pa.Array]) -> NDArray[np.int64]:
    """Return the positions of rows that show as much as possible of what the model may meet.

    They are spread over the data, and hold for each column a missing cell, each common category, the smallest
    and the largest value; for each text output each class, and for each number its extremes and its middle.
    """
    chosen = [int(position) for position in np.linspace(0, len(frame) - 1, FEWEST + 4)]
    answers = pd.DataFrame({name: column.to_pandas() for name, column in expected.items()})
    for series in [frame[name] for name in frame.columns] + [answers[name] for name in answers.columns]:
        chosen += _telling(series.reset_index(drop=True))
    return np.array(sorted(dict.fromkeys(chosen[:_MOST])), dtype=np.int64)


def _telling(series: pd.Series[Any]) -> list[int]:
    """Return positions: the first missing cell, and the first of each category or the extremes and the middle."""
    gone = series.isna().to_numpy()
    found = [int(np.argmax(gone))] if gone.any() else []
    present = series[~gone]
    if present.empty:
        return found
    if pd.api.types.is_numeric_dtype(present.dtype) and not pd.api.types.is_bool_dtype(present.dtype):
        order = np.argsort(present.to_numpy(dtype=np.float64), kind="stable")
        positions = present.index.to_numpy()[order]
        return [*found, int(positions[0]), int(positions[len(positions) // 2]), int(positions[-1])]
    firsts = present.astype(str).drop_duplicates()
    return found + [int(position) for position in firsts.index[:_CATEGORIES]]


def pack_golden(typed: Mapping[str, pa.Array], expected: Mapping[str, pa.Array]) -> bytes:
    """Return a Parquet file of the rows: their checked cells, and what the model must answer."""
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({**typed, **expected}), sink, compression="zstd")
    packed: bytes = sink.getvalue().to_pybytes()
    return packed


def unpack_golden(
    data: bytes, schema: Schema, outputs: Sequence[Output]
) -> tuple[dict[str, pa.Array], dict[str, pa.Array]]:
    """Return the checked cells and the expected columns. ValueError if the file is not what was packed."""
    try:
        table = pq.read_table(pa.BufferReader(data))
    except (pa.ArrowInvalid, OSError) as fault:
        raise ValueError("it cannot be read") from fault
    names = [*schema.names, *(output.name for output in outputs)]
    if table.column_names != names:
        raise ValueError("it has other columns than the manifest")
    if len(table) < FEWEST:
        raise ValueError(f"it has {len(table)} rows, fewer than {FEWEST}")
    columns = {name: table.column(name).combine_chunks() for name in names}
    for field in schema.fields:
        if columns[field.name].type != ARROW_TYPES[field.type]:
            raise ValueError(f"its column {field.name!r} has another type than the manifest")
    return {name: columns[name] for name in schema.names}, {o.name: columns[o.name] for o in outputs}


def first_difference(expected: Mapping[str, pa.Array], found: Mapping[str, pa.Array]) -> str | None:
    """Return in words where the columns differ first, or None where they are the same.

    Text is compared exactly, numbers within 1e-9 of their size (or 1e-12).
    """
    for name, wanted in expected.items():
        got = found.get(name)
        if got is None or len(got) != len(wanted) or got.type != wanted.type:
            return f"the column {name!r} is of another kind"
        differs = _differs(wanted, got)
        if differs.any():
            row = int(np.argmax(differs))
            return f"{name!r} of row {row + 1} is {got[row].as_py()!r} and should be {wanted[row].as_py()!r}"
    return None


def _differs(wanted: pa.Array, got: pa.Array) -> NDArray[np.bool_]:
    if pa.types.is_floating(wanted.type):
        left, right = (column.to_numpy(zero_copy_only=False) for column in (wanted, got))
        close: NDArray[np.bool_] = np.isclose(right, left, rtol=_RELATIVE, atol=_ABSOLUTE, equal_nan=True)
        return ~close
    return np.array([one != other for one, other in zip(wanted.to_pylist(), got.to_pylist(), strict=True)], dtype=bool)
