"""All the lines in which quotes are unsound, for a person who wants to mend them at once.

After the first unsound quote nobody knows where cells end, so each line is looked at by itself. That can be
trusted up to the first line that may be part of a cell with a line break, and no further.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from dropscore.table.structure import BACKSLASH, NEWLINE, QUOTE, RETURN

_LONGEST = 16 << 20
"""A line that is longer is none that a person mends."""
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r)")


class Unsound(NamedTuple):
    """The first unsound quote of a line. `line` counts from 0, from where the look began."""

    code: str
    line: int
    column: int
    text: bytes
    at: int
    """Where in the line's text the quote stands."""


def unsound_lines(chunks: Iterable[bytes], delimiter: int, most: int) -> list[Unsound]:
    """Return the lines whose quotes are unsound, up to the first that leaves a quote open."""
    found: list[Unsound] = []
    for number, line in enumerate(_lines(chunks)):
        if QUOTE not in line:
            continue
        fault, still_open = _look(line, delimiter, number)
        if fault is None and still_open:
            break
        if fault is not None:
            found.append(fault)
            if len(found) >= most:
                break
    return found


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    kept = b""
    for chunk in chunks:
        kept += chunk
        end = 0
        for line in _LINE.finditer(kept):
            if line.end() == len(kept) and kept.endswith(b"\r"):
                break  # it may be the first half of an end
            end = line.end()
            yield line.group().rstrip(b"\r\n")
        kept = kept[end:]
        if len(kept) > _LONGEST:
            return
    yield from kept.splitlines()


def _look(line: bytes, delimiter: int, number: int) -> tuple[Unsound | None, bool]:
    """Return the first unsound quote, if there is one, and whether the line ends inside quotes."""
    inside, column, before = False, 0, NEWLINE
    for at, octet in enumerate(line):
        if octet == QUOTE:
            after = line[at + 1] if at + 1 < len(line) else NEWLINE
            fine = (delimiter, NEWLINE, RETURN, QUOTE)
            if (before not in fine) if not inside else (after not in fine or (before, after) == (BACKSLASH, QUOTE)):
                code = "backslash-escape" if before == BACKSLASH else "bare-quote"
                return Unsound(code, number, column, line, at), False
            inside = not inside
        elif octet == delimiter and not inside:
            column += 1
        before = octet
    return None, inside
