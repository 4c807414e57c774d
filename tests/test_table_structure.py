"""The strict check of every byte, against the letter-by-letter reader and by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from dropscore.domain.rules import Limits, Policy, Rules
from dropscore.domain.schema import Field, Schema, Type
from dropscore.table import structure
from dropscore.table import text as text_module
from dropscore.table.structure import Survey, Surveyor, split
from table_help import GOOD, PEOPLE, read

COMMA = ord(",")


def survey(data: bytes, width: int, size: int = 1 << 20, cell_bytes: int = 1000, rows: int = 1000) -> Survey:
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    return Surveyor(COMMA, width, 0, 1, cell_bytes, rows).survey(pieces)


@pytest.mark.parametrize("size", [1, 2, 3, 1 << 20])
@pytest.mark.parametrize(
    ("data", "records", "ragged"),
    [
        (b"a,b\nc,d\n", 2, 0),
        (b"a,b\r\nc,d\r\n", 2, 0),
        (b"a,b\rc,d\r", 2, 0),
        (b"a,b\nc,d", 2, 0),
        (b'"a\n,b",c\nd,e\n', 2, 0),
        (b'"a""b",""\n,\n', 2, 0),
        (b'"",""\n"""","x"\n', 2, 0),
        (b"a,b\n\nc,d\n", 3, 1),
        (b"a\nb,c\nd,e,f\n", 3, 2),
        (b"a,b\r\r\nc,d\n", 3, 1),
        (b",\n,\n", 2, 0),
    ],
)
def test_records_and_widths(data: bytes, records: int, ragged: int, size: int) -> None:
    found = survey(data, 2, size)
    assert found.fault is None
    assert (found.records, found.ragged) == (records, ragged)


@pytest.mark.parametrize("size", [1, 2, 1 << 20])
@pytest.mark.parametrize(
    ("data", "code", "offset"),
    [
        (b'a,b"c\nd,e\n', "bare-quote", 3),
        (b'"a"b,c\n', "bare-quote", 2),
        (b'a, "b"\n', "bare-quote", 3),
        (b'"a" ,b\n', "bare-quote", 2),
        (b'"a\\"",b\n', "backslash-escape", 3),
        (b'"a\\"b",c\n', "backslash-escape", 3),
        (b'a,\\"b\n', "backslash-escape", 3),
        (b'a,b\n"c,d\ne,f\n', "unclosed-quote", 4),
        (b'a,b\nc,"', "unclosed-quote", 4),
    ],
)
def test_faults_are_found_where_they_are(data: bytes, code: str, offset: int, size: int) -> None:
    found = survey(data, 2, size)
    assert found.fault == (code, offset)


def test_a_backslash_at_the_end_of_a_quoted_cell_is_text() -> None:
    assert survey(b'"C:\\",b\n', 2).fault is None
    assert read(b'age,income,segment,path\n1,2,food,"C:\\"\n').texts["path"] == ["C:\\"]


