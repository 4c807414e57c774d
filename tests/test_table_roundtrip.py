"""Whatever is written in an allowed dialect is read back equal; whatever is damaged is read as a strict reader
reads it, or refused. `HYPOTHESIS_PROFILE=nightly` tries 20,000 examples instead of 500."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from dropscore import table
from dropscore.domain.errors import Rejected
from dropscore.domain.rules import Rules
from dropscore.domain.schema import Field, Schema, Type
from dropscore.table import lines, structure
from dropscore.table import text as text_module

EXAMPLES = 20_000 if os.environ.get("HYPOTHESIS_PROFILE") == "nightly" else 500
SETTINGS = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=EXAMPLES == 500
)

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-be-mark", "cp1252")
LETTERS = "abcXYZ019 .,;|\t-\"'\n\r+#\\€äéß=@"


@contextlib.contextmanager
def pieces(small: bool) -> Iterator[None]:
    """Read with chunks of a few bytes and blocks of a few rows, or with those of the product."""
    with pytest.MonkeyPatch.context() as patch:
        if small:
            patch.setattr(text_module, "CHUNK", 5)
            patch.setattr(structure, "BLOCK_ROWS", 3)
            patch.setattr(lines, "BLOCK_ROWS", 3)
        yield


class Unsound(Exception):
    """The strict reader refuses."""


def strict_reader(text: str, delimiter: str) -> list[list[str]]:
    """Read RFC 4180 letter by letter: slow, and plainly right. A line without anything is a record without cells."""
    records: list[list[str]] = []
    record: list[str] = []
    at = 0
    while at < len(text):
        start = at
        if text[at] == '"':
            at += 1
            cell = ""
            while True:
                if at >= len(text):
                    raise Unsound("never closed")
                if text[at] == '"' and text[at + 1 : at + 2] == '"':
                    cell += '"'
                    at += 2
                elif text[at] == '"':
                    at += 1
                    break
                else:
                    cell += text[at]
                    at += 1
        else:
            while at < len(text) and text[at] not in (delimiter, "\n", "\r"):
                if text[at] == '"':
                    raise Unsound("bare quote")
                at += 1
            cell = text[start:at]
        record.append(cell)
        if at >= len(text):
            records.append(record)
            return records
        if text[at] == delimiter:
            at += 1
            if at >= len(text):
                record.append("")
                records.append(record)
                return records
        elif text[at] in "\r\n":
            blank = record == [""] and at == start
            at += 2 if text[at : at + 2] == "\r\n" else 1
            records.append([] if blank else record)
            record = []
        else:
            raise Unsound("text after a closing quote")
    return records


def schema_of(names: list[str]) -> Schema:
    return Schema(tuple(Field(name, Type.STRING) for name in names))


def read_back(data: bytes, schema: Schema, encoding: str | None) -> tuple[list[dict[str, str]], list[int]]:
    """Return the sound rows by column, and their spreadsheet rows. Rejected if there are others."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "drop.csv"
        path.write_bytes(data)
        source = table.open_source(path, schema, Rules(encoding=encoding), Path(folder))
        checker = table.Checker(source, Rules())
        rows, numbers = [], []
        for block in source.blocks():
            checked = checker.check(block)
            if checked.bad_rows.any():
                raise Rejected(checker.findings().problems)
            texts = {name: values.to_pylist() for name, values in block.text.items()}
            rows += [{name: texts[name][at] for name in texts} for at in range(len(block))]
            numbers += block.rows.tolist()
        return rows, numbers


def quoted(cell: str, delimiter: str, always: bool) -> str:
    if always or any(sign in cell for sign in (delimiter, '"', "\n", "\r")):
        return '"' + cell.replace('"', '""') + '"'
    return cell


def encoded(text: str, encoding: str) -> bytes:
    if encoding == "utf-16-be-mark":
        return b"\xfe\xff" + text.encode("utf-16-be")
    return text.encode(encoding)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    width = draw(st.integers(1, 5))
    names = [f"name {at}" for at in range(width)]
    cells = st.text(LETTERS, max_size=6)
    rows = draw(st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1, max_size=8))
    return names, rows


