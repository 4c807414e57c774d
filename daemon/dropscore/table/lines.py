"""Blocks of delimited text: the survey said where they lie, Arrow's reader cuts them into cells."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from dropscore.table.arrays import lengths
from dropscore.table.records import BLOCK_ROWS, Block, Mask, Positions
from dropscore.table.structure import Octets, Range, split
from dropscore.table.text import Text, chunks, strict_record


class _Records(NamedTuple):
    """Where the records of a block lie in its bytes."""

    starts: Positions
    stops: Positions
    lines: Positions
    wrong: Mask


@dataclass(frozen=True, slots=True)
class TextBlocks:
    """Reads the blocks of a text. `width` counts the cells of a sound record, those without a name too."""

    text: Text
    delimiter: str
    names: tuple[str, ...]
    width: int
    ranges: Sequence[Range]
    first_row: int
    """The spreadsheet's row of the first record."""

    @property
    def count(self) -> int:
        return len(self.ranges)

    def bytes_before(self, index: int) -> int:
        return self.ranges[index].offset - self.text.start

    def read(self, index: int) -> Block:
        part = self.ranges[index]
        data = b"".join(chunks(self.text.path, part.offset, part.end))
        if part.ragged or part.multiline:
            records = self._records(data, part)
            ragged, lines = records.wrong, records.lines
            sound = _without(data, records)
        else:
            records, sound = None, data
            ragged = np.zeros(part.records, dtype=bool)
            lines = part.line + np.arange(part.records, dtype=np.int64)
        cells = self._parse(sound, int(np.count_nonzero(~ragged)))
        stray = self._stray(data, records) if records is not None else {}
        if ragged.any():
            kept = np.cumsum(~ragged) - 1
            spread = pa.array(kept, pa.int64(), mask=ragged)
            cells = [column.take(spread) for column in cells]
        cells, ragged, beyond = self._beyond(cells, ragged)
        start = index * BLOCK_ROWS
        rows = np.arange(part.records, dtype=np.int64) + self.first_row + start
        return Block(start, rows, lines, dict(zip(self.names, cells, strict=True)), ragged, stray | beyond)

    def _parse(self, data: bytes, records: int) -> list[pa.Array]:
        names = [str(at) for at in range(self.width)]
        if not records:
            return [pa.array([], pa.string()) for _ in names]
        if data.startswith(BOM_UTF8):  # the reader takes one away, but here it is part of a cell
            data = BOM_UTF8 + data
        table = pyarrow.csv.read_csv(
            pa.py_buffer(data),
            read_options=pyarrow.csv.ReadOptions(
                column_names=names, use_threads=False, block_size=min(len(data) + 1, 2**31 - 1)
            ),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=self.delimiter,
                quote_char='"',
                double_quote=True,
                escape_char=False,
                newlines_in_values=True,
                ignore_empty_lines=False,
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types={name: pa.string() for name in names},
                strings_can_be_null=False,
                null_values=[],
                check_utf8=False,
            ),
        )
        if table.num_rows != records:  # the two readers must agree on every record, or nothing is right
            raise RuntimeError(f"{records} records were surveyed, {table.num_rows} were read")
        return [_one(column) for column in table.columns]

    def _records(self, data: bytes, part: Range) -> _Records:
        octets: Octets = np.frombuffer(data, np.uint8)
        found = split(octets, ord(self.delimiter))
        ends = found.places[found.ends]
        places = np.flatnonzero(found.ends)
        widths = np.diff(places, prepend=-1)
        stops = ends + 1
        if len(ends) < part.records:  # the last record of the file has no end of line
            stops = np.append(stops, len(data))
            widths = np.append(widths, len(found.ends) - (places[-1] + 1 if len(places) else 0) + 1)
        starts = np.concatenate([[0], stops[:-1]])
        breaks = ends if found.breaks is None else found.breaks
        lines = part.line + np.searchsorted(breaks, starts)
        wrong = widths != self.width
        if self.width == 1:
            short = np.flatnonzero(stops - starts <= 2)
            wrong[[at for at in short.tolist() if not data[starts[at] : stops[at]].strip(b"\r\n")]] = True
        return _Records(starts, stops, lines, wrong)

    def _stray(self, data: bytes, records: _Records) -> dict[int, tuple[str, ...]]:
        found = {}
        for at in np.flatnonzero(records.wrong).tolist():
            line = data[records.starts[at] : records.stops[at]].decode().rstrip("\r\n")
            if '"' in line:
                record = strict_record(line, 0, self.delimiter)
                found[at] = record[0] if record else (line,)
            else:
                found[at] = tuple(line.split(self.delimiter))
        return found

    def _beyond(self, cells: list[pa.Array], ragged: Mask) -> tuple[list[pa.Array], Mask, dict[int, tuple[str, ...]]]:
        """Set aside the records that have content where the header has no name."""
        named, unnamed = cells[: len(self.names)], cells[len(self.names) :]
        content = np.zeros(len(ragged), dtype=bool)
        for column in unnamed:
            content |= lengths(column) > 0
        if not content.any():
            return named, ragged, {}
        stray = {at: tuple(column[at].as_py() for column in cells) for at in np.flatnonzero(content).tolist()}
        null = pa.scalar(None, pa.string())
        named = [pc.if_else(pa.array(content), null, column) for column in named]
        return named, ragged | content, stray


def _one(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _without(data: bytes, records: _Records) -> bytes:
    """Return the bytes of the sound records alone."""
    if not records.wrong.any():
        return data
    steps = np.zeros(len(data) + 1, np.int8)
    steps[records.starts[records.wrong]] += 1
    steps[records.stops[records.wrong]] -= 1
    sound: Octets = np.frombuffer(data, np.uint8)[np.cumsum(steps[:-1]) == 0]
    return sound.tobytes()
