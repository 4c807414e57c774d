"""Which delimiter, and where the header is: the schema knows the names, so nothing is guessed from statistics."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from dropscore.domain.catalogue import problem
from dropscore.domain.errors import Rejected
from dropscore.domain.problems import Problem
from dropscore.domain.rules import Rules
from dropscore.domain.schema import Schema
from dropscore.table.header import fit, looks_like_data, loose, no_header
from dropscore.table.text import octets_in, physical_lines, strict_record

CANDIDATES = (",", ";", "\t", "|")
SHOWN = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
LINES = 20
"""Lines in which the header is looked for."""
_SEP = re.compile(r'"?sep=(.)"?(?:\r\n|\n|\r|\Z)', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the text is cut into cells. Offsets are bytes from the start of the text."""

    delimiter: str
    header: tuple[str, ...]
    header_row: int
    header_line: int
    data_offset: int
    data_line: int


class _Found(NamedTuple):
    """A record that may be the header."""

    names: int
    exact: int
    delimiter: str
    at: int
    """Which line of the text, from 0."""
    cells: tuple[str, ...]
    next: int
    """Where the next record starts, in characters."""
    start: int


def choose(head: str, schema: Schema, rules: Rules) -> Dialect:
    """Return the dialect under which a line of the first 20 holds most of the expected names.

    Raises Rejected: no line does, or two readings fit equally.
    """
    told = _SEP.match(head)
    delimiters: Sequence[str] = CANDIDATES
    if told is not None and told.group(1) in CANDIDATES:
        delimiters = (told.group(1),)
    else:
        told = None
    found = [best for delimiter in delimiters if (best := _best(head, delimiter, schema)) is not None]
    top = max((candidate[:2] for candidate in found), default=(0, 0))
    if not top[0]:
        raise Rejected(_no_header(head, schema, rules, delimiters))
    winners = [candidate for candidate in found if candidate[:2] == top]
    winner = _decide(winners, schema, rules)
    skipped = 1 if told is not None else 0  # a spreadsheet does not show the line `sep=;`
    if winner.at < skipped:
        raise Rejected(_no_header(head, schema, rules, delimiters))
    _refuse_rows_above(head[told.end() if told else 0 : winner.start], winner, rules, skipped)
    lines = head[: winner.next].count("\n") + len(re.findall(r"\r(?!\n)", head[: winner.next]))
    return Dialect(
        delimiter=winner.delimiter,
        header=winner.cells,
        header_row=winner.at + 1 - skipped,
        header_line=winner.at + 1,
        data_offset=octets_in(head[: winner.next]),
        data_line=lines + 1,
    )


def _best(head: str, delimiter: str, schema: Schema) -> _Found | None:
    exact = set(schema.names)
    near = {loose(name) for name in exact}
    best: _Found | None = None
    for at, line in enumerate(physical_lines(head)):
        if at >= LINES:
            break
        record = strict_record(head, line.start(), delimiter)
        if record is None:
            continue
        cells, following = record
        candidate = _Found(*fit(cells, exact, near), delimiter, at, cells, following, line.start())
        if best is None or candidate[:2] > best[:2]:
            best = candidate
    return best


def _decide(winners: Sequence[_Found], schema: Schema, rules: Rules) -> _Found:
    if len(winners) == 1:
        return winners[0]
    first = winners[0]
    if all(len(other.cells) == 1 and other.at == first.at for other in winners):
        # One column: no delimiter is needed. The one is taken that cannot be part of a number.
        numbers = rules.decimal or next((field.decimal_char for field in schema.fields), ".")
        wanted = ";" if numbers == "," else ","
        return next((winner for winner in winners if winner.delimiter == wanted), first)
    readings = "; ".join(f"{SHOWN[winner.delimiter]}: {', '.join(winner.cells)}" for winner in winners)
    raise Rejected(
        [problem("ambiguous-delimiter", rules.language, row=first.at + 1, line=first.at + 1, found=readings)]
    )


def _refuse_rows_above(above: str, header: _Found, rules: Rules, skipped: int) -> None:
    """A table that was sorted may have its header in the midst: the rows above it must not get lost."""
    for at, line in enumerate(physical_lines(above)):
        record = strict_record(line.group(), 0, header.delimiter)
        cells = record[0] if record else tuple(line.group().split(header.delimiter))
        if looks_like_data(cells, len(header.cells)):
            shown = line.group().rstrip("\r\n")
            raise Rejected(
                [problem("rows-above-header", rules.language, row=at + 1, line=at + 1 + skipped, found=shown)]
            )


def _no_header(head: str, schema: Schema, rules: Rules, delimiters: Sequence[str]) -> list[Problem]:
    row, line, cells = max(_first_rows(head, delimiters), key=lambda found: len(found[2]), default=(1, 1, ("",)))
    return no_header(cells, schema, rules, row, line)


def _first_rows(head: str, delimiters: Sequence[str]) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    for at, line in enumerate(physical_lines(head)):
        if line.group().strip():
            for delimiter in delimiters:
                record = strict_record(head, line.start(), delimiter)
                cells = record[0] if record else tuple(line.group().rstrip("\r\n").split(delimiter))
                yield at + 1, at + 1, cells
            return
