"""Rows are poured cell by cell right, in stretches of bounded size."""

from __future__ import annotations

import pickle
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from dropscore.workbook import Column, pour
from dropscore.workbook.pour import Poured, Pourer, Style, placed, position
from dropscore.workbook.zipped import unpack
from workbook_samples import OUTPUTS, numbers, strings, texts

A, B = Column("a"), Column("b", "number")


def pourer(*columns: Column, counted: Sequence[Column] = ()) -> Pourer:
    return Pourer(columns, tuple(Style(2 * at, 2 * at + 1) for at in range(len(columns))), tuple(counted))


def cells_of(poured: Poured) -> list[list[tuple[str | None, str | None]]]:
    """Return (style, value) by row and cell; a text begins with `'`, an empty cell is None."""
    tree = etree.fromstring(b"<sheet>" + unpack(poured.packed) + b"</sheet>")
    found = []
    for row in tree:
        line = []
        for cell in row:
            text, number = cell.findtext("is/t"), cell.findtext("v")
            assert (text is not None) == (cell.get("t") == "inlineStr")
            line.append((cell.get("s"), number if text is None else "'" + text))
        found.append(line)
    return found


def values_of(poured: Poured) -> list[list[str | None]]:
    return [[value for _, value in row] for row in cells_of(poured)]


def test_numbers_texts_and_empty_cells_in_one_column() -> None:
    cells = {"a": (strings(1, None, None), strings(None, "=1+1", None)), "b": numbers("0.5", "-1E+20", "7")}
    poured = pourer(A, B).pour(cells, 3)
    assert cells_of(poured) == [
        [(None, "1"), ("2", "0.5")],
        [(None, "'=1+1"), ("2", "-1E+20")],
        [(None, None), ("2", "7")],
    ]
    assert (poured.rows, poured.cut_cells, poured.replaced_characters) == (3, 0, 0)


@given(st.lists(st.tuples(st.sampled_from([None, "1", "2.5"]), st.sampled_from([None, "x", "<&"]), st.booleans())))
def test_every_mixture(rows: list[tuple[str | None, str | None, bool]]) -> None:
    rows = [(number, None if number else text, bad) for number, text, bad in rows]
    cells = {"a": (strings(*(row[0] for row in rows)), strings(*(row[1] for row in rows)))}
    bad = np.array([row[2] for row in rows], np.bool_)
    poured = pourer(A).pour(cells, len(rows), marked={"a": bad})
    expected = [[("1" if bad else None, number or (text and "'" + text))] for number, text, bad in rows]
    assert cells_of(poured) == expected


@pytest.mark.parametrize(
    "nothing", [(None, None), (strings(None, None), None), (strings(None, None), strings(None, None))]
)
def test_a_column_of_nothing(nothing: tuple[pa.Array | None, pa.Array | None]) -> None:
    assert values_of(pourer(A).pour({"a": nothing}, 2)) == [[None], [None]]
    assert values_of(pourer(A, B).pour({"a": nothing, "b": texts("x", "y")}, 2)) == [[None, "'x"], [None, "'y"]]


def test_a_text_of_no_characters_is_an_empty_cell() -> None:
    assert values_of(pourer(A).pour({"a": texts("", "x", None)}, 3)) == [[None], ["'x"], [None]]
    assert values_of(pourer(A).pour({"a": texts("", "")}, 2)) == [[None], [None]]
    assert values_of(pourer(A).pour({"a": (strings(None, 1), strings("", None))}, 2)) == [[None], ["1"]]


def test_no_rows() -> None:
    poured = pourer(A, *OUTPUTS, counted=OUTPUTS).pour(
        {"a": texts(), "prediction": texts(), "probability of bad": numbers()}, 0, np.zeros(0, np.int64)
    )
    assert values_of(poured) == []
    assert poured.place is None


@pytest.mark.parametrize("literal", ["nan", "inf", "1,5", "0x1", "1</v>", ""])
def test_a_number_that_is_none_is_a_fault_of_ours(literal: str) -> None:
    with pytest.raises(ValueError, match="'a'"):
        pourer(A).pour({"a": numbers("1", literal)}, 2)


def test_a_column_of_another_length_is_a_fault_of_ours() -> None:
    with pytest.raises(ValueError, match="2 cells for 3 rows"):
        pourer(A).pour({"a": texts("x", "y")}, 3)


def test_a_block_is_cut_by_its_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pour, "_BUDGET", 1_000)
    words = ["x" * length for length in (10, 900, 900, 5_000, 1, 1, 1)]
    poured = pourer(A, B).pour({"a": texts(*words), "b": numbers(*range(7))}, 7)
    assert values_of(poured) == [["'" + word, str(at)] for at, word in enumerate(words)]
    block = [(None, strings(*words))]
    assert list(pour._cuts(block, 7)) == [(0, 1), (1, 2), (2, 3), (3, 4), (4, 7)]


def test_slices_and_other_kinds_of_strings() -> None:
    sliced = pa.array(["no", "yes", "also"], pa.large_string()).slice(1)
    poured = pourer(A, B).pour({"a": (None, sliced), "b": (strings(9, 8, 7).slice(1), None)}, 2)
    assert values_of(poured) == [["'yes", "8"], ["'also", "7"]]


def test_what_cannot_be_held_is_counted() -> None:
    poured = pourer(A, B).pour({"a": texts("x" * 40_000, "\x00\x01"), "b": texts("é" * 40_000, "\uffff")}, 2)
    assert (poured.cut_cells, poured.replaced_characters) == (2, 3)


def test_another_process_pours_the_same() -> None:
    made = pourer(A, *OUTPUTS, counted=OUTPUTS)
    cells = {"a": texts("x"), "prediction": texts("good"), "probability of bad": numbers("0.25")}
    here = made.pour(cells, 1, np.array([5]))
    there = pickle.loads(pickle.dumps(pickle.loads(pickle.dumps(made)).pour(cells, 1, np.array([5]))))
    assert here == there


@given(st.lists(st.integers(2, 100), min_size=1, unique=True).map(sorted))
def test_a_place_knows_its_rows(rows: list[int]) -> None:
    place = placed(np.array(rows))
    for row in range(110):
        assert position(place, row) == (rows.index(row) if row in rows else None)


def test_rows_that_do_not_rise_are_a_fault_of_ours() -> None:
    with pytest.raises(ValueError, match="rise"):
        placed(np.array([2, 2]))


def test_what_lies_under_a_null_is_no_fault() -> None:
    """A check that nulls bad cells by their mask leaves their bytes in the buffer."""
    given = pa.array(["39,1", "39.5"])
    masked = pa.Array.from_buffers(pa.string(), 2, [pa.py_buffer(bytes([2])), *given.buffers()[1:]], null_count=1)
    poured = pourer(B).pour({"b": (masked, pa.array(["39,1", None]))}, 2)
    assert [[value for _, value in row] for row in cells_of(poured)] == [["'39,1"], ["39.5"]]
