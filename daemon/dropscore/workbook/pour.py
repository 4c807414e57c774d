"""From Arrow columns to the rows of a sheet: XML by joining whole columns, never cell by cell.

Rows and cells carry no addresses: every row has every column in order, so readers count them. What is poured
can be made in another process: a `Pourer` and what it returns are plain records.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dropscore.workbook.records import Column, Kind
from dropscore.workbook.tally import Tally, count, merged
from dropscore.workbook.xmltext import bytes_of, clean, offsets_of, plain
from dropscore.workbook.zipped import Packed, pack

Cells = tuple[pa.Array | None, pa.Array | None]
Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]
Rows = np.ndarray[tuple[int], np.dtype[np.int64]]

ROW, ROW_END = "<row>", "</row>"
_BUDGET = 24 << 20  # bytes of XML made at a time, about: a row of the widest files alone may be more
_CELL = 50  # bytes of XML around a cell's own text, about
_SAMPLE = 500  # rows that the widths are estimated from
_WIDEST = 60
_FIXED_WIDTHS = {Kind.DATE: 12.0, Kind.DATETIME: 20.0}


class Style(NamedTuple):
    """Style numbers of one column: of its cells, and of those that are marked."""

    plain: int
    marked: int = 0


class Place(NamedTuple):
    """Which rows of the source a stretch of rows holds: one bit for each from the first on."""

    first: int
    bits: bytes


@dataclass(frozen=True, slots=True)
class Poured:
    """A block of rows as deflated XML, and all that must be known of it afterwards."""

    rows: int
    packed: Packed
    cut_cells: int = 0
    replaced_characters: int = 0
    widths: tuple[float, ...] = ()
    tallies: dict[str, Tally] = field(default_factory=dict)
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Pourer:
    """Pours blocks of rows; it holds no state, and may be sent to another process.

    `styles` are by column. `counted` are the columns whose values are counted for a chart.
    """

    columns: tuple[Column, ...]
    styles: tuple[Style, ...]
    counted: tuple[Column, ...] = ()

    def pour(
        self,
        cells: Mapping[str, Cells],
        rows: int,
        source_rows: Rows | None = None,
        marked: Mapping[str, Mask] | None = None,
    ) -> Poured:
        """Pour a block. `cells` maps column names to (numbers, texts), `pa.string` arrays of `rows` values.

        A number must be a canonical literal; where both are null the cell is empty. `source_rows` are the
        spreadsheet's row numbers of these rows, rising; `marked` the cells to be filled, by column name.
        """
        block = [_whole(cells[column.name], rows, column.name) for column in self.columns]
        tally = _Cleanings()
        packed = pack(self._stretches(block, rows, marked or {}, tally))
        return Poured(
            rows=rows,
            packed=packed,
            cut_cells=tally.cut,
            replaced_characters=tally.replaced,
            widths=tuple(_width(column, pair) for column, pair in zip(self.columns, block, strict=True)),
            tallies={column.name: count(column, *cells[column.name]) for column in self.counted},
            place=None if source_rows is None or not rows else placed(source_rows),
        )

    def _stretches(
        self, block: list[Cells], rows: int, marked: Mapping[str, Mask], tally: _Cleanings
    ) -> Iterator[memoryview]:
        for start, end in _cuts(block, rows):
            parts: list[str | pa.Array] = [ROW]
            for column, style, pair in zip(self.columns, self.styles, block, strict=True):
                numbers, texts = (None if values is None else values.slice(start, end - start) for values in pair)
                mask = marked.get(column.name)
                parts += _cell_parts(style, numbers, texts, None if mask is None else mask[start:end], tally)
            yield _joined([*parts, ROW_END], end - start)


@dataclass(slots=True)
class _Cleanings:
    cut: int = 0
    replaced: int = 0

    def clean(self, texts: pa.Array) -> pa.Array:
        cleaned = clean(texts)
        self.cut += cleaned.cut
        self.replaced += cleaned.replaced
        return cleaned.text


def joined_tallies(one: Mapping[str, Tally], other: Mapping[str, Tally]) -> dict[str, Tally]:
    """Return the tallies of two blocks together."""
    return {name: merged(one[name], tally) if name in one else tally for name, tally in other.items()}


def placed(source_rows: Rows) -> Place:
    """Return which source rows these are. ValueError if they do not rise."""
    offsets = np.asarray(source_rows, np.int64) - int(source_rows[0])
    if bool((np.diff(offsets) <= 0).any()):
        raise ValueError("the rows of a block must rise")
    bits = np.zeros(int(offsets[-1]) + 1, np.bool_)
    bits[offsets] = True
    return Place(int(source_rows[0]), np.packbits(bits).tobytes())


def position(place: Place, source_row: int) -> int | None:
    """Return how many rows of the stretch come before that source row; None if it is not in it."""
    offset = source_row - place.first
    if not 0 <= offset < 8 * len(place.bits):
        return None
    bits = np.unpackbits(np.frombuffer(place.bits, np.uint8))
    return int(bits[:offset].sum()) if bits[offset] else None


def _whole(pair: Cells, rows: int, name: str) -> Cells:
    """Return plain arrays, None where one has nothing. ValueError if a length is wrong or a number is none."""
    found: list[pa.Array | None] = []
    for values in pair:
        if values is not None and len(values) != rows:
            raise ValueError(f"column {name!r}: {len(values)} cells for {rows} rows")
        found.append(None if values is None or values.null_count == rows else plain(values))
    numbers, texts = found
    if numbers is not None and not _are_numbers(numbers):
        raise ValueError(f"column {name!r}: what was poured as a number is none")
    return numbers, None if texts is None else _without_blanks(texts)


def _are_numbers(numbers: pa.Array) -> bool:
    given = numbers.drop_null() if numbers.null_count else numbers  # what lies under a null is anybody's
    return (
        not bytes(bytes_of(given)).translate(None, b"0123456789.-+eE") and pc.min(pc.binary_length(given)).as_py() > 0
    )


def _without_blanks(texts: pa.Array) -> pa.Array:
    """Let a text of no characters be an empty cell: that is what a person who filters for blanks expects."""
    blank = pc.equal(texts, "")
    return pc.if_else(blank, pa.scalar(None, pa.string()), texts) if pc.any(blank).as_py() else texts


def _cuts(block: Sequence[Cells], rows: int) -> Iterator[tuple[int, int]]:
    """Cut a block where the XML so far fills the budget, so that a wide or wordy file needs no more memory."""
    before = np.arange(rows + 1, dtype=np.int64) * (_CELL * len(block))
    for pair in block:
        for values in pair:
            if values is not None:
                before += offsets_of(values)
    start = 0
    while start < rows:
        end = int(np.searchsorted(before, before[start] + _BUDGET, side="right")) - 1
        end = min(max(end, start + 1), rows)
        yield start, end
        start = end


def _cell_parts(
    style: Style, numbers: pa.Array | None, texts: pa.Array | None, mask: Mask | None, tally: _Cleanings
) -> list[str | pa.Array]:
    """Return the pieces of one column's cells: strings that are the same in every row, and arrays."""
    opening: list[str | pa.Array] = [_opening(style.plain)]
    if mask is not None and bool(mask.any()):
        opening = [pc.if_else(pa.array(mask), _opening(style.marked), _opening(style.plain))]
    number: list[str | pa.Array] = ["><v>", numbers, "</v></c>"]
    if texts is None or texts.null_count == len(texts):
        if numbers is None or numbers.null_count == len(numbers):
            return [*opening, "/>"]
        return [*opening, *number] if not numbers.null_count else [*opening, _either(number)]
    text: list[str | pa.Array] = [
        ' t="inlineStr"><is><t xml:space="preserve">',  # an inline string is never a formula
        tally.clean(texts),
        "</t></is></c>",
    ]
    if not texts.null_count:
        return [*opening, *text]
    if numbers is None or numbers.null_count == len(numbers):
        return [*opening, _either(text)]
    return [*opening, _either(number, text)]


