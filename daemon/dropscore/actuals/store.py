"""Reading what is kept: predictions and actuals of one route, file by file. What retention takes meanwhile is skipped.

All times are UTC. Memory grows with the actuals, not with the predictions: of these only rows with a key that
occurs among the actuals are read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import structlog

from dropscore.actuals.keeping import ABOUT, KEY

log = structlog.get_logger()

PREDICTIONS, ACTUALS = "predictions", "actuals"


@dataclass(frozen=True, slots=True)
class KeptFile:
    """One job's rows. `about` holds job, code, at (ISO 8601, UTC), and for predictions the model's facts."""

    path: Path
    about: dict[str, Any]
    rows: int
    columns: tuple[str, ...]

    @property
    def at(self) -> pd.Timestamp:
        return pd.Timestamp(self.about["at"]).tz_convert("UTC").as_unit("us")

    def read(self, columns: list[str], keys: pa.Array | None = None) -> pa.Table:
        """Return these columns; with `keys`, of rows whose key is among them. FileNotFoundError: retention took it."""
        table = pq.read_table(self.path, columns=columns, partitioning=None)
        return table if keys is None else table.filter(pc.is_in(table[KEY], keys))


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Pass by what retention has taken, and what somebody has damaged: the audit tells of that. OSError: the disk."""
    try:
        yield
    except FileNotFoundError:
        pass
    except (pa.ArrowInvalid, ValueError, KeyError) as fault:
        log.warning("what was kept cannot be read, and is passed by", path=str(path), why=str(fault))
    except OSError as fault:
        if fault.errno is not None:
            raise
        log.warning("what was kept cannot be read, and is passed by", path=str(path), why=str(fault))


def files_of(state: Path, what: str, route: str) -> Iterator[KeptFile]:
    """Yield a route's files of PREDICTIONS or ACTUALS, in the order of their jobs."""
    for path in sorted((state / what / route).glob("*/*.parquet")):
        found: KeptFile | None = None
        with readable(path), pq.ParquetFile(path) as opened:
            about = json.loads((opened.schema_arrow.metadata or {})[ABOUT])
            found = KeptFile(path, about, opened.metadata.num_rows, tuple(opened.schema_arrow.names))
        if found is not None:
            yield found


def actuals_of(state: Path, route: str) -> pd.DataFrame:
    """Return all actuals: key, outcome, when, arrived, job, in the order in which they came."""
    parts = []
    for file in files_of(state, ACTUALS, route):
        with readable(file.path):
            part: pd.DataFrame = file.read([KEY, "outcome", "when"]).to_pandas()
            parts.append(part.assign(arrived=file.at, job=file.about["job"]))
    if not parts:
        return pd.DataFrame({"key": [], "outcome": [], "when": [], "arrived": [], "job": []})
    found: pd.DataFrame = pd.concat(parts, ignore_index=True)
    return found


def predictions_of(
    state: Path,
    route: str,
    keys: pa.Array,
    more: Callable[[KeptFile], list[str]] = lambda file: [],
    wanted: Callable[[KeptFile], bool] = lambda file: True,
) -> tuple[pd.DataFrame, list[KeptFile]]:
    """Return the predictions for these keys: key, row, at, file (its number in the list), and `more` columns."""
    parts, files = [], []
    for file in files_of(state, PREDICTIONS, route):
        if not wanted(file):
            continue
        files.append(file)
        with readable(file.path):
            part = file.read([KEY, "row", *more(file)], keys)
            if len(part):
                parts.append(part.to_pandas().assign(at=file.at, file=len(files) - 1))
    if not parts:
        return pd.DataFrame({"key": [], "row": [], "at": [], "file": []}), files
    return pd.concat(parts, ignore_index=True), files
