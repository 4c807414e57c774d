"""What the rooms above are handed: blocks of rows, what was found in them, and what a workbook shows of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dropscore.domain.problems import Problem, ProblemGroup
from dropscore.domain.schema import Field

if TYPE_CHECKING:
    from collections.abc import Callable

BLOCK_ROWS = 50_000
"""Part of the format: an estimator's last bits depend on the shape of its input."""

Mask = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class SourceColumn:
    """A column of the file. `name` is as written; a blank name is given as `(column C)`."""

    name: str
    field: Field | None
    """With the route's notation in it; None: the model does not know the column, and it passes through."""


class Cells(NamedTuple):
    """What a workbook shows of one column: in each row one of the two is given, or none where the cell is empty."""

    numbers: pa.Array | None
    """pa.string: canonical number literals; dates are serial days since 1899-12-30."""
    texts: pa.Array | None
    """pa.string: shown as text, never as a formula."""


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """At most 50,000 records. All arrays have one entry for each."""

    start: int
    """Records before this block."""
    rows: Positions
    """The row of each record as a spreadsheet counts."""
    lines: Positions
    """The line of the text on which each record starts."""
    text: dict[str, pa.Array]
    """By column name: text. Null where the record is ragged, and where a typed file has no value."""
    ragged: Mask
    """The record has the wrong number of cells: see `stray`."""
    stray: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """The cells of each ragged record as they stand, by its place in the block."""
    values: dict[str, Cells] = field(default_factory=dict)
    """What is shown of columns that pass through and hold values, not text: from .xlsx and Parquet only."""

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, eq=False)
class Checked:
    """What was found in one block."""

    typed: dict[str, pa.Array]
    """By schema field: float64, int64, string, bool, date32 or timestamp[us]; null where bad or missing."""
    bad_rows: Mask
    """Rows that cannot be scored."""
    bad: dict[str, Mask]
    """By column name: its bad cells. Only columns that have any."""
    show: Callable[[], dict[str, Cells]]

    @cached_property
    def cells(self) -> dict[str, Cells]:
        """By column name as written: made when asked for, because a check needs none."""
        return self.show()


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found in all blocks. Everything is counted; the first 1,000 problems are listed, by row."""

    rows: int
    bad_rows: int
    bad_cells: int
    problems: tuple[Problem, ...]
    truncated: bool
    groups: tuple[ProblemGroup, ...]
