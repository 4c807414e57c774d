"""Packed files, files that are no tables, Parquet, and bytes at random."""

from __future__ import annotations

import bz2
import datetime
import gzip
import io
import lzma
import random
import zipfile
from collections.abc import Iterator
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from corpus.case import DAY, FIRST, HEAD, ITEMS, SECOND, TEXT, Case, column, parts, right, wrong
from dropscore.domain.rules import Limits, Rules
from dropscore.domain.schema import Type

DATA = TEXT.encode()
BOMB = HEAD.encode() + b"A,1,2,\n" * 600_000


def _gz(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


def _zst(data: bytes) -> bytes:
    """Pack with a checksum, as the program `zstd` does: without one, a flipped bit may be another letter."""
    return zstandard.ZstdCompressor(write_checksum=True).compress(data)


def zipped(*members: tuple[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", packing) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), data, packing)
    return buffer.getvalue()


def _flagged(data: bytes) -> bytes:
    """Return the archive as one that needs a password."""
    changed = bytearray(data)
    for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        changed[changed.index(magic) + at] |= 1
    return bytes(changed)


def _flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]


def archives() -> Iterator[Case]:
    yield right("gz", _gz(DATA))
    yield right("gz-two-members", _gz(HEAD.encode() + b"A-1,1234.5,7,2026-02-28\n") + _gz(b"B-2,,-3,\n"))
    yield right("gz-zeros-behind", _gz(DATA) + b"\0" * 64)
    yield right("zst", _zst(DATA))
    yield right("zst-two-frames", _zst(HEAD.encode() + b"A-1,1234.5,7,2026-02-28\n") + _zst(b"B-2,,-3,\n"))
    for name, pack in (("gz", _gz), ("zst", _zst)):
        yield wrong(f"{name}-cut", pack(DATA)[:-6], "packed-broken")
        yield wrong(f"{name}-cut-in-half", pack(DATA)[: len(pack(DATA)) // 2], "packed-broken")
        yield wrong(f"{name}-head-alone", pack(DATA)[:4], "packed-broken")
        yield wrong(f"{name}-rubbish-behind", pack(DATA) + b"rubbish", "packed-broken")
        yield wrong(f"{name}-flipped", _flipped(pack(DATA * 3), 30), "packed-broken")
        yield wrong(f"{name}-bomb", pack(BOMB), "packed-ratio", rules=Rules(limits=Limits(ratio=3)))
        yield wrong(f"{name}-too-large", pack(BOMB), "too-many-bytes", rules=Rules(limits=Limits(bytes=100_000)))
        yield wrong(f"{name}-twice", pack(pack(DATA)), "not-a-table")
        yield wrong(f"{name}-empty", pack(b""), "empty-file")
    yield wrong("gz-second-member-cut", _gz(DATA) + _gz(b"C-3,1,2,\n")[:-5], "packed-broken")
    yield right("zip", zipped(("a.csv", DATA)))
    yield right("zip-stored", zipped(("a.csv", DATA), packing=zipfile.ZIP_STORED))
    yield right("zip-from-mac", zipped(("a.csv", DATA), ("__MACOSX/._a.csv", b"\0\5\x16\7")))
    yield right("zip-with-letter", zipped(("letter.pdf", b"%PDF"), ("data/a.csv", DATA)))
    yield right("zip-climbing", zipped(("../../a.csv", DATA)))
    yield wrong("zip-two", zipped(("a.csv", DATA), ("b.csv", DATA)), "packed-several")
    yield wrong("zip-none", zipped(), "packed-nothing")
    yield wrong("zip-no-table", zipped(("a.pdf", b"%PDF")), "packed-nothing")
    yield wrong("zip-locked", _flagged(zipped(("a.csv", DATA))), "packed-encrypted")
    yield wrong("zip-cut", zipped(("a.csv", DATA))[:-20], "packed-broken")
    yield wrong("zip-flipped", _flipped(zipped(("a.csv", DATA)), 45), "packed-broken")
    yield wrong("zip-bomb", zipped(("a.csv", BOMB)), "packed-ratio", rules=Rules(limits=Limits(ratio=3)))
    yield wrong("zip-of-gz", zipped(("a.csv", _gz(DATA))), "not-a-table")
    yield wrong("zip-of-picture", zipped(("a.csv", b"\x89PNG\r\n\x1a\n")), "not-a-table")
    yield wrong("zip-empty-member", zipped(("a.csv", b"")), "empty-file")


def strangers() -> Iterator[Case]:
    for name, data in (
        ("png", b"\x89PNG\r\n\x1a\n" + b"\0" * 99),
        ("jpeg", b"\xff\xd8\xff\xe0\0\x10JFIF" + b"\0" * 99),
        ("gif", b"GIF89a" + b"\0" * 99),
        ("bmp", b"BM\x36\0\0\0" + b"\0" * 99),
        ("tiff", b"II*\0" + b"\0" * 99),
        ("webp", b"RIFF\x24\0\0\0WEBP" + b"\0" * 99),
        ("pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"),
        ("rtf", b"{\\rtf1\\ansi part,amount}"),
        ("bzip2", bz2.compress(DATA)),
        ("xz", lzma.compress(DATA)),
        ("7z", b"7z\xbc\xaf\x27\x1c" + b"\0" * 99),
        ("rar", b"Rar!\x1a\x07\x01\0" + b"\0" * 99),
        ("elf", b"\x7fELF\x02\x01\x01" + b"\0" * 99),
        ("exe", b"MZ\x90\0\x03" + b"\0" * 99),
        ("sqlite", b"SQLite format 3\0" + b"\0" * 99),
        ("arrow", b"ARROW1\0\0" + b"\0" * 99),
        ("mp4", b"\0\0\0\x18ftypmp42" + b"\0" * 99),
        ("docx", zipped(("word/document.xml", b"<w/>"), ("[Content_Types].xml", b"<t/>"))),
        ("pptx", zipped(("ppt/presentation.xml", b"<p/>"))),
        ("ods", zipped(("mimetype", b"application/vnd.oasis"), ("content.xml", b"<o/>"))),
        ("jar", zipped(("META-INF/MANIFEST.MF", b"x"))),
        ("xlsb", zipped(("xl/workbook.bin", b"x"))),
        ("login-page", b"<!DOCTYPE html><html><title>Log in</title></html>"),
    ):
        yield wrong(f"is-{name}", data, "not-a-table")
    yield wrong("is-xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512, "old-spreadsheet")
    yield wrong("is-nothing", b"", "empty-file")
    yield wrong("is-blank", b"\r\n \t\r\n", "empty-file")
    yield wrong("is-delimiters", b",,,\n,,,\n", "empty-file")
    yield wrong("is-mark", b"\xef\xbb\xbf", "empty-file")
    yield wrong("is-wide-mark", b"\xff\xfe", "empty-file")
    yield wrong("is-wide-mark-and-half", b"\xff\xfea", "undecodable-bytes")
    for octet, codes in (
        (0x00, "utf16-without-mark"),
        (0x0A, "empty-file"),
        (0x1A, "empty-file"),
        (0x22, "missing-column"),
        (0x2C, "empty-file"),
        (0x41, "missing-column"),
        (0x35, "no-header"),
        (0x80, "undecodable-bytes"),
        (0xFF, "undecodable-bytes"),
    ):
        yield wrong(f"one-byte-{octet:02x}", bytes([octet]), codes)
    draw = random.Random(4711)

    def noise(size: int) -> bytes:
        """Return bytes of which none begins a character of UTF-8: it would be called a mixture."""
        return bytes(octet & 0x7F if 0xC2 <= octet <= 0xF4 else octet for octet in draw.randbytes(size))

    for at in range(12):
        data = b"\x80" + noise(draw.choice((1, 7, 64, 4096)))
        yield wrong(f"random-{at}", data, "undecodable-bytes" if len(data) < 256 else "not-a-table")
    for at in range(6):
        tail = TEXT.encode() + b"\xff" + noise(64)
        yield wrong(f"random-tail-{at}", tail, "undecodable-bytes")


def _parquet(**columns: pa.Array) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


def parquets() -> Iterator[Case]:
    good = {"part": pa.array(["A-1", "B-2"]), "amount": pa.array([1234.5, None]), "count": pa.array([7, -3])}
    days = {"day": pa.array([DAY, None])}
    whole = _parquet(**good, **days)
    yield right("parquet", whole)
    yield right("parquet-reordered", _parquet(**dict(reversed((good | days).items()))))
    yield right("parquet-nan", _parquet(**good | {"amount": pa.array([1234.5, float("nan")])}, **days))
    yield right("parquet-dictionary", _parquet(**good | {"part": pa.array(["A-1", "B-2"]).dictionary_encode()}, **days))
    yield right(
        "parquet-decimal", _parquet(**good | {"amount": pa.array(["1234.50", None]).cast(pa.decimal128(9, 2))}, **days)
    )
    yield right("parquet-float-counts", _parquet(**good | {"count": pa.array([7.0, -3.0])}, **days))
    german = Rules(decimal=",", group=".", dates="%d.%m.%Y")
    yield right("parquet-german-route", whole, rules=german)
    yield right(
        "parquet-midnight", _parquet(**good, day=pa.array([datetime.datetime(2026, 2, 28), None], pa.timestamp("ns")))
    )
    yield wrong(
        "parquet-hour",
        _parquet(**good, day=pa.array([datetime.datetime(2026, 2, 28, 9), None], pa.timestamp("us"))),
        "other-date",
    )
    yield wrong("parquet-fraction-count", _parquet(**good | {"count": pa.array([7.5, -3.0])}, **days), "not-an-integer")
    yield wrong(
        "parquet-thousandths",
        _parquet(**good | {"count": pa.array([1.234, 2.0])}, **days),
        "not-an-integer",
        rules=german,
    )
    yield wrong(
        "parquet-infinite", _parquet(**good | {"amount": pa.array([float("inf"), 1.0])}, **days), "not-a-number"
    )
    yield wrong("parquet-missing-part", _parquet(**good | {"part": pa.array([None, "B-2"])}, **days), "missing-value")
    yield wrong("parquet-missing-column", _parquet(**good), "missing-column")
    yield wrong("parquet-lists", _parquet(**good | {"amount": pa.array([[1.0], [2.0]])}, **days), "parquet-type")
    yield wrong(
        "parquet-zoned", _parquet(**good, day=pa.array([None, None], pa.timestamp("us", "UTC"))), "parquet-type"
    )
    yield wrong("parquet-binary", _parquet(**good | {"part": pa.array([b"A", b"B"])}, **days), "parquet-type")
    yield wrong("parquet-no-rows", _parquet(**{name: values[:0] for name, values in (good | days).items()}), "no-rows")
    yield wrong("parquet-cut", whole[:-40], "parquet-broken")
    yield wrong("parquet-head-alone", whole[:8], "parquet-broken")
    big = column(Type.INTEGER)
    yield right(
        "parquet-past-double", _parquet(part=pa.array(["P0"]), x=pa.array([2**53 + 1])), *parts(2**53 + 1), schema=big
    )
    yield wrong(
        "parquet-past-64-bits",
        _parquet(part=pa.array(["P0"]), x=pa.array([2**63], pa.uint64())),
        "number-too-large",
        schema=big,
    )
    yield right(
        "parquet-booleans",
        _parquet(part=pa.array(["P0", "P1"]), x=pa.array([True, False])),
        *parts(True, False),
        schema=replace(column(Type.BOOLEAN, true_values=("ja",), false_values=("nein",))),
    )
    assert ITEMS.names == ("part", "amount", "count", "day")
    assert (FIRST[0], SECOND[0]) == ("A-1", "B-2")