def test_every_short_text_is_split_as_a_letter_by_letter_reader_does() -> None:
    """All texts of up to five letters of an alphabet of five, in one stretch and in two."""
    for length in range(1, 6):
        for letters in itertools.product(b'a,\n\r"', repeat=length):
            data = bytes(letters)
            expected = _slow(data)
            for size in (length, (length + 1) // 2):
                found = survey(data, 2, size)
                if expected is None:
                    assert found.fault is not None, data
                else:
                    assert found.fault is None, data
                    assert (found.records, found.ragged) == (
                        len(expected),
                        sum(width != 2 for width in expected),
                    ), data


def _slow(data: bytes) -> list[int] | None:
    """Return the width of each record; None if a quote is unsound."""
    widths, width, at, fresh = [], 1, 0, True
    while at < len(data):
        sign = data[at : at + 1]
        if sign == b'"':
            if not fresh:
                return None
            at += 1
            while data[at : at + 1] != b'"' or data[at : at + 2] == b'""':
                if at >= len(data):
                    return None
                at += 2 if data[at : at + 2] == b'""' else 1
            at += 1
            if data[at : at + 1] not in (b",", b"\n", b"\r", b""):
                return None
            fresh = False
            continue
        if sign == b",":
            width, fresh = width + 1, True
        elif sign in (b"\n", b"\r"):
            at += data[at : at + 2] == b"\r\n"
            widths.append(width)
            width, fresh = 1, True
        else:
            fresh = False
        at += 1
    if (data and data[-1:] not in (b"\n", b"\r")) or width > 1 or not fresh:
        widths.append(width)
    return widths


@pytest.mark.parametrize("size", [3, 1 << 20])
def test_blocks_are_cut_after_a_fixed_number_of_records(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(structure, "BLOCK_ROWS", 2)
    found = survey(b'a,b\n"c\n",d\ne,f\n"g","h"\ni,j\n', 2, size)
    assert [(part.offset, part.end, part.line, part.records) for part in found.ranges] == [
        (0, 11, 1, 2),
        (11, 23, 4, 2),
        (23, 27, 6, 1),
    ]
    exact = survey(b"a,b\nc,d\n", 2, size)
    assert [(part.offset, part.end, part.records) for part in exact.ranges] == [(0, 8, 2)]


def test_too_many_rows_ends_the_reading() -> None:
    fault = survey(b"a,b\n" * 9, 2, 4, rows=3).fault
    assert fault is not None
    assert fault.code == "too-many-rows"


@pytest.mark.parametrize("size", [7, 1 << 20])
@pytest.mark.parametrize("data", [b"a," + b"x" * 60 + b"\n", b"x" * 60 + b",a\n", b'"' + b"x\n" * 30 + b'",a\n'])
def test_a_cell_that_is_too_long(data: bytes, size: int) -> None:
    fault = survey(b"a,b\n" + data + b"c,d\n", 2, size, cell_bytes=50).fault
    assert fault is not None
    assert fault.code == "cell-too-long"
    assert survey(b"a,b\n" + data + b"c,d\n", 2, size, cell_bytes=62).fault is None


def test_an_unclosed_quote_ends_the_reading_at_the_longest_cell() -> None:
    rules = Rules(limits=Limits(cell_bytes=100))
    assert read(b'age,income,segment\n1,2,"x\n' + b"1,2,food\n" * 50, PEOPLE, rules).codes == ["cell-too-long"]


def test_split_knows_line_breaks_inside_quotes() -> None:
    found = split(np.frombuffer(b'"a\nb",c\nd\n', np.uint8), COMMA)
    assert found.places[found.ends].tolist() == [7, 9]
    assert found.breaks is not None
    assert found.breaks.tolist() == [2, 7, 9]


def test_ragged_rows_are_set_aside_with_their_cells() -> None:
    found = read(GOOD + b'1,2\n"a,b",3,food,"x""y"\n36,1,food\n', rules=Rules(policy=Policy.GOOD_ROWS))
    assert found.bad == [False, False, True, True, False]
    assert found.stray == {2: ("1", "2"), 3: ("a,b", "3", "food", 'x"y')}
    assert found.typed["age"] == [34, 35, None, None, 36]
    assert found.row_numbers == [2, 3, 4, 5, 6]
    few, many = found.only("too-few-cells"), found.only("too-many-cells")
    assert (few.row, few.line, few.found, few.expected) == (4, 4, "1, 2", "3 cells")
    assert (many.row, many.line) == (5, 5)


def test_rows_and_lines_differ_after_a_line_break_in_a_cell() -> None:
    schema = Schema((Field("t", Type.STRING), Field("n", Type.NUMBER)))
    found = read(b't,n\r\n"a\r\nb",1\r\nc,x\r\n', schema)
    assert (found.row_numbers, found.lines) == ([2, 3], [2, 4])
    assert (found.problems[0].row, found.problems[0].line, found.problems[0].cell) == (3, 4, "B3")


@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("size", [1, 3, 1 << 20])
def test_a_blank_line_in_a_table_of_one_column_is_no_empty_cell(
    newline: bytes, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_module, "CHUNK", size)
    data = newline.join([b"t", b'""', b"", b"x", b"y", b""])
    found = read(data, Schema((Field("t", Type.STRING),)))
    assert found.codes == ["blank-line"]
    assert found.only("blank-line").row == 3
    assert found.bad == [False, True, False, False]
    assert found.text["t"] == ["", None, "x", "y"]


def test_r_writes_names_of_rows() -> None:
    problem = read(b'"age","income","segment"\n"1",34,2,food\n"2",35,3,food\n').only("header-width")
    assert problem.found == "4"


def test_a_file_cut_off() -> None:
    assert read(GOOD + b"36,1").codes == ["cut-off"]
    assert read(GOOD + b"36").codes == ["cut-off"]
    cut = read(GOOD + b"36,1,fo")
    assert cut.only("final-newline-missing").found == "fo"
    assert "unknown-value" in cut.codes


def test_a_cut_within_quotes_is_refused() -> None:
    assert read(GOOD + b'36,1,"fo').codes == ["unclosed-quote"]
