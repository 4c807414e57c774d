"""What a file is, by its bytes; and what is packed in it, within bounds."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import zipfile

import pytest
import zstandard

from dropscore.domain.rules import Limits, Rules
from dropscore.domain.schema import Field, Schema, Type
from table_help import GOOD, Read, read

BIG = b"age,income,segment\n" + b"34,1,retail\n" * 300_000


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def is_read(found: Read, form: str) -> bool:
    return found.reading is not None and found.reading.format == form and found.typed["age"] == [34, 35]


@pytest.mark.parametrize("name", ["drop.csv", "drop.xlsx", "drop.pdf", "drop"])
def test_the_name_is_not_asked(name: str) -> None:
    assert is_read(read(GOOD, name=name), "csv")
    assert is_read(read(gzip.compress(GOOD), name=name), "csv.gz")


def test_packed() -> None:
    assert is_read(read(gzip.compress(GOOD)), "csv.gz")
    assert is_read(read(zstandard.compress(GOOD)), "csv.zst")
    assert is_read(read(zipped({"a.csv": GOOD})), "csv.zip")


def test_packed_in_several_parts() -> None:
    head, tail = GOOD[:30], GOOD[30:]
    assert is_read(read(gzip.compress(head) + gzip.compress(tail)), "csv.gz")
    assert is_read(read(zstandard.compress(head) + zstandard.compress(tail)), "csv.zst")


def test_what_systems_put_beside_a_table_is_no_second_one() -> None:
    members = {"a.csv": GOOD, "__MACOSX/._a.csv": b"x", ".DS_Store": b"x", "readme.md": b"hello", "folder/": b""}
    assert is_read(read(zipped(members)), "csv.zip")


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress, lambda data: zipped({"a.csv": data})])
def test_cut_off_anywhere_it_is_never_read_in_part(pack) -> None:  # type: ignore[no-untyped-def]
    packed = pack(GOOD * 20)
    for end in range(4, len(packed), 7):
        assert read(packed[:end]).codes in (["packed-broken"], ["no-header"], ["missing-column"] * 3), end


@pytest.mark.parametrize("pack", [gzip.compress, lambda data: zipped({"a.csv": data})])
def test_changed_anywhere_it_is_never_read_wrongly(pack) -> None:  # type: ignore[no-untyped-def]
    packed = pack(GOOD)
    for at in range(len(packed)):
        found = read(packed[:at] + bytes([packed[at] ^ 0x10]) + packed[at + 1 :])
        assert found.refused or found.typed["age"] == [34, 35], at


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress, lambda data: zipped({"a.csv": data})])
def test_bombs(pack) -> None:  # type: ignore[no-untyped-def]
    assert read(pack(BIG), rules=Rules(limits=Limits(ratio=5))).codes == ["packed-ratio"]
    assert read(pack(BIG), rules=Rules(limits=Limits(bytes=1_000_000, ratio=10_000))).codes == ["too-many-bytes"]


def test_a_member_that_lies_about_its_size() -> None:
    data = bytearray(zipped({"a.csv": GOOD * 2}))
    size = len(GOOD * 2).to_bytes(4, "little")
    while size in data:  # in both headers
        at = data.index(size)
        data[at : at + 4] = len(GOOD).to_bytes(4, "little")
    assert read(bytes(data)).codes == ["packed-broken"]


def test_a_packed_workbook_is_no_packed_table() -> None:
    assert read(gzip.compress(b"%PDF-1.7")).codes == ["not-a-table"]
    assert read(gzip.compress(gzip.compress(GOOD))).codes == ["not-a-table"]


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"%PDF-1.7\n", "PDF"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00", "JPEG"),
        (b"GIF89a", "GIF"),
        (b"{\\rtf1}", "RTF"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"\xef\xbb\xbf\n<HTML>", "web page"),
        (b"<?xml version='1.0'?>", "XML"),
        (json.dumps([{"age": 1}]).encode(), "JSON"),
        (json.dumps({"age": 1}, indent=2).encode(), "JSON"),
        (bz2.compress(GOOD), "bzip2"),
        (b"SQLite format 3\x00", "SQLite"),
        (b"BM" + b"\0" * 60, "BMP"),
        (zipped({"[Content_Types].xml": b"x", "word/document.xml": b"x"}), ".docx"),
        (zipped({"[Content_Types].xml": b"x", "xl/workbook.bin": b"x"}), ".xlsb"),
        (zipped({"mimetype": b"x", "content.xml": b"x"}), "OpenDocument"),
    ],
)
def test_what_is_no_table_is_named(data: bytes, what: str) -> None:
    problem = read(data).only("not-a-table")
    assert problem.found is not None
    assert what in problem.found


def test_a_header_that_begins_like_a_picture_is_text() -> None:
    schema = Schema((Field("BMI", Type.NUMBER), Field("MZ", Type.NUMBER)))
    assert read(b"BMI,MZ\n1,2\n", schema).typed == {"BMI": [1.0], "MZ": [2.0]}
    assert read(b"MZ,BMI\n1,2\n", schema).typed == {"BMI": [2.0], "MZ": [1.0]}


@pytest.mark.parametrize("data", [b"", b"\n", b"\r\n \r\n", b"\xef\xbb\xbf", b";;;\n;;;\n"])
def test_nothing_in_it(data: bytes) -> None:
    assert read(data).codes == ["empty-file"]
