"""A column that is written in two notations cannot be scored in part.

Where the good rows of a file are scored, `1.234,5` is a bad cell, and `1.234` beside it would be read as 1.234:
the cell that is refused says that the other one is wrong. So does 01/31/2026 of 03/04/2026 where days come first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dropscore.domain.catalogue import problem
from dropscore.domain.errors import Rejected
from dropscore.domain.rules import Policy, Rules
from dropscore.domain.schema import Field, Type
from dropscore.table import dates
from dropscore.table.arrays import matches
from dropscore.table.faults import Fault
from dropscore.table.header import column_letters
from dropscore.table.numbers import APOSTROPHES, SPACES, bared
from dropscore.table.records import Block, Mask
from dropscore.table.source import Source

_NUMBERS = {
    *("decimal-comma", "decimal-point", "grouped-number", "broken-groups", "not-an-integer"),
    *("currency", "percent", "accounting-negative"),
}
_DATES = {"impossible-date"}
Test = Callable[[pa.Array], Mask]


class Doubt:
    """Looks at bad cells for proof that good ones of the same column mean something else."""

    def __init__(self, source: Source, rules: Rules) -> None:
        self._source, self._language = source, rules.language
        self._columns = [column.name for column in source.columns]
        partial = rules.policy is Policy.GOOD_ROWS
        self._fields = {column.name: column.field for column in source.columns if column.field is not None and partial}

    def look(self, block: Block, faults: Iterable[tuple[str | None, Fault]]) -> None:
        """Raise Rejected if a fault of this block proves that some good cell of the file is read wrongly."""
        for name, fault in faults:
            if name is not None and name in self._fields and fault.code in _NUMBERS | _DATES:
                proof, suspect = _tests(self._fields[name])
                bad = pc.ascii_trim(block.text[name].take(pa.array(fault.where)), " \t")
                found = np.flatnonzero(proof(bad))
                if len(found):
                    del self._fields[name]  # the whole column is looked at once
                    self._refuse(name, bad[int(found[0])].as_py(), suspect)

    def _refuse(self, name: str, proof: str, suspect: Test) -> None:
        for block in self._source.blocks():
            cells = pc.ascii_trim(block.text[name], " \t")
            found = np.flatnonzero(suspect(cells))
            if not len(found):
                continue
            place = int(found[0])
            other, row = cells[place].as_py(), int(block.rows[place])
            kind = next(column.field.type for column in self._source.columns if column.name == name and column.field)
            code = "contradicting-dates" if kind in (Type.DATE, Type.DATETIME) else "contradicting-decimal"
            commas = proof.rfind(",") > proof.rfind(".")
            point, comma = (other, proof) if commas else (proof, other)
            at = self._columns.index(name) + self._source.first_column
            raise Rejected(
                [
                    problem(
                        code,
                        self._language,
                        row=row,
                        line=int(block.lines[place]) or None,
                        column=name,
                        cell=f"{column_letters(at)}{row}",
                        found=f"{other} / {proof}",
                        more={"point": point, "comma": comma, "first": other, "second": proof},
                    )
                ]
            )


def _tests(field: Field) -> tuple[Test, Test]:
    """Return what proves another notation among bad cells, and what is then in doubt among good ones."""
    if field.type in (Type.DATE, Type.DATETIME):
        return _swapped(field, differs=False), _swapped(field, differs=True)
    own = re.escape(field.decimal_char)
    other = re.escape("," if field.decimal_char == "." else ".")
    proof = (
        f"[+-]?\\d*{other}(?:\\d{{1,2}}|\\d{{4,}})|[+-]?0?{other}\\d+|"
        f"[+-]?\\d{{1,3}}(?:{own}\\d{{3}})+{other}\\d+|[+-]?\\d{{1,3}}(?:{own}\\d{{3}}){{2,}}|"
        f"[+-]?\\d{{1,3}}(?:[{SPACES}{APOSTROPHES}]\\d{{3}})+{other}\\d+"
    )
    groups = f"[{own}{other}]" if field.group_char and re.escape(field.group_char) == other else own
    suspect = f"[+-]?[1-9]\\d{{0,2}}{groups}\\d{{3}}"
    return (
        lambda cells: matches(bared(cells), proof),
        lambda cells: matches(cells if field.bare_number else bared(cells), suspect),
    )


def _swapped(field: Field, *, differs: bool) -> Test:
    """Return a test for cells that are dates with day and month exchanged, and (`differs`) others as they stand."""
    ours = dates.formats_of(field)
    swap = {"%d": "%m", "%m": "%d"}
    theirs = tuple(re.sub("%[dm]", lambda found: swap[found.group()], form) for form in ours if "%m" in form)

    def test(cells: pa.Array) -> Mask:
        days = field.type is Type.DATE
        there = dates.parse_in(cells, theirs, days=days)
        here = dates.parse_in(cells, ours, days=days)
        return there.good & here.good & (there.values != here.values) if differs else there.good & ~here.good

    return test
