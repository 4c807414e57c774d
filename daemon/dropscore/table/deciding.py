"""`decimal = "auto"` and `dates = "auto"`: the whole column decides, before any row is scored.

At least one cell must allow a single reading, and none the other. Where no cell decides, or two contradict each
other, the column is refused with both readings: a guess would be a number that nobody doubts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dropscore.domain.catalogue import problem
from dropscore.domain.errors import Rejected
from dropscore.domain.problems import Problem
from dropscore.domain.rules import Rules
from dropscore.domain.schema import Field, Type
from dropscore.table import dates
from dropscore.table.arrays import matches, numpy_of
from dropscore.table.faults import two_readings
from dropscore.table.header import column_letters
from dropscore.table.judge import missing_cells
from dropscore.table.notation import AUTO
from dropscore.table.numbers import bared, grammar
from dropscore.table.records import Mask, Positions, SourceColumn

NUMBERS = (Type.NUMBER, Type.INTEGER)
DATES = (Type.DATE, Type.DATETIME)
FORMATS = (
    "default",
    *(f"{first}{sign}{second}{sign}%Y" for sign in "/.-" for first, second in (("%d", "%m"), ("%m", "%d"))),
)


Values = npt.NDArray[np.float64]


@dataclass(slots=True)
class _Votes:
    """For each way to read a column, the first cell that allows no other; and the first that allows several."""

    column: Field
    deciding: dict[str, tuple[str, int]] = field(default_factory=dict)
    open: dict[tuple[str, ...], tuple[str, int]] = field(default_factory=dict)
    fitting: set[str] = field(default_factory=set)
    grouped: set[str] = field(default_factory=set)
    """The decimal signs under which some cell has groups of thousands."""


def undecided(column: SourceColumn, rules: Rules) -> bool:
    """Return whether the column's notation is for its cells to decide."""
    if column.field is None:
        return False
    kind = column.field.type
    return (kind in NUMBERS and rules.decimal == AUTO) or (kind in DATES and rules.dates == AUTO)


def decide(
    columns: Sequence[SourceColumn],
    pieces: Iterable[tuple[Mapping[str, pa.Array], Positions]],
    rules: Rules,
    first_column: int = 0,
) -> tuple[SourceColumn, ...]:
    """Return the columns in the notation that their cells have. `pieces` are text by column, with its rows.

    Raises Rejected: with a problem for each column that does not decide.
    """
    votes = {column.name: _Votes(column.field) for column in columns if column.field and undecided(column, rules)}
    for text, rows in pieces:
        for name, vote in votes.items():
            if name in text:
                _count(text[name], rows, vote, rules)
    decided, problems = [], []
    for at, column in enumerate(columns):
        if column.name not in votes:
            decided.append(column)
            continue
        outcome = _outcome(votes[column.name], rules)
        if isinstance(outcome, Field):
            decided.append(SourceColumn(column.name, outcome))
        else:
            code, row, found, more = outcome
            problems.append(_refused(code, column.name, at + first_column, row, found, more, rules))
    if problems:
        raise Rejected(problems)
    return tuple(decided)


def _refused(code: str, name: str, at: int, row: int, found: str, more: Mapping[str, str], rules: Rules) -> Problem:
    cell = f"{column_letters(at)}{row}"
    return problem(code, rules.language, row=row, column=name, cell=cell, found=found, more=more)


def _count(text: pa.Array, rows: Positions, votes: _Votes, rules: Rules) -> None:
    present = np.flatnonzero(~missing_cells(text, votes.column))
    encoded = text.take(pa.array(present)).dictionary_encode()
    if not len(encoded.dictionary):
        return
    words = pc.ascii_trim(encoded.dictionary, " \t")
    readings = _number_readings(words, votes, rules) if votes.column.type in NUMBERS else _dates(words, votes)
    codes = numpy_of(encoded.indices)
    names = list(readings)
    fits = np.stack([readings[name][0] for name in names])
    values = np.stack([readings[name][1] for name in names])
    votes.fitting |= {name for name, fit in zip(names, fits, strict=True) if fit.any()}
    several = fits.sum(axis=0) > 1
    low = np.where(fits, values, np.inf).min(axis=0)
    high = np.where(fits, values, -np.inf).max(axis=0)
    for pattern in np.unique(fits.T, axis=0):
        alike = (pattern == fits.T).all(axis=1) & (~several | (low != high))
        chosen = tuple(name for name, is_ in zip(names, pattern, strict=True) if is_)
        if not chosen or not alike.any():
            continue
        first = int(np.flatnonzero(alike[codes])[0])
        example = (words[int(codes[first])].as_py(), int(rows[present[first]]))
        if len(chosen) == 1:
            votes.deciding.setdefault(chosen[0], example)
        else:
            votes.open.setdefault(chosen, example)


