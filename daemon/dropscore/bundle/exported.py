"""What `dropscore model export` has written, as training takes it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

_OUTCOME = "_outcome"


def exported(folder: str | Path, columns: Sequence[str]) -> tuple[pd.DataFrame, pd.Series[Any]]:
    """Return the rows of which is known what happened: these columns of the model, in this order, and the outcomes.

    ValueError, in a sentence: a file is not the one that was exported, or the route keeps less than these columns.
    """
    folder = Path(folder)
    manifest = json.loads((folder / "manifest.json").read_bytes())
    if manifest.get("export") != 1:
        raise ValueError(f"{folder}: the manifest has the format {manifest.get('export')!r}; this release knows 1")
    tables = [_verified(folder / one["file"], one["file_sha256"], columns) for one in manifest["models"]]
    if not tables:
        return pd.DataFrame({name: [] for name in columns}), pd.Series([], dtype=object)
    found = pa.concat_tables(tables, promote_options="permissive")
    found = found.filter(found[_OUTCOME].is_valid())
    return found.select(list(columns)).to_pandas(), found[_OUTCOME].to_pandas()


def _verified(path: Path, sha256: str, columns: Sequence[str]) -> pa.Table:
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ValueError(f"{path} is not the file that was exported: it was changed, cut off or damaged")
    table = pq.read_table(pa.BufferReader(data))
    if absent := [name for name in columns if name not in table.column_names]:
        raise ValueError(f"{path} lacks {', '.join(absent)}: the route does not keep it (see exclude in its actuals)")
    return table.select([*columns, _OUTCOME])
