"""The strict check of every byte: where records end, how many cells each has, and whether quotes are sound.

No cell is parsed here. What this module accepts has one reading only: a quote opens right after a delimiter or
the end of a record, and what follows a closing quote is a delimiter, the end of a record or its double.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dropscore.table.records import BLOCK_ROWS, Mask, Positions

Octets = npt.NDArray[np.uint8]

NEWLINE, RETURN, QUOTE, BACKSLASH = 10, 13, 34, 92
_NONE: Positions = np.empty(0, np.int64)


class Fault(NamedTuple):
    """A place, in bytes, after which the records' boundaries cannot be trusted."""

    code: str
    offset: int


@dataclass(slots=True)
class Range:
    """Where one block lies in the text."""

    offset: int
    line: int
    """The text's line on which it starts, counted from 1."""
    end: int = 0
    records: int = 0
    ragged: bool = False
    multiline: bool = False
    """A cell may hold a line break, or records end in more than one way."""


@dataclass(slots=True)
class Survey:
    """What the text is made of. Offsets are those of the text."""

    ranges: list[Range] = field(default_factory=list)
    records: int = 0
    ragged: int = 0
    narrowest: int = 0
    widest: int = 0
    newlines: set[str] = field(default_factory=set)
    fault: Fault | None = None
    last_record: int = 0
    """Where the last record starts."""
    last_width: int = 0
    ends_in_newline: bool = True


class Split(NamedTuple):
    """The separators of a stretch of text that stand outside of quotes."""

    places: Positions
    ends: Mask
    """True where a separator ends a record; else it is a delimiter."""
    breaks: Positions | None
    """All ends of lines, inside quotes too; None: the same as the ends of records."""
    parity: int
    """1 if the stretch ends inside quotes."""
    fault: Fault | None


def split(octets: Octets, delimiter: int, *, parity: int = 0, before: int = NEWLINE, after: int = RETURN) -> Split:
    """Find the separators. `before` and `after` are the octets around the stretch; offsets count from its start."""
    separators = (octets == delimiter) | (octets == NEWLINE)
    returns = np.flatnonzero(octets == RETURN)
    if len(returns):
        following = np.append(octets, np.uint8(after))[returns + 1]
        separators[returns[following != NEWLINE]] = True
    places = np.flatnonzero(separators)
    ends = octets[places] != delimiter
    quotes = np.flatnonzero(octets == QUOTE)
    if not len(quotes) and not parity:
        return Split(places, ends, None, 0, None)
    inside = ((np.searchsorted(quotes, places) + parity) & 1).astype(bool)
    breaks = places[ends]
    fault = _first_fault(octets, quotes, delimiter, parity, before, after)
    outside = ~inside
    return Split(places[outside], ends[outside], breaks, (parity + len(quotes)) & 1, fault)


def _first_fault(
    octets: Octets, quotes: Positions, delimiter: int, parity: int, before: int, after: int
) -> Fault | None:
    opening, closing = quotes[parity::2], quotes[1 - parity :: 2]
    fine_before = _table(delimiter, NEWLINE, RETURN, QUOTE)
    preceding = np.append(octets, np.uint8(before))[opening - 1]  # index -1 is the octet before the stretch
    following = np.append(octets, np.uint8(after))[closing + 1]
    bad_opening = opening[~fine_before[preceding]]
    bad_closing = closing[~fine_before[following]]
    # In `"a\"",` the doubled quote may be an escaped one and the end of the cell: two readings.
    escaped = np.append(octets, np.uint8(before))[closing - 1] == BACKSLASH
    bad_escape = closing[escaped & (following == QUOTE)]
    first = min((int(found[0]) for found in (bad_opening, bad_closing, bad_escape) if len(found)), default=None)
    if first is None:
        return None
    previous = int(octets[first - 1]) if first else before
    return Fault("backslash-escape" if previous == BACKSLASH else "bare-quote", first)


def _table(*members: int) -> Mask:
    table = np.zeros(256, dtype=bool)
    table[list(members)] = True
    return table


def with_next(chunks: Iterable[bytes]) -> Iterator[tuple[bytes, int]]:
    """Yield each chunk with the octet that follows it.

    A return stands for the end of the text: it may follow a closing quote, and is no second half of a line end.
    """
    current: bytes | None = None
    for chunk in chunks:
        if not chunk:
            continue
        if current is not None:
            yield current, chunk[0]
        current = chunk
    if current is not None:
        yield current, RETURN


