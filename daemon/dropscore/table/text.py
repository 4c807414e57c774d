"""The text of a drop as a file of UTF-8 on disk, read in chunks; and where in the table an offset of it lies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dropscore.table.structure import NEWLINE, split, with_next

CHUNK = 4 << 20
HEAD = 1 << 20
_CANDIDATE = r'(?:"((?:[^"]|"")*)"|([^{0}"\r\n]*))({0}|\r\n|\n|\r|\Z)'
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r|\Z)")


@dataclass(frozen=True, slots=True)
class Text:
    """UTF-8 without its byte-order mark: `path` from `start` to `end`. Offsets are those of the file."""

    path: Path
    start: int
    end: int
    encoding: str
    odd: bool
    """There are control characters or byte-order marks in it: cells must be looked at one by one."""


class Place(NamedTuple):
    """Where an offset lies, counted from the record or line at which the count began, from 0."""

    record: int
    line: int
    column: int


def chunks(path: Path, start: int, end: int | None = None, size: int = 0) -> Iterator[bytes]:
    """Yield the file from `start` to `end` in pieces."""
    size = size or CHUNK
    with path.open("rb", buffering=0) as source:
        source.seek(start)
        left = float("inf") if end is None else end - start
        while left > 0 and (chunk := source.read(int(min(size, left)))):
            left -= len(chunk)
            yield chunk


def head_of(text: Text) -> str:
    """Return the first megabyte; bytes that are no UTF-8 become surrogates, so that offsets can be counted."""
    return b"".join(chunks(text.path, text.start, min(text.end, text.start + HEAD))).decode("utf-8", "surrogateescape")


def octets_in(text: str) -> int:
    """Return how many bytes a piece of the head has in the file."""
    return len(text.encode("utf-8", "surrogateescape"))


def physical_lines(text: str) -> Iterator[re.Match[str]]:
    """Yield each line with its end, whatever kind of end that is."""
    return (found for found in _LINE.finditer(text) if found.group())


def strict_record(text: str, at: int, delimiter: str) -> tuple[tuple[str, ...], int] | None:
    """Return the cells of the record that starts at `at`, and where the next starts; None if a quote is unsound."""
    pattern = re.compile(_CANDIDATE.format(re.escape(delimiter)))
    cells = []
    while True:
        found = pattern.match(text, at)
        if found is None:
            return None
        quoted, bare, end = found.groups()
        cells.append(bare if quoted is None else quoted.replace('""', '"'))
        at = found.end()
        if end != delimiter:
            return tuple(cells), at


def locate(text: Text, start: int, offset: int, delimiter: str) -> Place:
    """Return the place of `offset`, counted from `start`, where a record starts."""
    records = lines = column = parity = 0
    before = NEWLINE
    for chunk, after in with_next(chunks(text.path, start, offset)):
        octets = np.frombuffer(chunk, np.uint8)
        found = split(octets, ord(delimiter), parity=parity, before=before, after=after)
        ends = np.flatnonzero(found.ends)
        records += len(ends)
        lines += len(ends) if found.breaks is None else len(found.breaks)
        column = len(found.ends) - 1 - int(ends[-1]) if len(ends) else column + len(found.ends)
        parity, before = found.parity, int(octets[-1])
    return Place(records, lines, column)


def end_of_content(text: Text, delimiter: str) -> int:
    """Return where the text ends without the blank lines, and the lines of delimiters alone, at its end."""
    blank = b"\r\n" + delimiter.encode()
    end = text.end
    size = 1 << 16
    run_start = end
    while run_start > text.start:
        low = max(text.start, run_start - size)
        piece = next(chunks(text.path, low, run_start, size))
        content = len(piece.rstrip(blank))
        run_start = low + content
        if content:
            break
    tail = next(chunks(text.path, run_start, min(end, run_start + size), size), b"")
    first = re.search(rb"\r\n|\n|\r", tail)
    return end if first is None else run_start + first.end()
