"""One cause of bad cells in one column of one block; and what a bad number or date most likely is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import pyarrow as pa

from dropscore.domain.problems import Severity
from dropscore.domain.schema import Field, Type
from dropscore.table.arrays import matches, numpy_of
from dropscore.table.numbers import APOSTROPHES, CURRENCY, SPACES, grammar, group_class
from dropscore.table.records import Mask, Positions

Each = Callable[[str], Mapping[str, str]]
"""From a cell's text to what its own message says of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Fault:
    """Cells with one cause. `where` ascends."""

    code: str
    where: Positions
    more: Mapping[str, str] = field(default_factory=dict)
    each: Each | None = None
    severity: Severity = Severity.ERROR
    firsts: Mapping[int, int] | None = None
    """For duplicates: the row in which the value stood first, by place."""


@dataclass(frozen=True, slots=True)
class Likely:
    """A form that bad cells may have, most telling first."""

    code: str
    pattern: str
    each: Each | None = None
    more: Mapping[str, str] = field(default_factory=dict)


MONTHS = (
    "jan|feb|m[aä]r|mrz|apr|ma[iy]|mai|jun|jul|aug|sep|oc?[kt]t?|nov|de[cz]|ene|abr|ago|dic|févr?|avr|juin|juil|déc"
)
ERRORS = (
    "#(?:N/A|NV|NA|REF!|BEZUG!|REFERENCIA!|¡REF!|VALUE!|WERT!|VALOR!|¡VALOR!|VALEUR!|DIV/0!|¡DIV/0!|"
    "NAME\\?|NOM\\?|¿NOMBRE\\?|NULL!|NUM!|ZAHL!|NOMBRE!|¡NUM!|SPILL!|CALC!|N/D)"
)
WORDS = (
    "(?i:n\\.?/?a\\.?|nan|<na>|null|none|nil|missing|unknown|unbekannt|k\\.?\\s?a\\.?|s/d|n/d|desconocido|inconnu|"
    "\\(?(?:null|blank|leer|empty)\\)?|nat)|[-–—?.]+"
)
FORMULA = "=…"
"""What stands for a formula whose result was not saved."""
BROKEN = (
    Likely("formula-without-value", FORMULA),
    Likely("spreadsheet-error", ERRORS),
    Likely("hash-signs", "#{2,}"),
    Likely("database-null", "\\\\N"),
)
INTO_DATE = (
    "\\d{4}-\\d{2}-\\d{2}(?: 00:00:00)?|"  # as the value of a cell of a workbook
    f"(?i:\\d{{1,2}}[-. ](?:{MONTHS})\\.?(?:[-. ]\\d{{2,4}})?|(?:{MONTHS})\\.?[- ]\\d{{2,4}})"
)
SCIENTIFIC = "[+-]?\\d(?:[.,]\\d+)?[eE]\\+\\d{2,3}"
"""Of spreadsheets (`1,2E+12`) and of R, which writes 100000 as `1e+05`."""


def sorted_out(bad: pa.Array, where: Positions, forms: Sequence[Likely], else_: Likely) -> list[Fault]:
    """Return the bad cells by the first form that each one has. Each distinct text is looked at once."""
    encoded = bad.dictionary_encode()
    words = encoded.dictionary
    fits = _fits_few if len(words) <= _FEW else _fits_many
    cause = np.full(len(words), len(forms), np.int64)
    for at, form in enumerate(forms):
        cause = np.where((cause == len(forms)) & fits(words, form.pattern), at, cause)
    causes = cause[numpy_of(encoded.indices)]
    return [
        Fault(form.code, where[causes == at], form.more, form.each)
        for at, form in enumerate((*forms, else_))
        if (causes == at).any()
    ]


_FEW = 500
"""Distinct texts up to which Python's patterns are faster: RE2 is compiled anew for each call."""


def _fits_few(words: pa.Array, pattern: str) -> Mask:
    fullmatch = _compiled(pattern).fullmatch
    return np.array([fullmatch(word) is not None for word in words.to_pylist()], dtype=bool)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)


