"""Counts every problem, keeps the first 1,000 by row, and groups them by cause."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from dropscore.domain.catalogue import CATALOGUE, Scope, group, group_problems, phrase, problem
from dropscore.domain.problems import Problem, ProblemGroup, Severity
from dropscore.table.faults import Each, Fault
from dropscore.table.header import column_letters
from dropscore.table.records import Block, Findings

LISTED = 1000
_ROWS_NAMED = 5
_SUGGESTIONS = 3


@dataclass(slots=True)
class _Cause:
    """What the bad cells of one cause have in common."""

    severity: Severity
    more: Mapping[str, str]
    each: Each | None
    count: int = 0
    rows: list[int] = field(default_factory=list)
    found: str = ""
    hint: str = ""
    words: Counter[str] = field(default_factory=Counter)


class Collector:
    """Takes faults block by block, in order."""

    def __init__(self, names: Sequence[str], language: str, first_column: int = 0) -> None:
        self._at = {name: at + first_column for at, name in enumerate(names)}
        self._language = language
        self._causes: dict[tuple[str, str | None], _Cause] = {}
        self._listed: list[Problem] = []
        self._rows = self._bad_rows = self._bad_cells = 0

    def count(self, rows: int, bad_rows: int, bad_cells: int) -> None:
        self._rows += rows
        self._bad_rows += bad_rows
        self._bad_cells += bad_cells

    def add(self, block: Block, faults: Sequence[tuple[str | None, Fault]]) -> None:
        """Take all faults of a block, each with its column (None: the row's)."""
        room = LISTED - len(self._listed)
        fresh: list[tuple[int, int, int]] = []
        for at, (column, fault) in enumerate(faults):
            cause = self._cause(column, fault)
            cause.count += len(fault.where)
            if len(cause.rows) < _ROWS_NAMED:
                cause.rows += block.rows[fault.where[: _ROWS_NAMED - len(cause.rows)]].tolist()
            if not cause.found:
                self._one(block, int(fault.where[0]), column, fault, cause)
            order = self._at.get(column or "", -1)
            fresh += [(place, order, at) for place in fault.where[:room].tolist()]
        for place, _, at in sorted(fresh)[:room]:
            column, fault = faults[at]
            self._listed.append(self._one(block, place, column, fault, self._cause(column, fault)))

    def _cause(self, column: str | None, fault: Fault) -> _Cause:
        key = (fault.code, column)
        if key not in self._causes:
            self._causes[key] = _Cause(fault.severity, fault.more, fault.each)
        return self._causes[key]

    def _one(self, block: Block, place: int, column: str | None, fault: Fault, cause: _Cause) -> Problem:
        found = _text(block, place, column)
        more = dict(fault.more) | dict(fault.each(found) if fault.each else {})
        if fault.firsts is not None:
            more["first"] = str(fault.firsts.get(place, "?"))
        if "near" in more:
            more["suggestion"] = phrase("near", self._language, found=found, near=more["near"]) if more["near"] else ""
        row = int(block.rows[place])
        cell = f"{column_letters(self._at[column])}{row}" if column in self._at else None
        made = problem(
            fault.code,
            self._language,
            row=row,
            line=int(block.lines[place]) or None,
            column=column,
            cell=cell,
            found=found,
            severity=fault.severity,
            more=more,
        )
        if not cause.found:
            cause.found, cause.hint, cause.more = found, made.hint or "", more
        if suggestion := more.get("suggestion"):
            cause.words[suggestion] += 1
        return made

    def findings(self, warnings: Sequence[Problem]) -> Findings:
        """Return all that was found; `warnings` are those of the file itself."""
        groups = [self._group(code, column, cause) for (code, column), cause in self._causes.items()]
        groups += group_problems(warnings, self._language)
        groups.sort(key=lambda made: (made.severity is Severity.WARNING, -made.count))
        total = sum(cause.count for cause in self._causes.values()) + len(warnings)
        problems = tuple([*warnings, *self._listed][:LISTED])
        return Findings(self._rows, self._bad_rows, self._bad_cells, problems, total > len(problems), tuple(groups))

    def _group(self, code: str, column: str | None, cause: _Cause) -> ProblemGroup:
        more = {**cause.more, "found": cause.found}
        if cause.words:
            more["suggestion"] = "".join(word for word, _ in cause.words.most_common(_SUGGESTIONS))
        made = group(
            code,
            self._language,
            count=cause.count,
            column=column if CATALOGUE[code].scope is Scope.CELL else None,
            rows=tuple(cause.rows),
            severity=cause.severity,
            more=more,
        )
        return replace(made, hint=cause.hint) if cause.count == 1 else made


def _text(block: Block, place: int, column: str | None) -> str:
    if column is None:
        cells = block.stray.get(place) or tuple(column[place].as_py() or "" for column in block.text.values())
        return ", ".join(cells) if any(cells) else ""
    value = block.text[column][place].as_py()
    return "" if value is None else str(value)