def _number_readings(words: pa.Array, votes: _Votes, rules: Rules) -> dict[str, tuple[Mask, Values]]:
    found = {}
    words = words if votes.column.bare_number else bared(words)
    for decimal in ".,":
        any_number = replace(_number_field(votes.column, decimal, rules, grouped=True), type=Type.NUMBER)
        fits = matches(words, grammar(any_number))
        plain = words
        for sign, by in ((",", "") if decimal == "." else (".", ""), (decimal, ".")):
            plain = pc.replace_substring(plain, sign, by)
        plain = pc.replace_substring_regex(plain, "[^0-9.eE+-]|^\\+", "")
        numbers = np.zeros(len(words))
        numbers[fits] = numpy_of(pc.cast(plain.filter(pa.array(fits)), pa.float64()))
        if votes.column.type is Type.INTEGER:  # `1.000` may be one, written with three places
            fits &= numbers == np.floor(numbers)
        found[decimal] = (fits, numbers)
        if (fits & matches(words, ".*[.].*" if decimal == "," else ".*,.*")).any():
            votes.grouped.add(decimal)
    return found


def _number_field(column: Field, decimal: str, rules: Rules, *, grouped: bool) -> Field:
    other = "," if decimal == "." else "."
    group = column.group_char if rules.group is None else rules.group
    if group in (".", ",") or (not group and rules.group is None):
        group = other if grouped else ""
    return replace(column, decimal_char=decimal, group_char=group)


def _dates(words: pa.Array, votes: _Votes) -> dict[str, tuple[Mask, Values]]:
    days = votes.column.type is Type.DATE
    found = {}
    for form in FORMATS:
        formats = dates.formats_of(replace(votes.column, format=form))
        read = dates.parse_in(words, formats, days=days)
        found[form] = (read.good, read.values.astype(np.float64))
    return found


def _outcome(votes: _Votes, rules: Rules) -> Field | tuple[str, int, str, Mapping[str, str]]:
    numbers = votes.column.type in NUMBERS
    kind = "decimal" if numbers else "dates"
    deciding = sorted(votes.deciding.items(), key=lambda vote: vote[1][1])
    against = [example for allowed, example in votes.open.items() if deciding and deciding[0][0] not in allowed]
    if len(deciding) > 1 or against:
        (_, (first, row)), (other, _) = deciding[0], against[0] if against else deciding[1][1]
        by_sign = {name: example[0] for name, example in votes.deciding.items()}
        if numbers:
            first, other = by_sign["."], by_sign[","]
        more = {"point": first, "comma": other, "first": first, "second": other}
        return f"contradicting-{kind}", row, f"{first} / {other}", more
    if not deciding and votes.open:
        allowed, (found, row) = next(iter(votes.open.items()))
        return f"undecided-{kind}", row, found, _readings(found, allowed, numbers)
    if not numbers:
        fitting = [form for form in FORMATS if form in votes.fitting]
        chosen = deciding[0][0] if deciding else fitting[0] if fitting else votes.column.format
        return replace(votes.column, format=chosen)
    decimal = deciding[0][0] if deciding else votes.column.decimal_char
    return _number_field(votes.column, decimal, rules, grouped=decimal in votes.grouped)


def _readings(found: str, allowed: Sequence[str], numbers: bool) -> dict[str, str]:
    if numbers:
        both = two_readings(found)
        comma_groups = "," in found
        return {
            "point": both["first"] if comma_groups else both["second"],
            "comma": both["second"] if comma_groups else both["first"],
        }
    days = [dates.parse_in(pa.array([found[:10]]), (form,), days=True) for form in allowed if form != "default"]
    shown = [str(np.datetime64(int(day.values[0]), "D")) for day in days if day.good[0]]
    return {"first": shown[0], "second": shown[-1]} if shown else {}
