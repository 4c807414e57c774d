"""Which column of the file is which column of the model."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from dropscore.domain.catalogue import phrase, problem
from dropscore.domain.errors import Rejected
from dropscore.domain.problems import Problem
from dropscore.domain.rules import Header, Rules
from dropscore.domain.schema import Schema
from dropscore.table.records import SourceColumn

_VALUE = re.compile(r"[-+]?[\d.,' ]*\d[\d.,' ]*%?|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.*")


class Best(NamedTuple):
    """Which row holds most of the expected names: more are better, and exact ones break a tie."""

    names: int
    exact: int
    at: int


_DROPPED = dict.fromkeys([*b"_-", *(code for code in range(128) if chr(code).isspace())])


def loose(name: str) -> str:
    """Return what is left of a name without case, accents' spelling, spaces, underscores and hyphens."""
    if name.isascii():
        return name.lower().translate(_DROPPED)
    plain = unicodedata.normalize("NFKC", name).casefold()
    return "".join(sign for sign in plain if sign not in "_-\ufeff" and not sign.isspace())


def column_letters(index: int) -> str:
    """Return a spreadsheet's letters for a column: 0 is A, 26 is AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def fit(cells: Iterable[str], exact: set[str], near: set[str]) -> tuple[int, int]:
    """Return how many of the expected names the cells hold, loosely and exactly."""
    found = set(cells)
    return len({loose(cell) for cell in found} & near), len(found & exact)


def best_row(rows: Sequence[Sequence[str]], schema: Schema) -> Best:
    """Return the first row that holds most of the expected names."""
    exact = set(schema.names)
    near = {loose(name) for name in exact}
    fits = [Best(*fit(cells, exact, near), at) for at, cells in enumerate(rows)]
    return max(fits, key=lambda best: (best.names, best.exact, -best.at), default=Best(0, 0, 0))


def looks_like_data(cells: Sequence[str], width: int, *, sparse: bool = False) -> bool:
    """Return whether a row above the header may be a record. `sparse`: rows are padded, as in a sheet."""
    filled = sum(bool(cell.strip()) for cell in cells)
    if width == 1:
        return filled > 0 and (sparse or len(cells) == 1)
    return (sparse or len(cells) == width) and filled > max(1, width // 2)


def no_header(cells: Sequence[str], schema: Schema, rules: Rules, row: int, line: int | None) -> list[Problem]:
    """Return what is wrong where no row holds any expected name, with the first row shown."""
    if any(_VALUE.fullmatch(cell.strip()) for cell in cells):
        names, shown = ", ".join(schema.names), ", ".join(cells)
        return [problem("no-header", rules.language, row=row, line=line, found=shown, names=names)]
    return missing_columns(schema.names, cells, cells, rules, row, line)


def match_columns(
    cells: Sequence[str], schema: Schema, rules: Rules, row: int, line: int | None
) -> tuple[tuple[SourceColumn, ...], tuple[Problem, ...]]:
    """Return the columns in the file's order, and warnings. Blank names at the right end are no columns.

    Raises Rejected with all that is wrong with the header.
    """
    names = _named(cells)
    problems = _limits(names, rules, row, line) + _doubles(names, rules, row, line)
    fields = {field.name: field for field in schema.fields}
    found = {name: name for name in names if name in fields}
    spelled = _spelled(names, [name for name in fields if name not in found])
    if rules.header is Header.FORGIVING:
        found |= spelled
        spelled = {}
    for ours, theirs in spelled.items():
        at = names.index(theirs)
        cell = f"{column_letters(at)}{row}"
        problems.append(
            problem("header-spelling", rules.language, row=row, line=line, column=ours, cell=cell, found=theirs)
        )
    absent = [name for name in fields if name not in found and name not in spelled]
    free = [name for name in names if name not in found.values() and name not in spelled.values()]
    problems += missing_columns(absent, free, cells, rules, row, line)
    if problems:
        raise Rejected(problems)
    by_theirs = {theirs: ours for ours, theirs in found.items()}
    columns = tuple(SourceColumn(name, fields[by_theirs[name]] if name in by_theirs else None) for name in names)
    return columns, tuple(_blank_names(cells, names, rules, row, line))


def missing_columns(
    absent: Iterable[str], free: Sequence[str], cells: Sequence[str], rules: Rules, row: int, line: int | None
) -> list[Problem]:
    """Return a problem for each column that is not there, with the nearest name that is."""
    header = ", ".join(cells)
    by_loose = {loose(name): name for name in free}
    problems = []
    for name in absent:
        near = difflib.get_close_matches(loose(name), by_loose, n=1, cutoff=0.75)
        suggestion = phrase("near-column", rules.language, found=name, near=by_loose[near[0]]) if near else ""
        problems.append(
            problem(
                "missing-column", rules.language, row=row, line=line, column=name, found=header, suggestion=suggestion
            )
        )
    return problems


def _named(cells: Sequence[str]) -> list[str]:
    width = len(cells)
    while width and not cells[width - 1].strip():
        width -= 1
    return [cell if cell.strip() else f"(column {column_letters(at)})" for at, cell in enumerate(cells[:width])]


def _blank_names(cells: Sequence[str], names: Sequence[str], rules: Rules, row: int, line: int | None) -> list[Problem]:
    return [
        problem(
            "blank-header",
            rules.language,
            row=row,
            line=line,
            column=name,
            cell=f"{column_letters(at)}{row}",
            found=name,
        )
        for at, name in enumerate(names)
        if not cells[at].strip()
    ]


def _limits(names: Sequence[str], rules: Rules, row: int, line: int | None) -> list[Problem]:
    most = rules.limits.columns
    if len(names) <= most:
        return []
    return [problem("too-many-columns", rules.language, row=row, line=line, found=str(len(names)), limit=str(most))]


def _doubles(names: Sequence[str], rules: Rules, row: int, line: int | None) -> list[Problem]:
    seen: set[str] = set()
    problems = []
    for at, name in enumerate(names):
        if name in seen:
            cell = f"{column_letters(at)}{row}"
            problems.append(
                problem("duplicate-header", rules.language, row=row, line=line, column=name, cell=cell, found=name)
            )
        seen.add(name)
    return problems


def _spelled(names: Sequence[str], absent: Sequence[str]) -> dict[str, str]:
    """Return ours -> theirs for names that differ in spelling alone, where that leaves one choice."""
    theirs: dict[str, list[str]] = {}
    for name in names:
        theirs.setdefault(loose(name), []).append(name)
    ours: dict[str, list[str]] = {}
    for name in absent:
        ours.setdefault(loose(name), []).append(name)
    return {
        wanted[0]: theirs[key][0] for key, wanted in ours.items() if len(wanted) == 1 and len(theirs.get(key, ())) == 1
    }
