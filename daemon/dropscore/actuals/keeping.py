"""What is kept of a job's predictions: one small Parquet file, with what the route allows and no more."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from dropscore.domain.rules import Actuals

ABOUT = b"dropscore"
"""The key of the file's metadata under which its job stands, as JSON."""
KEY, ROW, INPUT, OUTPUT = "key", "row", "input.", "output."


@dataclass(frozen=True, slots=True)
class Keeper:
    """Which columns of a block are kept. It may be pickled."""

    column: str
    """The key's name in the file."""
    inputs: tuple[str, ...]
    """The schema's names."""

    def kept(
        self,
        keys: pa.Array,
        rows: NDArray[np.int64],
        typed: Mapping[str, pa.Array],
        outputs: Mapping[str, pa.Array],
    ) -> pa.Table:
        """Return the rows that have a key, with it as text."""
        columns = {KEY: clean(keys), ROW: pa.array(rows)}
        columns |= {f"{INPUT}{name}": _plain(typed[name]) for name in self.inputs}
        columns |= {f"{OUTPUT}{name}": values for name, values in outputs.items()}
        table = pa.table(columns)
        return table.filter(table[KEY].is_valid())


def allowed(names: Iterable[str], actuals: Actuals) -> tuple[str, ...]:
    """Return the columns of the model that a route allows to be kept.

    One that the model does not have was perhaps meant to be another: then none is kept, for what is written stays.
    """
    known = tuple(names)
    if not set(actuals.exclude) <= set(known):  # `*` is no column either
        return ()
    return tuple(name for name in known if name not in actuals.exclude)


def clean(keys: pa.Array) -> pa.Array:
    """Return keys without blanks around them; null where nothing is left."""
    trimmed = pc.utf8_trim_whitespace(keys.cast(pa.string()))
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)


def _plain(values: pa.Array) -> pa.Array:
    return values.cast(values.type.value_type) if pa.types.is_dictionary(values.type) else values


@dataclass(slots=True)
class Keeping:
    """The file under way. It is there once the first row with a key has come."""

    path: Path
    about: Mapping[str, Any]
    rows: int = 0
    kept: int = 0
    _keys: list[pa.ChunkedArray] = field(default_factory=list)
    _writer: pq.ParquetWriter | None = None

    def take(self, table: pa.Table, scored: int) -> None:
        """Take the kept rows of a block, and how many were scored in it."""
        self.rows += scored
        self.kept += len(table)
        if not len(table):
            return
        self._keys.append(table[KEY])
        if self._writer is None:
            self._writer = pq.ParquetWriter(self.path, with_about(table.schema, self.about), compression="zstd")
        self._writer.write_table(table.cast(self._writer.schema))

    @property
    def keyless(self) -> int:
        return self.rows - self.kept

    def doubled(self) -> int:
        """Return how many rows have a key that another row has, too, without the one that counts."""
        if not self._keys:
            return 0
        return self.kept - int(pc.count_distinct(pa.chunked_array([c for k in self._keys for c in k.chunks])).as_py())

    def close(self) -> bool:
        """End the file; False: no row had a key, and there is none."""
        if self._writer is None:
            return False
        self._writer.close()
        return True

    def discard(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        self.path.unlink(missing_ok=True)


def with_about(schema: pa.Schema, about: Mapping[str, Any]) -> pa.Schema:
    return schema.with_metadata({ABOUT: json.dumps(about, sort_keys=True).encode()})