def _fits_many(words: pa.Array, pattern: str) -> Mask:
    return matches(words, pattern)


@cache
def number_forms(field: Field) -> tuple[list[Likely], Likely]:
    """Return the forms that a bad number may have, and what it is if it has none of them."""
    integer = field.type is Type.INTEGER
    ours = field.decimal_char
    other = "," if ours == "." else "."
    example = "42" if integer else f"1234{ours}5"
    plain = {"example": example, "group": other, "kind": "64-bit integers" if integer else "64-bit floats"}
    own, theirs = (f"[{sign}]" for sign in (ours, other))
    groups = f"[{SPACES}{APOSTROPHES}_]"
    head = "[+-]?\\d{1,3}"
    mistaken = "decimal-comma" if ours == "." else "decimal-point"
    forms = [
        *BROKEN,
        Likely("missing-word", WORDS, more={"expects": "number"}),
        Likely("number-too-large", grammar(field)),
        *([Likely("scientific-notation", SCIENTIFIC)] if integer or other == "," else []),
        Likely("percent", ".*\\d.*%"),
        Likely("accounting-negative", "\\(.*\\d.*\\)|[^-]*\\d-"),
        Likely("currency", f"[+-]?(?:{CURRENCY}).*\\d.*|.*\\d[{SPACES}]?(?:{CURRENCY})"),
        Likely("turned-into-date", INTO_DATE, more={"expects": "number"}),
        Likely("ambiguous-number", f"[+-]?[1-9]\\d{{0,2}}{theirs}\\d{{3}}", each=two_readings),
        *([Likely("not-an-integer", f"[+-]?\\d+(?:{own}|{theirs})\\d*")] if integer else []),
        Likely(mistaken, f"[+-]?\\d*{theirs}\\d+|{head}(?:{own}\\d{{3}})+{theirs}\\d+"),
        Likely("grouped-number", f"{head}(?:{theirs}\\d{{3}})+(?:{own}\\d*)?"),
        Likely("grouped-number", f"{head}(?:{groups}\\d{{3}})+(?:[.,]\\d*)?", each=_group_of),
        Likely("grouped-number", f"{head}(?:{own}\\d{{3}}){{2,}}(?:{theirs}\\d*)?"),
        Likely("broken-groups", f"[+-]?\\d+(?:(?:{groups}|{theirs})\\d+)+(?:{own}\\d*)?"),
    ]  # fmt: skip
    if field.group_char:
        forms.insert(4, Likely("broken-groups", f"[+-]?\\d+(?:{group_class(field.group_char)}\\d+)+(?:{own}\\d*)?"))
    forms = [Likely(form.code, form.pattern, form.each, {**plain, **form.more}) for form in forms]
    return forms, Likely("not-a-number", "", more=plain)


def two_readings(cell: str) -> dict[str, str]:
    """Return both readings of a number with one sign before its last three digits."""
    digits = cell.replace(",", "").replace(".", "")
    return {"first": digits, "second": cell.replace(",", ".")}


def _group_of(cell: str) -> dict[str, str]:
    return {"group": next((sign for sign in cell if not sign.isdigit() and sign not in "+-.,"), " ")}


@cache
def date_forms(field: Field, example: str) -> tuple[list[Likely], Likely]:
    """Return the forms that a bad date may have, and what it is if it has none of them."""
    more = {"example": example, "expects": "date"}
    forms = [
        *BROKEN,
        Likely("missing-word", WORDS),
        Likely("time-zone", r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}.*(?:Z|[+-]\d{2}:?\d{2})"),
        Likely("other-date", f"\\d{{1,4}}[-/. ]\\d{{1,2}}[-/. ]\\d{{1,4}}.*|\\d{{8}}|(?i:.*(?:{MONTHS}).*\\d.*)"),
    ]
    forms = [Likely(form.code, form.pattern, form.each, {**more, **form.more}) for form in forms]
    return forms, Likely("not-a-date", "", more=more)
