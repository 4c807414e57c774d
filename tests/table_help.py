"""What the tests of the table share: a schema, and a file read from its bytes to its findings."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl

from dropscore import table
from dropscore.domain.errors import Rejected
from dropscore.domain.problems import Problem, ProblemGroup
from dropscore.domain.rules import Rules
from dropscore.domain.schema import Field, Schema, Type
from dropscore.receipt import Reading

PEOPLE = Schema(
    (
        Field("age", Type.INTEGER, required=True, minimum=0, maximum=120),
        Field("income", Type.NUMBER),
        Field("segment", Type.STRING, enum=("retail", "food")),
    )
)
GOOD = b"age,income,segment\n34,52000.5,retail\n35,,food\n"


@dataclass
class Read:
    """All that came of a file."""

    refused: bool = False
    reading: Reading | None = None
    columns: tuple[table.SourceColumn, ...] = ()
    problems: tuple[Problem, ...] = ()
    groups: tuple[ProblemGroup, ...] = ()
    rows: int = 0
    bad_rows: int = 0
    bad_cells: int = 0
    truncated: bool = False
    text: dict[str, list[Any]] = field(default_factory=dict)
    typed: dict[str, list[Any]] = field(default_factory=dict)
    numbers: dict[str, list[Any]] = field(default_factory=dict)
    texts: dict[str, list[Any]] = field(default_factory=dict)
    bad: list[bool] = field(default_factory=list)
    row_numbers: list[int] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    stray: dict[int, tuple[str, ...]] = field(default_factory=dict)

    @property
    def codes(self) -> list[str]:
        return [problem.code for problem in self.problems]

    def only(self, code: str) -> Problem:
        """Return the one problem of that code."""
        (found,) = [problem for problem in self.problems if problem.code == code]
        return found


def read(data: bytes, schema: Schema = PEOPLE, rules: Rules | None = None, name: str = "drop.csv") -> Read:
    """Open, read and check a file of these bytes."""
    rules = rules or Rules()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        try:
            source = table.open_source(path, schema, rules, Path(folder))
        except Rejected as refusal:
            return Read(refused=True, problems=refusal.problems)
        checker = table.Checker(source, rules)
        found = Read(reading=source.reading, columns=source.columns)
        try:
            for block in source.blocks():
                _take(found, block, checker.check(block))
        except Rejected as refusal:  # a later row may show that none can be trusted
            return Read(refused=True, problems=refusal.problems)
        findings = checker.findings()
        found.problems, found.groups, found.truncated = findings.problems, findings.groups, findings.truncated
        found.rows, found.bad_rows, found.bad_cells = findings.rows, findings.bad_rows, findings.bad_cells
        return found


def _take(found: Read, block: table.Block, checked: table.Checked) -> None:
    for name, values in block.text.items():
        found.text.setdefault(name, []).extend(values.to_pylist())
    for name, values in checked.typed.items():
        found.typed.setdefault(name, []).extend(values.to_pylist())
    for name, cells in checked.cells.items():
        for kept, part in ((found.numbers, cells.numbers), (found.texts, cells.texts)):
            kept.setdefault(name, []).extend([None] * len(block) if part is None else part.to_pylist())
    found.bad += checked.bad_rows.tolist()
    found.row_numbers += block.rows.tolist()
    found.lines += block.lines.tolist()
    found.stray |= {block.start + place: cells for place, cells in block.stray.items()}


def one(field_: Field, *cells: str, rules: Rules | None = None) -> Read:
    """Read one column of cells, under the field's name, beside another that keeps blank cells from being lines."""
    quoted = ['"' + cell.replace('"', '""') + '"' for cell in cells]
    text = f"{field_.name};x\n" + "".join(f"{cell};1\n" for cell in quoted)
    return read(text.encode(), Schema((field_,)), rules)


def workbook(*rows: list[Any], change: Callable[[openpyxl.Workbook], None] | None = None) -> bytes:
    """Return a workbook with these rows in its first sheet."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    if change is not None:
        change(book)
    buffer = BytesIO()
    book.save(buffer)
    return buffer.getvalue()
