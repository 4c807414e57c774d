"""Is a drop a fix file that somebody mended? Then it must hold every row that was handed out, exactly once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError

from dropscore import table, workbook
from dropscore.domain.catalogue import group, problem
from dropscore.domain.errors import Rejected
from dropscore.domain.jobs import Kind, Task
from dropscore.domain.problems import Problem
from dropscore.journal import Handed

_ID = re.compile(r"([0-9A-HJKMNP-TV-Z]{8}):(\d{1,12})")
_NAMED = 10
"""Rows that a message names."""

Ranges = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Mend:
    """What a file turned out to be. `job` is None for an ordinary drop; `said` is told in its receipt."""

    job: str | None = None
    said: tuple[Problem, ...] = ()


def mend_of(source: table.Source, task: Task) -> Mend:
    """Return which job a file mends, if any.

    Raises:
        Rejected: it does, but rows are missing, doubled, or none of those handed out.
    """
    if task.kind is not Kind.SCORE or not task.fixes:
        return Mend()
    column = next((column.name for column in source.columns if column.name == workbook.ID_COLUMN), None)
    if column is None:
        return Mend()
    ids = [_text(value) for block in source.blocks() for value in block.text[column].to_pylist()]
    found = Counter(match.group(1) for value in ids if (match := _ID.fullmatch(value)))
    if not found:
        return Mend(said=(_say(task, "mend-unknown", "…"),))
    code = found.most_common(1)[0][0]
    try:
        handed = Handed.model_validate_json((Path(task.fixes) / f"{code}.json").read_bytes())
    except (FileNotFoundError, ValidationError):
        return Mend(said=(_say(task, "mend-unknown", code),))
    if handed.route != task.route:
        return Mend(said=(_say(task, "mend-other-route", f"{handed.name} [{code}]"),))
    if task.no_mend or _mended_by_another(Path(task.fixes), code, task.job):
        return Mend(said=(_say(task, "mend-late", f"{handed.name} [{code}]"),))
    _expect_all(ids, handed, task.rules.language)
    return Mend(handed.job)


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _mended_by_another(fixes: Path, code: str, job: str) -> bool:
    try:
        return (fixes / f"{code}.mended").read_text(encoding="ascii").strip() != job
    except FileNotFoundError:
        return False


def _say(task: Task, code: str, found: str) -> Problem:
    return problem(code, task.rules.language, found=found)


def _expect_all(ids: list[str], handed: Handed, language: str) -> None:
    """Raise Rejected unless every row is there once: each fault counted, its first rows named."""
    rows: Counter[int] = Counter()
    foreign = []
    expected = {row for first, last in handed.rows for row in range(first, last + 1)}
    for value in ids:
        match = _ID.fullmatch(value)
        if match and match.group(1) == handed.code and int(match.group(2)) in expected:
            rows[int(match.group(2))] += 1
        else:
            foreign.append(value or "…")
    faults = {
        "mend-rows-missing": [f"{handed.code}:{row}" for row in sorted(expected - rows.keys())],
        "mend-rows-doubled": [f"{handed.code}:{row}" for row, count in sorted(rows.items()) if count > 1],
        "mend-rows-foreign": foreign,
    }
    problems, groups = [], []
    for code, which in faults.items():
        if which:
            column = workbook.ID_COLUMN
            problems += [problem(code, language, column=column, found=one) for one in which[:_NAMED]]
            named = ", ".join(which[:_NAMED]) + (", …" if len(which) > _NAMED else "")
            groups.append(group(code, language, count=len(which), more={"found": named}))
    if problems:
        raise Rejected(problems, groups)


def ranges_of(parts: Iterable[npt.NDArray[np.int64]]) -> Ranges:
    """Return rising row numbers as ranges."""
    found: list[tuple[int, int]] = []
    for part in parts:
        if not len(part):
            continue
        cuts = np.flatnonzero(np.diff(part) != 1) + 1
        for run in np.split(part, cuts):
            first, last = int(run[0]), int(run[-1])
            if found and found[-1][1] + 1 == first:
                found[-1] = (found[-1][0], last)
            else:
                found.append((first, last))
    return tuple(found)
