"""What a model may learn from: inputs, predictions and outcomes of a route, joined, as Parquet with a manifest."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

import dropscore
from dropscore import durable
from dropscore.actuals.keeping import INPUT, KEY, OUTPUT, ROW
from dropscore.actuals.reporting import Paired, paired
from dropscore.actuals.store import PREDICTIONS, KeptFile, files_of, readable
from dropscore.record import now_utc

MANIFEST = "manifest.json"
OUTCOME = "_outcome"

Progress = Callable[[int, int], None]
"""Called with files done and files in all."""


def export(
    state: Path,
    route: str,
    out: Path,
    *,
    outcome: str,
    since: datetime | None = None,
    jobs: Collection[str] = (),
    progress: Progress = lambda *_: None,
) -> dict[str, Any]:
    """Write `out/NAME-VERSION.parquet` for each version, and `out/manifest.json`; return the manifest.

    The columns are those of the model under their own names; beside them stand `_outcome` (null: nothing is known),
    `_key`, `_job`, `_row`, `_predicted_at`, `_happened_by` and `_output.NAME`. `outcome` is the route's column.
    Only what was predicted `since`, and by `jobs` (codes or ids), if given.

    Raises:
        FileExistsError: `out` is there.
    """
    out.mkdir(parents=True)
    known = _known(paired(state, route, lambda file: []))
    wanted = {one.upper() for one in jobs}
    files = [
        file
        for file in files_of(state, PREDICTIONS, route)
        if (since is None or file.at >= pd.Timestamp(since))
        and (not wanted or wanted & {file.about["job"], file.about["code"]})
    ]
    writers: dict[str, _Part] = {}
    progress(0, len(files))
    for done, file in enumerate(files, 1):
        with readable(file.path):
            table = _joined(file, known.get(file.about["job"]))
            name = f"{file.about['model']}-{file.about['version']}.parquet"
            writers.setdefault(name, _Part(out / name, file)).write(table, file)
        progress(done, len(files))
    models = [part.close() for part in writers.values()]
    manifest = {
        "export": 1,
        "route": route,
        "made": now_utc().isoformat(),
        "dropscore": dropscore.__version__,
        "since": None if since is None else since.isoformat(),
        "outcome": outcome,
        "rows": sum(one["rows"] for one in models),
        "pairs": sum(one["pairs"] for one in models),
        "models": models,
    }
    durable.write_new(out / MANIFEST, json.dumps(manifest, indent=2).encode() + b"\n")
    return manifest


def _known(pairs: Paired) -> dict[str, pd.DataFrame]:
    """Return by job the rows of which an outcome counts."""
    frame = pairs.frame
    if not len(frame):
        return {}
    jobs = np.array([file.about["job"] for file in pairs.files], dtype=object)[frame["file"].astype(int)]
    return {str(job): part for job, part in frame.groupby(jobs, sort=False)}


def _joined(file: KeptFile, known: pd.DataFrame | None) -> pa.Table:
    table = file.read(list(file.columns))
    outcomes = pd.DataFrame({"outcome": [], "when": []}, index=pd.Index([], dtype=np.int64))
    if known is not None:
        outcomes = known.set_index(ROW)[["outcome", "when"]]
    rows = table[ROW].to_numpy()
    found = outcomes.reindex(rows)
    number = file.about["task"] == "regression"
    values = pd.to_numeric(found["outcome"], errors="coerce") if number else found["outcome"]
    columns: dict[str, Any] = {name.removeprefix(INPUT): table[name] for name in file.columns if name.startswith(INPUT)}
    columns[OUTCOME] = pa.array(values, pa.float64() if number else pa.string(), from_pandas=True)
    columns |= {"_key": table[KEY], "_job": pa.repeat(file.about["job"], len(table)), "_row": table[ROW]}
    columns["_predicted_at"] = pa.repeat(pa.scalar(file.at, pa.timestamp("us", "UTC")), len(table))
    columns["_happened_by"] = pa.array(pd.to_datetime(found["when"], utc=True), pa.timestamp("us", "UTC"))
    columns |= {f"_{name}": table[name] for name in file.columns if name.startswith(OUTPUT)}
    return pa.table(columns)


class _Part:
    """The file of one version under way."""

    def __init__(self, path: Path, first: KeptFile) -> None:
        self._path = path
        self._about = first.about
        self._writer: pq.ParquetWriter | None = None
        self._rows = self._pairs = 0
        self._jobs: list[str] = []

    def write(self, table: pa.Table, file: KeptFile) -> None:
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._path, table.schema, compression="zstd")
        self._writer.write_table(_as(table, self._writer.schema))
        self._rows += len(table)
        self._pairs += len(table) - table[OUTCOME].null_count
        self._jobs.append(file.about["job"])

    def close(self) -> dict[str, Any]:
        assert self._writer is not None
        self._writer.close()
        about = self._about
        known = {name: about[name] for name in ("model", "version", "sha256", "task")}
        return {
            "file": self._path.name,
            **known,
            "rows": self._rows,
            "pairs": self._pairs,
            "jobs": self._jobs,
            "bytes": self._path.stat().st_size,
            "file_sha256": durable.sha256_of(self._path),
        }


def _as(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return the table with these columns: a route may have excluded others meanwhile."""
    columns = [
        table[field.name].cast(field.type) if field.name in table.column_names else pa.nulls(len(table), field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)