@st.composite
def written(draw: st.DrawFn) -> tuple[list[str], list[list[str]], str, str, str]:
    """A table as text: names, rows, the text, its delimiter and its encoding."""
    names, rows = draw(tables())
    delimiter = draw(st.sampled_from(",;\t|"))
    newline = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    always = draw(st.booleans())
    lines = [delimiter.join(quoted(name, delimiter, False) for name in names)]
    for row in rows:
        only = len(row) == 1 and row[0] == ""  # a blank line is no record
        lines.append(delimiter.join(quoted(cell, delimiter, always or only) for cell in row))
    told = draw(st.sampled_from(["", f"sep={delimiter}{newline}", f"A title{newline}", newline]))
    if len(names) == 1 and told.startswith("A"):
        told = ""
    end = draw(st.sampled_from([newline, newline * 3, ""]))
    return names, rows, told + newline.join(lines) + end, delimiter, draw(st.sampled_from(ENCODINGS))


def spoiled(row: list[str]) -> bool:
    """Whether a row is refused for what it says, such as an error of a formula or the end of a database's export."""
    filled = [cell.strip() for cell in row if cell.strip()]
    return any((len(cell) > 1 and not cell.strip("#")) or cell == "\\N" for cell in row) or filled == ["\\."]


@SETTINGS
@given(written(), st.booleans())
def test_what_was_written_is_read_back(case: tuple[list[str], list[list[str]], str, str, str], small: bool) -> None:
    names, rows, text, delimiter, encoding = case
    assume(not any(spoiled(row) for row in rows))
    assume('\\""' not in text)  # refused as an escape: it could be one
    assume(encoding != "cp1252" or "€" not in text)  # its byte makes UTF-8 of some letters before it
    try:
        with pieces(small):
            found, numbers = read_back(encoded(text, encoding), schema_of(names), "cp1252")
    except Rejected:
        # Under one column nothing tells a delimiter from text; and one line end from another in text.
        assert len(names) == 1
        assert any(sign in text for sign in ",\r")
        return
    assert [[row[name] for name in names] for row in found] == rows
    header = text.split(delimiter)[0]
    first = 2 + (1 if not header.startswith(("name", "sep=")) else 0)
    assert numbers == list(range(first, first + len(rows)))


@SETTINGS
@given(written(), st.booleans(), st.data())
def test_what_was_damaged_is_read_strictly_or_refused(
    case: tuple[list[str], list[list[str]], str, str, str], small: bool, data: st.DataObject
) -> None:
    names, _, text, _, _ = case
    octets = bytearray(text.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, max(0, len(octets) - 1)))
        what = data.draw(st.sampled_from(["flip", "drop", "double", "quote", "cut", "sign"]))
        if what == "flip" and octets:
            octets[at] ^= 1 << data.draw(st.integers(0, 7))
        elif what == "drop":
            del octets[at : at + data.draw(st.integers(1, 3))]
        elif what == "double":
            octets[at:at] = octets[at : at + 4]
        elif what == "quote":
            octets[at:at] = b'"'
        elif what == "cut":
            del octets[at:]
        else:
            octets[at:at] = data.draw(st.sampled_from([b",", b";", b"\n", b"\r", b"\t", b"\\", b"\0", b"\xff"]))
    schema = schema_of(names)
    try:
        with pieces(small):
            found, _ = read_back(bytes(octets), schema, None)
    except Rejected:
        return
    assert found, "a file without rows is refused"
    assert _agrees(bytes(octets), names, found)


def _agrees(octets: bytes, names: list[str], found: list[dict[str, str]]) -> bool:
    """Whether some delimiter makes the strict reader find the same rows under a header with all the names."""
    text = octets.decode("utf-8-sig")
    for delimiter in ",;\t|":
        for start in range(20):
            rest = text
            for _ in range(start):
                cut = min((at for at in (rest.find("\n"), rest.find("\r")) if at >= 0), default=len(rest))
                rest = rest[cut + (2 if rest[cut : cut + 2] == "\r\n" else 1) :]
            try:
                records = strict_reader(rest, delimiter)
            except Unsound:
                continue
            while records and not records[-1]:
                records.pop()
            if not records or not set(names) <= set(records[0]):
                continue
            header = records[0]
            rows = [dict(zip(header, record, strict=False)) for record in records[1:]]
            wanted = [{name: row.get(name) for name in names} for row in rows]
            if wanted == [{name: row[name] for name in names} for row in found]:
                return True
    return False
