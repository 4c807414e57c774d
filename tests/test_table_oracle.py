"""Frictionless as an oracle: on generated faults, both name the same rows and columns."""

from __future__ import annotations

import csv
import io
import os

import pytest
from frictionless import Dialect, Resource, Schema, system
from frictionless.formats import CsvControl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dropscore.domain.schema import Field, Type, schema_to_json
from dropscore.domain.schema import Schema as OurSchema
from table_help import read

OURS = OurSchema(
    (
        Field("id", Type.STRING, required=True, pattern="[A-Z][0-9]{3}"),
        Field("age", Type.INTEGER, required=True, minimum=0, maximum=120),
        Field("income", Type.NUMBER, minimum=0),
        Field("segment", Type.STRING, enum=("retail", "food")),
        Field("member", Type.BOOLEAN),
        Field("since", Type.DATE),
        Field("note", Type.STRING, min_length=2, max_length=6),
    )
)
GOOD = (
    ["A001", "Z999", "Q123"],
    ["0", "34", "120"],
    ["", "0", "12.5", "99999"],
    ["retail", "food", ""],
    ["true", "false", ""],
    ["2026-02-28", "1999-12-31", ""],
    ["ab", "abcdef", ""],
)
BAD = (
    ["", "a001", "A01", "A0011"],
    ["", "-1", "121", "12.5", "abc", "1 2"],
    ["-0.5", "abc", "1,5", "12x"],
    ["retial", "RETAIL", "x"],
    ["maybe", "yes", "2"],
    ["2026-02-30", "28.02.2026", "soon"],
    ["a", "abcdefg"],
)
"""Cells on which both should agree. Where the two differ on purpose is said in the tests below."""


@st.composite
def rows(draw: st.DrawFn) -> list[list[str]]:
    count = draw(st.integers(1, 8))
    made = []
    for _ in range(count):
        row = [
            draw(st.sampled_from(bad if draw(st.integers(0, 4)) == 0 else good))
            for good, bad in zip(GOOD, BAD, strict=True)
        ]
        width = draw(st.sampled_from([0] * 8 + [-1, 1]))
        made.append(row[:-1] if width < 0 else [*row, "extra"] if width else row)
    return made


def written(table: list[list[str]], schema: OurSchema = OURS) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows([schema.names, *table])
    return buffer.getvalue().encode()


def theirs(data: bytes, schema: OurSchema = OURS) -> tuple[set[tuple[int, str]], set[int]]:
    """Return the bad cells and the rows of the wrong width that Frictionless names."""
    descriptor = schema_to_json(schema)
    resource = Resource(
        data=data,
        format="csv",
        schema=Schema.from_descriptor(descriptor),
        dialect=Dialect(controls=[CsvControl(delimiter=",")]),
        encoding="utf-8",
    )
    with system.use_context(trusted=True):
        report = resource.validate()
    cells, ragged = set(), set()
    for row, name, kind in report.flatten(["rowNumber", "fieldName", "type"]):
        if kind in ("missing-cell", "extra-cell"):
            ragged.add(row)
        elif name:
            cells.add((row, name))
    return cells, ragged


SETTINGS = settings(
    max_examples=2000 if os.environ.get("HYPOTHESIS_PROFILE") == "nightly" else 60,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


@SETTINGS
@given(rows())
def test_both_name_the_same_rows_and_columns(table: list[list[str]]) -> None:
    data = written(table)
    found = read(data, OURS)
    cells, ragged = theirs(data)
    assert not found.refused or len(ragged) == len(table)
    if found.refused:
        return
    assert {problem.row for problem in found.problems if problem.column is None} == ragged
    ours = {(problem.row, problem.column) for problem in found.problems if problem.column is not None}
    assert ours == {(row, name) for row, name in cells if row not in ragged}


KEYS = OurSchema(
    (
        Field("key", Type.STRING, unique=True),
        Field("number", Type.INTEGER, unique=True),
        Field("size", Type.NUMBER, enum=("1", "2.5")),
        Field("day", Type.DATE, minimum="2026-01-01", maximum="2026-12-31"),
    )
)
KEY_CELLS = (
    ["a", "A", "a ", "b", ""],
    ["1", "2", "3", "x", ""],
    ["1", "2.5", "3", ""],
    ["2026-06-01", "2025-12-31", ""],
)


@SETTINGS
@given(st.lists(st.tuples(*(st.sampled_from(cells) for cells in KEY_CELLS)), min_size=1, max_size=8))
def test_both_name_the_same_repeated_keys_and_bounds(table: list[tuple[str, ...]]) -> None:
    """Rows of the wrong width are left out: there, Frictionless counts keys of cells that may belong elsewhere."""
    filled = [list(row) for row in table if any(row)]
    if not filled:
        return
    data = written(filled, KEYS)
    found = read(data, KEYS)
    cells, ragged = theirs(data, KEYS)
    assert not found.refused
    assert not ragged
    assert {(problem.row, problem.column) for problem in found.problems} == cells


@pytest.mark.parametrize(
    ("cell", "we_accept"),
    [("nan", False), ("INF", False), ("+5", True), ("1e3", True), (" 5", True)],
)
def test_where_the_two_differ_on_numbers(cell: str, we_accept: bool) -> None:
    """Frictionless knows nan and inf as numbers; a model that is handed them answers at random."""
    row = ["A001", "1", cell, "food", "true", "2026-01-01", "ab"]
    assert (read(written([row]), OURS).bad_rows == 0) is we_accept
