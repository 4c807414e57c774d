"""Every problem code is provoked by a file that a person could drop."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dropscore.domain.catalogue import CATALOGUE, Scope
from dropscore.domain.problems import Severity
from dropscore.domain.rules import FinalNewline, Limits, Rules
from dropscore.domain.schema import Field, Schema, Type
from dropscore.domain.wording.en_cell import CELL
from dropscore.domain.wording.en_file import FILE
from dropscore.table import delimited
from table_help import GOOD, PEOPLE, Read, one, read, workbook

ELSEWHERE = {"checksum-differs"}
"""Found before the file is opened as a table."""
HEAD = b"age,income,segment\n"
AUTO = Rules(decimal="auto", dates="auto")
NUMBER = Field("n", Type.NUMBER)
INTEGER = Field("n", Type.INTEGER)
DATE = Field("d", Type.DATE)
TEXT = Field("t", Type.STRING)


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), data)
    return buffer.getvalue()


def with_part(name: str) -> bytes:
    buffer = io.BytesIO(workbook(["age", "income", "segment"], [1, 2, "food"]))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(name, b"x")
    return buffer.getvalue()


def protected_zip() -> bytes:
    data = bytearray(zipped(a_csv=GOOD))
    for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(magic) + at] |= 1
    return bytes(data)


def merged(book: openpyxl.Workbook) -> None:
    book.active.merge_cells("B2:B3")


def parquet(**columns: pa.Array) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


def limited(**limits: int) -> Rules:
    return Rules(limits=Limits(**limits))


CASES: dict[str, Callable[[], Read]] = {
    "empty-file": lambda: read(b"\r\n\r\n"),
    "not-a-table": lambda: read(b"\x89PNG\r\n\x1a\n" + b"\0" * 64),
    "old-spreadsheet": lambda: read(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512),
    "too-many-bytes": lambda: read(GOOD, rules=limited(bytes=10)),
    "too-many-rows": lambda: read(GOOD, rules=limited(rows=1)),
    "too-many-columns": lambda: read(GOOD, rules=limited(columns=2)),
    "cell-too-long": lambda: read(HEAD + b"1,2," + b"x" * 100 + b"\n", rules=limited(cell_bytes=50)),
    "packed-broken": lambda: read(gzip.compress(GOOD)[:-9]),
    "packed-ratio": lambda: read(gzip.compress(HEAD + b"1,2,food\n" * 400_000), rules=limited(ratio=2)),
    "packed-encrypted": lambda: read(protected_zip()),
    "packed-nothing": lambda: read(zipped(a_pdf=b"x")),
    "packed-several": lambda: read(zipped(a_csv=GOOD, b_csv=GOOD)),
    "spreadsheet-broken": lambda: read(workbook(["age"])[:-300]),
    "spreadsheet-macros": lambda: read(with_part("xl/vbaProject.bin")),
    "spreadsheet-links": lambda: read(with_part("xl/externalLinks/externalLink1.xml")),
    "spreadsheet-merged": lambda: read(
        workbook(["age", "income", "segment"], [1, 2, "food"], [1, None, "food"], change=merged)
    ),
    "spreadsheet-rows": lambda: read(
        workbook(["age", "income", "segment"], *[[1, 2, "food"]] * 3), rules=limited(xlsx_rows=2)
    ),
    "parquet-broken": lambda: read(b"PAR1" + b"\0" * 100 + b"PAR1"),
    "parquet-type": lambda: read(parquet(age=pa.array([1]), income=pa.array([[1.0]]), segment=pa.array(["food"]))),
    "undecodable-bytes": lambda: read(HEAD + b"1,2,M\xfcller\n"),
    "mixed-encodings": lambda: read(HEAD + "1,2,Müller\n".encode() + b"1,2,M\xfcller\n"),
    "utf16-without-mark": lambda: read(GOOD.decode().encode("utf-16-le")),
    "nul-byte": lambda: read(HEAD + b"1,2,fo\0od\n"),
    "no-header": lambda: read(b"34,52000,retail\n35,1,food\n"),
    "missing-column": lambda: read(b"age,segment\n1,food\n"),
    "header-spelling": lambda: read(b"Age,income,segment\n1,2,food\n"),
    "duplicate-header": lambda: read(b"age,income,segment,age\n1,2,food,1\n"),
    "blank-header": lambda: read(b",age,income,segment\n0,1,2,food\n"),
    "ambiguous-delimiter": lambda: read(b"age,income;segment\n1,2;food\n"),
    "rows-above-header": lambda: read(b"1,2,food\nage,income,segment\n1,2,food\n"),
    "no-rows": lambda: read(HEAD),
    "header-width": lambda: read(HEAD + b"1,34,2,food\n2,35,3,food\n"),
    "bare-quote": lambda: read(HEAD + b'1,2,5" pipe\n'),
    "unclosed-quote": lambda: read(HEAD + b'1,2,"food\n3,4,food\n'),
    "backslash-escape": lambda: read(HEAD + b'1,2,"5\\" pipe"\n'),
    "cut-off": lambda: read(HEAD + b"1,2,food\n1,2"),
    "final-newline-missing": lambda: read(HEAD + b"1,2,food"),
    "final-newline-required": lambda: read(HEAD + b"1,2,food", rules=Rules(final_newline=FinalNewline.REQUIRED)),
    "lone-return": lambda: read(b"t\na\rb\nc\n", Schema((TEXT,))),
    "blank-rows-at-end": lambda: read(GOOD + b",,\n,,\n"),
    "undecided-decimal": lambda: one(NUMBER, "1,234", rules=AUTO),
    "contradicting-decimal": lambda: one(NUMBER, "1.5", "2,5", rules=AUTO),
    "undecided-dates": lambda: one(DATE, "03/04/2026", rules=AUTO),
    "contradicting-dates": lambda: one(DATE, "31/01/2026", "01/31/2026", rules=AUTO),
    "too-few-cells": lambda: read(GOOD + b"1,2\n"),
    "too-many-cells": lambda: read(GOOD + b"1,2,food,3\n"),
    "blank-line": lambda: read(HEAD + b"1,2,food\n\n1,2,food\n"),
    "total-row": lambda: read(GOOD + b"Total,,4711\n"),
    "repeated-header": lambda: read(GOOD + GOOD),
    "control-character": lambda: read(HEAD + b"1,2,fo\x07od\n"),
    "stray-mark": lambda: read(HEAD + "1,2,\ufefffood\n".encode()),
    "missing-value": lambda: read(HEAD + b",2,food\n"),
    "missing-word": lambda: one(NUMBER, "NA"),
    "database-null": lambda: one(TEXT, "\\N"),
    "not-a-number": lambda: one(NUMBER, "abc"),
    "not-an-integer": lambda: one(INTEGER, "12.5"),
    "decimal-comma": lambda: one(NUMBER, "1234,5"),
    "decimal-point": lambda: one(NUMBER, "1234.5", rules=Rules(decimal=",")),
    "ambiguous-number": lambda: one(NUMBER, "1,234"),
    "grouped-number": lambda: one(NUMBER, "1,234,567.5"),
    "broken-groups": lambda: one(NUMBER, "1,23,456"),
    "percent": lambda: one(NUMBER, "95%"),
    "currency": lambda: one(NUMBER, "€ 12.50"),
    "accounting-negative": lambda: one(NUMBER, "(12.50)"),
    "number-too-large": lambda: one(NUMBER, "1e999"),
    "not-a-boolean": lambda: one(Field("b", Type.BOOLEAN), "maybe"),
    "not-a-date": lambda: one(DATE, "soon"),
    "other-date": lambda: one(DATE, "31.12.2026"),
    "impossible-date": lambda: one(DATE, "2026-02-30"),
    "time-zone": lambda: one(Field("d", Type.DATETIME), "2026-12-31T10:00:00+02:00"),
    "below-minimum": lambda: read(HEAD + b"-3,2,food\n"),
    "above-maximum": lambda: read(HEAD + b"340,2,food\n"),
    "unknown-value": lambda: read(HEAD + b"3,2,retial\n"),
    "pattern": lambda: one(Field("t", Type.STRING, pattern="[A-Z]{2}-[0-9]{4}"), "AB-12"),
    "too-short": lambda: one(Field("t", Type.STRING, min_length=2), "A"),
    "too-long": lambda: one(Field("t", Type.STRING, max_length=4), "ABCDE"),
    "duplicate-value": lambda: one(Field("t", Type.STRING, unique=True), "C-17", "C-18", "C-17"),
    "lost-zeros": lambda: one(Field("t", Type.STRING, pattern="[0-9]{5}"), "1067"),
    "scientific-notation": lambda: one(TEXT, "1,2E+12"),
    "turned-into-date": lambda: one(Field("t", Type.STRING, pattern="[0-9]-[0-9]"), "01-Mrz"),
    "spreadsheet-error": lambda: one(TEXT, "#N/A"),
    "formula-without-value": lambda: read(workbook(["age", "income", "segment"], ["=1+1", 2, "food"])),
    "hash-signs": lambda: one(TEXT, "########"),
}


def test_every_code_has_a_case() -> None:
    assert set(CASES) | ELSEWHERE | {"block-too-large"} == set(FILE) | set(CELL)


@pytest.mark.parametrize("code", CASES)
def test_the_code_is_provoked(code: str) -> None:
    found = CASES[code]()
    entry = CATALOGUE[code]
    assert code in found.codes
    problem = next(problem for problem in found.problems if problem.code == code)
    assert problem.severity is entry.severity
    for sentence in (problem.expected, problem.hint):
        assert sentence
        assert "…" not in sentence.replace("=…", ""), "a place of the template was left open"
        assert "{" not in sentence.replace(r"{2}-[0-9]{4}", "").replace("{5}", "")
    if entry.scope is Scope.FILE and entry.severity is Severity.ERROR:
        assert found.refused
    else:
        assert found.bad_rows == (0 if entry.severity is Severity.WARNING else found.bad_rows or 1)
        (group,) = [group for group in found.groups if group.code == code]
        assert group.count >= 1
        assert "…" not in group.sentence.replace("=…", "")


def test_only_the_provoked_code_is_found() -> None:
    """Codes that go with others are named here; all the others stand alone."""
    together = {"header-spelling", "no-rows"}
    for code, provoke in CASES.items():
        if code not in together:
            assert set(provoke().codes) == {code}, code


def test_rows_too_long_for_one_block_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "_LARGEST_BLOCK", 20)
    assert read(GOOD).codes == ["block-too-large"]


def test_a_good_file_has_no_problem() -> None:
    found = read(GOOD, PEOPLE)
    assert found.problems == ()
    assert found.typed == {"age": [34, 35], "income": [52000.5, None], "segment": ["retail", "food"]}
