"""The mendable file where a sheet could not hold all rows: CSV in UTF-8, the rows as they came.

Values are not guarded against being read as formulas: what comes back must be what was sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dropscore.workbook.csvtext import CsvText
from dropscore.workbook.pour import Cells
from dropscore.workbook.records import Column


class FixCsv:
    """Takes the same cells as the workbook. Raises OSError where the disk is full."""

    def __init__(self, path: Path, columns: tuple[Column, ...], delimiter: str = ",") -> None:
        self._path = path
        self._text = CsvText(columns, delimiter)
        self._file = path.open("xb")
        self._file.write(self._text.header().data)

    def pour(self, cells: Mapping[str, Cells], rows: int) -> None:
        """Write rows; `cells` maps column names to (numbers, texts)."""
        self._file.write(self._text.pour(cells, rows).data)

    def close(self) -> None:
        """End the file. It may be called twice."""
        self._file.close()

    def discard(self) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)
