"""Texts become XML that reads back as they were, or as what is said of them."""

from __future__ import annotations

import re

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from dropscore.workbook.records import CELL_LIMIT
from dropscore.workbook.xmltext import attribute, bytes_of, clean, escaped, fitted, offsets_of, plain, utf16_length

HOSTILE = ["", "a", "<b> & \"c\"", "]]>", "\r\n\t ", "\x00\x01\x1f", "\ufffe\uffff", "_x0041_", "_x0041_x0042_",
           "max_x", "_x005F_", "😀", "é", "  edges  ", "=1+1"]  # fmt: skip


def as_excel_reads(xml: str) -> str:
    """What a spreadsheet makes of a text: XML first, then its own escapes from left to right."""
    text = etree.fromstring(f"<t>{xml}</t>").text or ""
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda found: chr(int(found.group(1), 16)), text)


def expected(text: str) -> str:
    return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "\ufffd", text)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_reads_back(text: str) -> None:
    assert as_excel_reads(escaped(text)) == expected(text)


@given(st.lists(st.one_of(st.none(), st.sampled_from(HOSTILE), st.text()), max_size=20))
def test_a_column_is_cleaned_like_each_of_its_texts(values: list[str | None]) -> None:
    cleaned = clean(pa.array(values, pa.string()))
    assert cleaned.text.to_pylist() == [None if value is None else escaped(value) for value in values]
    assert cleaned.replaced == sum(expected(value).count("\ufffd") - value.count("\ufffd") for value in values if value)


def test_a_column_that_needs_nothing_is_not_copied() -> None:
    column = pa.array(["plain", "text"], pa.string())
    assert clean(column).text.buffers()[2].address == column.buffers()[2].address


def test_a_slice_sees_its_own_bytes_only() -> None:
    column = pa.array(["<", "plain", "&"], pa.string()).slice(1, 1)
    assert bytes(bytes_of(column)) == b"plain"
    assert offsets_of(column).tolist() == [1, 6]
    assert clean(column).text.to_pylist() == ["plain"]


def test_no_rows() -> None:
    empty = pa.array([], pa.string())
    assert bytes(bytes_of(empty)) == b""
    assert clean(empty) == (empty, 0, 0)


@pytest.mark.parametrize("text", ["x" * 40_000, "é" * 40_000, "😀" * 20_000, "x" + "😀" * 20_000])
def test_a_long_text_is_cut_as_excel_counts_and_says_so(text: str) -> None:
    cut = fitted(text)
    assert CELL_LIMIT - 1 <= utf16_length(cut) <= CELL_LIMIT
    assert cut.endswith("40,000 characters do not fit into a cell]") or "40,001" in cut
    start = cut.split(" … ")[0]
    assert text.startswith(start)


@pytest.mark.parametrize("text", ["x" * CELL_LIMIT, "é" * CELL_LIMIT, "😀" * (CELL_LIMIT // 2)])
def test_a_text_that_just_fits_is_whole(text: str) -> None:
    assert fitted(text) == text
    assert clean(pa.array([text, "short"], pa.string())) == (pa.array([text, "short"]), 0, 0)


def test_cut_cells_are_counted_without_those_that_fit() -> None:
    cleaned = clean(pa.array(["é" * CELL_LIMIT, "x" * 40_000, None, "short"], pa.string()))
    assert cleaned.cut == 1
    assert [None if text is None else len(text) for text in cleaned.text.to_pylist()] == [
        CELL_LIMIT,
        CELL_LIMIT,
        None,
        5,
    ]


def test_an_attribute_keeps_quotes_and_breaks() -> None:
    tag = etree.fromstring(f'<a b="{attribute(chr(34) + "x" + chr(10) + "<&")}"/>')
    assert tag.get("b") == '"x\n<&'


def test_any_kind_of_string_is_made_plain() -> None:
    for kind in (pa.large_string(), pa.string_view()):
        assert plain(pa.array(["a", None], kind)).type == pa.string()
    assert plain(pa.chunked_array([["a"], ["b"]])).to_pylist() == ["a", "b"]
