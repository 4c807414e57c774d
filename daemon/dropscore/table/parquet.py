"""Parquet: typed columns, read block by block and written down in the plain notation that the check reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dropscore.domain.catalogue import problem
from dropscore.domain.errors import Rejected
from dropscore.domain.rules import Rules
from dropscore.domain.schema import Field, Schema
from dropscore.receipt import Reading
from dropscore.table.arrays import float_text
from dropscore.table.header import match_columns
from dropscore.table.records import BLOCK_ROWS, Block, Cells, SourceColumn
from dropscore.table.source import Source


@dataclass(slots=True)
class ParquetBlocks:
    """Reads blocks in order as they come; another order starts again from the first row."""

    path: Path
    columns: tuple[SourceColumn, ...]
    rows: int
    bytes: int
    language: str
    _next: int = 0
    _batches: Iterator[pa.RecordBatch] | None = None
    _rest: list[pa.RecordBatch] = field(default_factory=list)

    @property
    def count(self) -> int:
        return -(-self.rows // BLOCK_ROWS)

    def bytes_before(self, index: int) -> int:
        return self.bytes * index // max(self.count, 1)

    def read(self, index: int) -> Block:
        try:
            return self._read(index)
        except (pa.ArrowException, OSError) as error:  # pages are looked at only when they are read
            if isinstance(error, OSError) and error.errno is not None:
                raise  # the disk's fault, not the file's
            raise Rejected([problem("parquet-broken", self.language)]) from None

    def _read(self, index: int) -> Block:
        if index < self._next or self._batches is None:
            self._batches = pq.ParquetFile(self.path).iter_batches(BLOCK_ROWS)
            self._next, self._rest = 0, []
        while self._next < index:
            self._take()
        return self._block(index * BLOCK_ROWS, self._take())

    def _take(self) -> pa.Table:
        """Return the next 50,000 rows: batches end where row groups do."""
        assert self._batches is not None
        taken, rows = self._rest, sum(len(batch) for batch in self._rest)
        while rows < BLOCK_ROWS and (batch := next(self._batches, None)) is not None:
            taken.append(batch)
            rows += len(batch)
        table = pa.Table.from_batches(taken)
        self._rest = table[BLOCK_ROWS:].to_batches()
        self._next += 1
        return table[:BLOCK_ROWS]

    def _block(self, start: int, table: pa.Table) -> Block:
        text, values = {}, {}
        for at, column in enumerate(self.columns):
            found = table.column(at).combine_chunks()
            found = found if isinstance(found, pa.Array) else found.chunk(0)
            text[column.name] = written(found)
            if column.field is None and _is_number(found.type):
                values[column.name] = Cells(text[column.name], None)
        rows = np.arange(len(table), dtype=np.int64)
        return Block(start, rows + start + 2, rows * 0, text, np.zeros(len(table), dtype=bool), {}, values)


def open_parquet(path: Path, schema: Schema, rules: Rules, scratch: Path) -> Source:
    """Return the source of a Parquet file. Raises Rejected."""
    try:
        file = pq.ParquetFile(path)
        found: pa.Schema = file.schema_arrow
        rows = file.metadata.num_rows
    except (pa.ArrowException, OSError, ValueError):
        raise Rejected([problem("parquet-broken", rules.language)]) from None
    columns, warnings = match_columns(found.names, schema, rules, 1, None)
    if rows > rules.limits.rows:
        raise Rejected([problem("too-many-rows", rules.language, limit=f"{rules.limits.rows:,}")])
    if not rows:
        raise Rejected([problem("no-rows", rules.language, row=1)])
    columns = tuple(_plain(column, found.field(at).type) for at, column in enumerate(columns))
    wrong = [
        problem("parquet-type", rules.language, column=column.name, found=str(found.field(at).type))
        for at, column in enumerate(columns)
        if not _readable(found.field(at).type)
    ]
    if wrong:
        raise Rejected(wrong)
    size = path.stat().st_size
    return Source(
        reading=Reading(
            format="parquet",
            passed_through=tuple(column.name for column in columns if column.field is None),
        ),
        columns=columns,
        schema=schema,
        warnings=warnings,
        rows=rows,
        bytes_total=size,
        reader=ParquetBlocks(path, columns, rows, size, rules.language),
        scratch=scratch,
        odd=True,
    )


def _plain(column: SourceColumn, kind: pa.DataType) -> SourceColumn:
    """Return the column in the plain notation where it holds values: rules of notation are for text alone."""
    if column.field is None or _is_text(kind):
        return column
    plain: Field = replace(column.field, decimal_char=".", group_char="", format="default")
    if pa.types.is_boolean(kind):
        plain = replace(plain, true_values=("true",), false_values=("false",))
    return SourceColumn(column.name, plain)


def _is_text(kind: pa.DataType) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _readable(kind: pa.DataType) -> bool:
    if pa.types.is_timestamp(kind):
        return kind.tz is None
    plain = (pa.types.is_boolean, pa.types.is_decimal, pa.types.is_date, pa.types.is_null)
    return _is_text(kind) or _is_number(kind) or any(is_(kind) for is_ in plain)


def written(values: pa.Array) -> pa.Array:
    """Return values as text; no value, and a float that is no number, are null."""
    kind = values.type
    if _is_text(kind):
        return pc.cast(values, pa.string())
    if pa.types.is_floating(kind):
        values = pc.cast(values, pa.float64())
        return float_text(pc.if_else(pc.is_nan(values), None, values))
    if pa.types.is_timestamp(kind):
        text = pc.cast(pc.cast(values, pa.timestamp("us"), safe=False), pa.string())
        return pc.replace_substring_regex(text, "( 00:00:00)?\\.0{6}$", "")
    if pa.types.is_date(kind):
        return pc.cast(pc.cast(values, pa.date32()), pa.string())
    return pc.cast(values, pa.string())
