"""The lines in which quotes are unsound, all at once, and none that cannot be trusted."""

from __future__ import annotations

import pytest

from dropscore.table.quotes import unsound_lines
from table_help import GOOD, read

HEAD = b"age,income,segment\n"


def lines(data: bytes, size: int = 1 << 20, most: int = 1000) -> list[tuple[str, int, int]]:
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    return [(found.code, found.line, found.column) for found in unsound_lines(pieces, ord(","), most)]


@pytest.mark.parametrize("size", [1, 2, 5, 1 << 20])
@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"])
def test_each_line_by_itself(size: int, newline: bytes) -> None:
    data = newline.join([b'a,5" pipe', b"b,c", b'"d",e "f"', b'"g\\"h",i', b'"x ""y""",z', b'j,k"'])
    assert lines(data, size) == [
        ("bare-quote", 0, 1),
        ("bare-quote", 2, 1),
        ("backslash-escape", 3, 0),
        ("bare-quote", 5, 1),
    ]


def test_no_line_after_one_that_may_be_part_of_a_cell() -> None:
    assert lines(b'a,5"\nb,"c\nd",e\nf,6"\n') == [("bare-quote", 0, 1)]


def test_no_more_than_asked_for() -> None:
    assert len(lines(b'5"\n' * 20, most=7)) == 7


def test_all_are_named_in_one_refusal() -> None:
    found = read(GOOD + b'1,2,5" pipe\n3,4,food\n5,6,7" pipe\n')
    assert [(problem.code, problem.row, problem.line, problem.cell) for problem in found.problems] == [
        ("bare-quote", 4, 4, "C4"),
        ("bare-quote", 6, 6, "C6"),
    ]


def test_only_the_first_is_trusted_after_a_line_break_in_a_cell() -> None:
    found = read(HEAD + b'1,2,"fo\nod"\n3,4,5" pipe\n5,6,7" pipe\n')
    assert [(problem.row, problem.line) for problem in found.problems] == [(3, 4)]
