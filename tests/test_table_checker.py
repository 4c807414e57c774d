"""Blocks checked in order: rows that are no records, counts, groups, and the first thousand problems."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from dropscore import table
from dropscore.domain.problems import Severity
from dropscore.domain.rules import Rules
from dropscore.domain.schema import Field, Schema, Type
from dropscore.table import lines, structure
from table_help import GOOD, PEOPLE, one, read


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(structure, "BLOCK_ROWS", 2)
    monkeypatch.setattr(lines, "BLOCK_ROWS", 2)


def opened(tmp_path: Path, data: bytes, schema: Schema = PEOPLE) -> table.Source:
    (tmp_path / "drop.csv").write_bytes(data)
    return table.open_source(tmp_path / "drop.csv", schema, Rules(), tmp_path)


def test_everything_is_counted_and_the_first_thousand_listed() -> None:
    rows = 3000
    found = read(b"age,income,segment\n" + b"x,1;5,food\n" * rows)
    assert (found.rows, found.bad_rows, found.bad_cells) == (rows, rows, 2 * rows)
    assert len(found.problems) == 1000
    assert found.truncated
    assert [problem.row for problem in found.problems] == [2 + at // 2 for at in range(1000)]
    assert [group.count for group in found.groups] == [rows, rows]
    assert found.groups[0].sentence.startswith("3,000 cells of *age*")
    assert found.groups[0].rows == (2, 3, 4, 5, 6)


def test_few_problems_are_all_listed() -> None:
    assert not read(GOOD + b"x,1,food\n").truncated


def test_problems_come_by_row_then_by_column(small_blocks: None) -> None:
    found = read(b"age,income,segment\nx,y,z\n1,2,food\n1\n1,y,food\n")
    assert [(problem.row, problem.column) for problem in found.problems] == [
        (2, "age"),
        (2, "income"),
        (2, "segment"),
        (4, None),
        (5, "income"),
    ]


@pytest.mark.usefixtures("small_blocks")
def test_counts_go_on_over_blocks() -> None:
    found = read(GOOD + b"x,1,food\ny,1,food\n3,1,food\n")
    assert found.row_numbers == [2, 3, 4, 5, 6]
    assert found.bad == [False, False, True, True, False]
    (group,) = found.groups
    assert (group.count, group.rows) == (2, (4, 5))


def test_blocks_must_come_in_order(tmp_path: Path, small_blocks: None) -> None:
    source = opened(tmp_path, GOOD + GOOD.split(b"\n", 1)[1])
    checker = table.Checker(source, Rules())
    with pytest.raises(ValueError, match="block at 2"):
        checker.check(source.block(1))


def test_blocks_may_be_read_again_and_in_any_order(tmp_path: Path, small_blocks: None) -> None:
    source = opened(tmp_path, GOOD + GOOD.split(b"\n", 1)[1])
    first = [block.text["age"].to_pylist() for block in source.blocks()]
    assert [block.text["age"].to_pylist() for block in source.blocks()] == first
    assert source.block(1).text["age"].to_pylist() == first[1]
    assert source.count == 2
    assert source.bytes_before(source.count) == source.bytes_total


def test_progress_is_told_in_bytes(tmp_path: Path, small_blocks: None) -> None:
    source = opened(tmp_path, GOOD + GOOD.split(b"\n", 1)[1])
    seen = [source.bytes_before(index) for index in range(source.count)]
    assert seen[0] < seen[1] < source.bytes_total == len(GOOD + GOOD.split(b"\n", 1)[1])


@pytest.mark.parametrize(
    "footer",
    [
        b"Total,,4711\n",
        b"Total:,1,food\n",
        b"GESAMT,,\n",
        b"Summe,12\n",
        b"(2 rows)\n",
        b"(2 rows)",
        b"\\.\n",
        b"End of report,,\n",
        b",,Total\n",
    ],
)
def test_totals_and_footers(footer: bytes) -> None:
    found = read(GOOD + footer)
    assert "total-row" in found.codes
    assert found.only("total-row").row == 4
    assert found.bad == [False, False, True]


def test_several_footers() -> None:
    found = read(GOOD + b"Subtotal,,1\nTotal,,2\n")
    assert found.codes == ["total-row", "total-row"]
    assert found.bad == [False, False, True, True]


def test_a_total_among_the_rows_or_among_the_words_is_none() -> None:
    schema = Schema((Field("kind", Type.STRING, enum=("total", "part")), Field("n", Type.NUMBER)))
    assert read(b"kind,n\npart,1\ntotal,2\n", schema).problems == ()
    free = Schema((Field("kind", Type.STRING), Field("n", Type.NUMBER)))
    assert read(b"kind,n\nTotal,1\n" + b"part,2\n" * 6, free).problems == ()


def test_a_row_of_delimiters_is_one_problem_where_something_is_required() -> None:
    found = read(b"age,income,segment\n,,\n1,2,food\n")
    assert found.codes == ["blank-line"]
    assert found.bad_cells == 0
    assert found.bad_rows == 1


def test_warnings_of_the_file_are_counted_in_groups() -> None:
    found = read(GOOD[:-1])
    assert [(group.code, group.severity) for group in found.groups] == [("final-newline-missing", Severity.WARNING)]
    assert found.codes == ["final-newline-missing"]
    assert found.bad_rows == 0


def test_cells_are_named_as_in_a_spreadsheet() -> None:
    found = read(b"x,segment,income,age\n1,food,2,abc\n")
    assert found.problems[0].cell == "D2"


def test_spanish() -> None:
    found = read(GOOD + b"x,1,foood\ny,1,food\n", rules=Rules(language="es"))
    assert found.groups[0].sentence == "2 celdas de *age* no son números, como `x`."
    assert found.problems[1].hint == "Escriba uno de `retail`, `food`. `foood`: ¿quiso decir `food`?"


def test_unique_across_blocks(small_blocks: None) -> None:
    field = Field("t", Type.STRING, unique=True)
    found = one(field, "a", "b", "a", "c", "", "b", "", "a")
    assert found.bad == [False, False, True, False, False, True, False, True]
    assert [problem.expected for problem in found.problems] == [
        "each value once; it stands in row 2 already",
        "each value once; it stands in row 3 already",
        "each value once; it stands in row 2 already",
    ]
    assert found.groups[0].count == 3


def test_unique_numbers_compare_by_value() -> None:
    assert one(Field("n", Type.NUMBER, unique=True), "1", "1.0", "-0", "0").bad == [False, True, False, True]
    assert one(Field("n", Type.INTEGER, unique=True), "7", "07").bad == [False, True]
    assert one(Field("d", Type.DATE, unique=True), "2026-01-01", "2026-01-01").bad == [False, True]


def test_a_pass_over_nothing_but_ragged_rows(small_blocks: None) -> None:
    found = read(GOOD + b"1\n2\n3\n4\n")
    assert found.bad == [False, False, True, True, True, True]
    assert found.stray == {2: ("1",), 3: ("2",), 4: ("3",), 5: ("4",)}


def test_the_typed_columns_have_the_schemas_order_and_types(tmp_path: Path) -> None:
    schema = Schema(
        (
            Field("n", Type.NUMBER),
            Field("i", Type.INTEGER),
            Field("t", Type.STRING),
            Field("b", Type.BOOLEAN),
            Field("d", Type.DATE),
            Field("m", Type.DATETIME),
        )
    )
    source = opened(tmp_path, b"n,i,t,b,d,m\n1,1,a,true,2026-01-01,2026-01-01\n,,,,,\nx,x,,x,x,x\n", schema)
    checked = table.Checker(source, Rules()).check(source.block(0))
    kinds = {name: str(values.type) for name, values in checked.typed.items()}
    assert kinds == {
        "n": "double",
        "i": "int64",
        "t": "string",
        "b": "bool",
        "d": "date32[day]",
        "m": "timestamp[us]",
    }
    assert [values.null_count for values in checked.typed.values()] == [2, 2, 2, 2, 2, 2]
    assert checked.bad_rows.dtype == np.bool_
    assert set(checked.bad) == {"n", "i", "b", "d", "m"}


def test_a_source_may_be_handed_to_another_process(tmp_path: Path, small_blocks: None) -> None:
    source = opened(tmp_path, GOOD + GOOD.split(b"\n", 1)[1])
    again = pickle.loads(pickle.dumps(source))
    assert again.block(1).text == source.block(1).text
