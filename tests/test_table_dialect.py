"""The delimiter and the header, chosen from the schema's names."""

from __future__ import annotations

import pytest

from dropscore.domain.rules import Rules
from dropscore.domain.schema import Field, Schema, Type
from table_help import GOOD, PEOPLE, read

ONE = Schema((Field("n", Type.NUMBER),))
WORD = Schema((Field("t", Type.STRING),))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends(delimiter: str, newline: str) -> None:
    text = newline.join(
        delimiter.join(cells) for cells in (["age", "income", "segment"], ["1", "2.5", "food"], ["2", "", ""])
    )
    found = read((text + newline).encode())
    assert found.problems == ()
    assert found.typed == {"age": [1, 2], "income": [2.5, None], "segment": ["food", None]}
    assert found.reading is not None
    assert found.reading.delimiter == delimiter
    assert found.reading.newline == repr(newline)[1:-1]


def test_line_ends_of_several_kinds() -> None:
    found = read(b"age,income,segment\r\n1,2,food\n3,4,food\r5,6,food\r\n")
    assert found.typed["age"] == [1, 3, 5]
    assert found.reading is not None
    assert found.reading.newline == "\\n+\\r+\\r\\n"


def test_a_header_in_another_order() -> None:
    found = read(b"segment,x,age,income\nfood,9,1,2\n")
    assert found.typed == {"age": [1], "income": [2.0], "segment": ["food"]}
    assert found.reading is not None
    assert found.reading.passed_through == ("x",)
    assert [column.name for column in found.columns] == ["segment", "x", "age", "income"]


def test_lines_above_the_header() -> None:
    found = read(b"Customers of March\n\nas of;2026-03-31\n" + GOOD.replace(b",", b";"))
    assert found.problems == ()
    assert found.row_numbers == [5, 6]
    assert found.lines == [5, 6]
    assert found.reading is not None
    assert found.reading.header_row == 4


def test_lines_above_that_are_padded() -> None:
    assert read(b"Report,,\n,,\n" + GOOD).problems == ()


@pytest.mark.parametrize("line", [b"sep=;\n", b"SEP=;\r\n", b'"sep=;"\n'])
def test_the_line_that_names_the_delimiter_is_no_row(line: bytes) -> None:
    found = read(line + GOOD.replace(b",", b";"))
    assert found.problems == ()
    assert found.row_numbers == [2, 3]  # a spreadsheet does not show that line
    assert found.lines == [3, 4]


def test_that_line_is_believed() -> None:
    assert read(b"sep=|\n" + GOOD).refused


def test_quoted_names_with_delimiters_and_line_breaks() -> None:
    schema = Schema((Field("a, b", Type.INTEGER), Field("c\nd", Type.INTEGER)))
    found = read(b'"a, b","c\nd"\n1,2\n', schema)
    assert found.typed == {"a, b": [1], "c\nd": [2]}
    assert (found.row_numbers, found.lines) == ([2], [3])


def test_two_readings_of_the_header_are_refused() -> None:
    problem = read(b"age,income;segment\n1,2;food\n").only("ambiguous-delimiter")
    assert problem.found is not None
    assert "comma" in problem.found
    assert "semicolon" in problem.found
    assert read(b"age,income,segment\nage;income;segment\n1,2,food\n").codes == ["ambiguous-delimiter"]


def test_one_column() -> None:
    assert read(b"n\n1.5\n2\n", ONE).typed == {"n": [1.5, 2.0]}
    found = read(b"n\n1,5\n2\n", ONE, Rules(decimal=","))
    assert found.typed == {"n": [1.5, 2.0]}
    assert read(b"n\n1,5\n2\n", ONE).codes == ["too-many-cells"]


def test_one_column_with_a_delimiter_alone_in_a_cell_is_never_blank() -> None:
    found = read(b"t\n,\n", WORD)
    assert found.refused or found.bad == [True]


def test_one_column_and_a_title_above_it() -> None:
    assert read(b"5\nn\n6\n", ONE).codes == ["rows-above-header"]


def test_no_header() -> None:
    problem = read(b"34;52000;retail\n").only("no-header")
    assert problem.found == "34, 52000, retail"
    assert problem.row == 1


def test_a_header_in_the_midst_loses_no_row() -> None:
    problem = read(b"1,2,food\n2,3,food\nage,income,segment\n3,4,food\n").only("rows-above-header")
    assert (problem.row, problem.line, problem.found) == (1, 1, "1,2,food")
    problem = read(b"sep=,\n1,2,food\nage,income,segment\n3,4,food\n").only("rows-above-header")
    assert (problem.row, problem.line) == (1, 2)


def test_a_header_beyond_the_first_lines_is_not_found() -> None:
    assert read(b"\n" * 19 + GOOD).problems == ()
    assert read(b"\n" * 20 + GOOD).refused


@pytest.mark.parametrize("tail", [b"\n", b"\r\n\r\n", b"\n\n\n\n"])
def test_blank_lines_at_the_end(tail: bytes) -> None:
    assert read(GOOD + tail).problems == ()


def test_rows_of_delimiters_at_the_end_are_left_out_with_a_warning() -> None:
    found = read(GOOD + b",,\n,,\n\n")
    assert found.codes == ["blank-rows-at-end"]
    assert found.rows == 2
    assert found.only("blank-rows-at-end").found == "2"


def test_rows_of_delimiters_are_rows_where_nothing_is_required() -> None:
    found = read(b"a,b\n1,2\n,\n", Schema((Field("a", Type.INTEGER), Field("b", Type.INTEGER))))
    assert found.typed == {"a": [1, None], "b": [2, None]}


@pytest.mark.parametrize(
    "data",
    [
        b"age,income,segment,\n1,2,food,\n2,3,food,\n",
        b"age,income,segment,\n1,2,food\n2,3,food\n",
        b"age,income,segment\n1,2,food,\n2,3,food,\n",
        b"age,income,segment,,,\n1,2,food,,,\n2,3,food,,,\n",
    ],
)
def test_delimiters_at_the_end_of_lines(data: bytes) -> None:
    found = read(data)
    assert found.problems == ()
    assert found.typed == {"age": [1, 2], "income": [2.0, 3.0], "segment": ["food", "food"]}


def test_content_below_no_name_is_never_dropped() -> None:
    found = read(b"age,income,segment,\n1,2,food,\n2,3,food,x\n")
    problem = found.only("too-many-cells")
    assert (problem.row, problem.found) == (3, "2, 3, food, x")
    assert found.bad == [False, True]
    assert found.stray == {1: ("2", "3", "food", "x")}


def test_a_file_with_the_header_twice() -> None:
    found = read(GOOD + b"age,income,segment\n36,1,food\n")
    assert found.only("repeated-header").row == 4
    assert found.bad == [False, False, True, False]


def test_names_that_are_short_and_contained_in_others() -> None:
    schema = Schema((Field("a", Type.INTEGER), Field("ab", Type.INTEGER)))
    assert read(b"ab|a\n1|2\n", schema).typed == {"a": [2], "ab": [1]}


def test_the_columns_of_the_model_are_all_needed() -> None:
    assert read(b"age,income\n1,2\n", PEOPLE).codes == ["missing-column"]