class Surveyor:
    """Walks once over the text, chunk by chunk, and remembers as little as it can."""

    def __init__(self, delimiter: int, width: int, offset: int, line: int, cell_bytes: int, rows: int) -> None:
        self._delimiter, self._width = delimiter, width
        self._cell_bytes, self._rows = cell_bytes, rows
        self._offset, self._line = offset, line
        self._parity, self._column, self._before = 0, 0, NEWLINE
        self._last_separator = offset - 1
        self._record = offset  # where the record at hand starts
        self._range = Range(offset, line)
        self._survey = Survey(ranges=[self._range], last_record=offset)

    def survey(self, chunks: Iterable[bytes]) -> Survey:
        """Return what the text is made of, up to the first fault."""
        for chunk, after in with_next(chunks):
            self._take(np.frombuffer(chunk, np.uint8), chunk, after)
            if self._survey.fault is not None:
                return self._survey
        self._finish()
        return self._survey

    def _take(self, octets: Octets, chunk: bytes, after: int) -> None:
        found = split(octets, self._delimiter, parity=self._parity, before=self._before, after=after)
        fault = found.fault or self._longest_cell(found.places, len(octets))
        if fault is not None:
            self._survey.fault = Fault(fault.code, fault.offset + self._offset)
            return
        self._note_newlines(octets, chunk)
        ends = found.places[found.ends]
        ragged = self._blank(octets, ends) if self._width == 1 else _NONE
        self._note_ragged(np.ones(len(ragged), np.int64))
        self._cut(ends, found.breaks, np.union1d(ragged, self._ragged(found, len(ends))))
        if len(ends):
            starts = (self._record, *(ends[-2:] + self._offset + 1).tolist())
            self._survey.last_record, self._record = starts[-2], starts[-1]
        self._survey.records += len(ends)
        if self._survey.records > self._rows:
            self._survey.fault = Fault("too-many-rows", self._survey.last_record)
        self._parity, self._before = found.parity, int(octets[-1])
        self._offset += len(octets)

    def _longest_cell(self, places: Positions, length: int) -> Fault | None:
        """Return the place of the first cell that is too long. Its quotes and its separator do not count."""
        most = self._cell_bytes + 3
        since = self._offset - self._last_separator
        if length + since > most:
            gaps = np.diff(places, prepend=-since, append=length)
            wide = np.flatnonzero(gaps > most)
            if len(wide):
                return Fault("cell-too-long", int(np.append(places, length)[wide[0]]) - 1)
        if len(places):
            self._last_separator = self._offset + int(places[-1])
        return None

    def _note_newlines(self, octets: Octets, chunk: bytes) -> None:
        newlines = int(np.count_nonzero(octets == NEWLINE))  # bytes.count is slow where there are many
        returns = chunk.count(b"\r")
        pairs = chunk.count(b"\r\n") if returns else 0
        straddling = chunk.startswith(b"\n") and self._before == RETURN
        if pairs or straddling:
            self._survey.newlines.add("\r\n")
        if newlines > pairs + straddling:
            self._survey.newlines.add("\n")
        if returns - chunk.endswith(b"\r") > pairs:
            self._survey.newlines.add("\r")

    def _ragged(self, found: Split, count: int) -> Positions:
        """Return which of the records that end here have the wrong width."""
        ends, width, column = found.ends, self._width, self._column
        expected = ends[width - 1 - column :: width] if column < width else ends[:0]
        if count == len(expected) and bool(expected.all()):
            self._column = column + len(ends) - count * width
            if count:
                self._survey.last_width = width
            return _NONE
        if not count:
            self._column = column + len(ends)
            return _NONE
        places = np.flatnonzero(ends)
        widths = np.diff(places, prepend=-1 - column)
        self._column = len(ends) - 1 - int(places[-1])
        self._survey.last_width = int(widths[-1])
        which = np.flatnonzero(widths != width)
        self._note_ragged(widths[which])
        return which

    def _blank(self, octets: Octets, ends: Positions) -> Positions:
        """Return which records are lines without anything: in a table of one column their width does not show it."""
        starts = np.append(self._record - self._offset, ends + 1)[:-1]
        before = np.append(octets, np.uint8(self._before))[ends - 1]
        half = (octets[ends] == NEWLINE) & (before == RETURN)
        return np.flatnonzero(ends - starts - half <= 0)

    def _note_ragged(self, widths: Positions) -> None:
        if len(widths):
            survey = self._survey
            survey.narrowest = min(int(widths.min()), survey.narrowest or int(widths.min()))
            survey.widest = max(int(widths.max()), survey.widest)
            survey.ragged += len(widths)

    def _cut(self, ends: Positions, breaks: Positions | None, ragged: Positions) -> None:
        """Close the blocks that end in this stretch, and open those that start."""
        multiline = breaks is not None and len(breaks) != len(ends)
        done = 0
        while True:
            taken = min(BLOCK_ROWS - self._range.records, len(ends) - done)
            low, high = np.searchsorted(ragged, (done, done + taken))
            self._range.records += taken
            self._range.multiline |= multiline
            self._range.ragged |= bool(high > low)
            done += taken
            if self._range.records < BLOCK_ROWS:
                break
            end = int(ends[done - 1]) + 1
            self._range.end = self._offset + end
            lines = done if breaks is None else int(np.searchsorted(breaks, end))
            self._range = Range(self._range.end, self._line + lines)
            self._survey.ranges.append(self._range)
        self._line += len(ends) if breaks is None else len(breaks)

    def _finish(self) -> None:
        survey = self._survey
        if self._parity:
            survey.fault = Fault("unclosed-quote", self._record)
            return
        if self._record < self._offset:
            survey.ends_in_newline = False
            survey.records += 1
            survey.last_record = self._record
            survey.last_width = self._column + 1
            self._range.records += 1
            if survey.last_width != self._width:
                self._note_ragged(np.array([survey.last_width]))
                self._range.ragged = True
        self._range.end = self._offset
        if not self._range.records:
            survey.ranges.pop()
