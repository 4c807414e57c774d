"""The same rows beside the workbook, for programs: as CSV, and as Parquet with the types that were checked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from dropscore.workbook.csvtext import CsvText, Lines
from dropscore.workbook.records import Column

_COMPRESSION = "zstd"


class ResultCsv:
    """The result as CSV: every column as it came, then the model's. Raises OSError where the disk is full."""

    def __init__(self, path: Path, columns: tuple[Column, ...], delimiter: str = ",") -> None:
        self._path = path
        self.pourer = CsvText(columns, delimiter, guard=True)
        """Makes what `take` takes, here or in another process."""
        self.guarded = 0
        """Cells that a spreadsheet would have taken for formulas."""
        self._file = path.open("xb")
        self.take(self.pourer.header())

    def take(self, lines: Lines) -> None:
        """Write the next block, poured elsewhere."""
        self._file.write(lines.data)
        self.guarded += lines.guarded

    def close(self) -> None:
        self._file.close()

    def discard(self) -> None:
        """Leave nothing behind. It may be called twice."""
        self._file.close()
        self._path.unlink(missing_ok=True)


class ResultParquet:
    """The result as Parquet, a row group for each block. Raises OSError where the disk is full."""

    def __init__(self, path: Path, columns: Mapping[str, pa.DataType]) -> None:
        """`columns`: the type of each, in order."""
        self._path = path
        self._schema = pa.schema(list(columns.items()))
        self._file: pq.ParquetWriter | None = pq.ParquetWriter(path, self._schema, compression=_COMPRESSION)

    def take(self, columns: Mapping[str, pa.Array]) -> None:
        """Write the next block. ValueError if a column is of another type than was said."""
        if self._file is None:
            raise ValueError("the file is closed")
        arrays = [columns[name] for name in self._schema.names]
        for array, field in zip(arrays, self._schema, strict=True):
            if array.type != field.type:
                raise ValueError(f"column {field.name!r} is {array.type}, and should be {field.type}")
        self._file.write_table(pa.table(arrays, schema=self._schema), row_group_size=max(len(arrays[0]), 1))

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def discard(self) -> None:
        """Leave nothing behind. It may be called twice."""
        self.close()
        self._path.unlink(missing_ok=True)