def _opening(style: int) -> str:
    return f'<c s="{style}"' if style else "<c"


def _either(*choices: list[str | pa.Array]) -> pa.Array:
    """Return, by row, the first choice that has a value, else an empty cell."""
    return pc.coalesce(*(pc.binary_join_element_wise(*choice, "") for choice in choices), "/>")


def _joined(parts: list[str | pa.Array], rows: int) -> memoryview:
    """Join the pieces by row; neighbouring strings become one first."""
    merged_parts: list[str | pa.Array] = []
    for part in parts:
        if isinstance(part, str) and merged_parts and isinstance(merged_parts[-1], str):
            merged_parts[-1] += part
        else:
            merged_parts.append(part)
    if len(merged_parts) == 1:
        return memoryview(str(merged_parts[0]).encode() * rows)
    return bytes_of(pc.binary_join_element_wise(*merged_parts, ""))


def header_width(name: str) -> float:
    """Return the width that a header needs, its filter's button included."""
    return min(max(len(line) for line in (name or " ").split("\n")) * 1.1 + 4, _WIDEST)


def _width(column: Column, pair: Cells) -> float:
    """Return the width that the first rows need; wide characters, of three bytes, count twice."""
    if column.kind in _FIXED_WIDTHS:
        return _FIXED_WIDTHS[column.kind]
    if column.probability:
        return 12.0
    widest = 6.0
    for values in pair:
        if values is not None:
            sample = values.slice(0, _SAMPLE)
            units = pc.max(pc.add(pc.utf8_length(sample), pc.binary_length(sample))).as_py()
            widest = max(widest, (units or 0) / 2 * 1.1 + 1.5)
    return min(widest, float(_WIDEST))
