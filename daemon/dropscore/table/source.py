"""A drop that was opened: how it is read, its columns, and its rows in blocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from dropscore.domain.problems import Problem
from dropscore.domain.schema import Schema
from dropscore.receipt import Reading
from dropscore.table.lines import TextBlocks
from dropscore.table.records import Block, SourceColumn


class Blocks(Protocol):
    """The rows of one format. Blocks may be read in any order, and again."""

    @property
    def count(self) -> int: ...

    def read(self, index: int) -> Block: ...

    def bytes_before(self, index: int) -> int: ...


@dataclass(slots=True)
class Source:
    """A drop whose structure is sound from its first byte to its last."""

    reading: Reading
    columns: tuple[SourceColumn, ...]
    """In the file's order."""
    schema: Schema
    """The model's, in the notation in which this file is read."""
    warnings: tuple[Problem, ...]
    rows: int
    """Records below the header, ragged ones too."""
    bytes_total: int
    reader: Blocks
    scratch: Path
    """A folder for what memory should not hold."""
    odd: bool = False
    """Some text holds control characters or byte-order marks."""
    first_column: int = 0
    """Columns of a sheet that are empty, left of the table."""

    @property
    def count(self) -> int:
        """Return the number of blocks."""
        return self.reader.count

    @property
    def apart(self) -> bool:
        """Return whether several processes may read blocks, each of them without those before it."""
        return isinstance(self.reader, TextBlocks)

    def block(self, index: int) -> Block:
        """Return one block; blocks may be read in any order and in several processes."""
        return self.reader.read(index)

    def blocks(self) -> Iterator[Block]:
        """Yield all blocks in order; may be called again for another pass."""
        for index in range(self.reader.count):
            yield self.reader.read(index)

    def bytes_before(self, index: int) -> int:
        """Return how many bytes lie before a block; before the one after the last, all."""
        return self.reader.bytes_before(index) if index < self.reader.count else self.bytes_total
