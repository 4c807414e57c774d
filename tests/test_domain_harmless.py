"""A receipt opened as a table holds no formula, and reads the same as JSON."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropscore.domain.harmless import harmless

FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
TEXTS = st.text(st.sampled_from('=+-@＝＋－＠,;|"\\ \t\nab1')) | st.text()
DOCUMENTS = st.recursive(
    TEXTS | st.integers(0) | st.floats(0, allow_nan=False, allow_infinity=False) | st.booleans() | st.none(),
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
)


def cells(text: str) -> list[str]:
    """Return every cell, whatever is taken for the sign between cells; blanks before a cell do not help it."""
    return [
        cell.strip()
        for delimiter in (",", ";", "|", "\t")
        for initial in (False, True)
        for row in csv.reader(io.StringIO(text), delimiter=delimiter, skipinitialspace=initial)
        for cell in row
    ]


@given(DOCUMENTS, st.sampled_from([2, None]))
def test_it_reads_the_same_and_no_cell_is_a_formula(document: object, indent: int | None) -> None:
    text = harmless(json.dumps(document, indent=indent, ensure_ascii=False))
    assert json.loads(text) == document
    found = [cell for cell in cells(text) if cell.startswith(FORMULA)]
    assert not found, (text, found)


@pytest.mark.parametrize("text", ["a,=cmd|' /C calc'!A0,b", "=1+1", "a;+1+cmd|x", "a, -2+3", "a\\,=1"])
def test_what_is_not_guarded_is_a_formula(text: str) -> None:
    document = json.dumps({"found": [text]}, indent=2)
    assert any(cell.startswith(FORMULA) for cell in cells(document))
    assert not any(cell.startswith(FORMULA) for cell in cells(harmless(document)))


def test_what_is_no_formula_stays_as_it_is() -> None:
    document = json.dumps({"when": "2026-11-25T01:02:03+00:00", "code": "a=b", "n": -5, "mail": "ana@example.org"})
    assert harmless(document) == document
