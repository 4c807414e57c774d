"""The archive reads back everywhere, and the same input gives the same bytes."""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path

import pytest

from dropscore.workbook.zipped import ZipWriter, pack, unpack

TEXT = b"<row>some row</row>" * 5_000


def written(path: Path, limit: int = 0xFFFFFFFF) -> Path:
    archive = ZipWriter(path, limit)
    archive.add("small.xml", pack([b"<a/>"]))
    archive.begin("big.xml")
    archive.write(pack([TEXT, memoryview(TEXT)]))
    archive.write(pack([]))
    archive.write(pack([b"end"]))
    archive.end()
    archive.add("empty.xml", pack([]))
    archive.close()
    return path


def test_what_was_written_is_read_by_the_standard_library(tmp_path: Path) -> None:
    with zipfile.ZipFile(written(tmp_path / "a.zip")) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["small.xml", "big.xml", "empty.xml"]
        assert archive.read("big.xml") == TEXT + TEXT + b"end"
        assert archive.read("empty.xml") == b""
        assert all(entry.extract_version == 20 for entry in archive.infolist())


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    assert written(tmp_path / "a.zip").read_bytes() == written(tmp_path / "b.zip").read_bytes()


def test_local_headers_hold_the_sizes_so_that_a_stream_can_be_read(tmp_path: Path) -> None:
    raw = written(tmp_path / "a.zip").read_bytes()
    at, names = 0, []
    while raw[at : at + 4] == b"PK\3\4":
        _, flags, method, _, _, crc, packed, size, name_length, extra = struct.unpack("<5H3I2H", raw[at + 4 : at + 30])
        start = at + 30 + name_length + extra
        content = zlib.decompress(raw[start : start + packed], -15)
        assert (flags, method, len(content), zlib.crc32(content)) == (0, 8, size, crc)
        names.append(raw[at + 30 : at + 30 + name_length])
        at = start + packed
    assert names == [b"small.xml", b"big.xml", b"empty.xml"]
    assert raw[at : at + 4] == b"PK\1\2"


def test_zip64_is_used_where_it_must_be_and_only_there(tmp_path: Path) -> None:
    with zipfile.ZipFile(written(tmp_path / "a.zip", limit=1_000)) as archive:
        assert archive.testzip() is None
        assert archive.read("big.xml") == TEXT + TEXT + b"end"
        versions = {entry.filename: entry.extract_version for entry in archive.infolist()}
    assert versions == {"small.xml": 20, "big.xml": 45, "empty.xml": 45}  # the last for its place alone
    raw = (tmp_path / "a.zip").read_bytes()
    assert b"PK\6\6" in raw and b"PK\6\7" in raw


def test_more_entries_than_sixteen_bits_count(tmp_path: Path) -> None:
    archive = ZipWriter(tmp_path / "a.zip")
    nothing = pack([])
    for number in range(65_536):
        archive.add(f"{number}", nothing)
    archive.close()
    with zipfile.ZipFile(tmp_path / "a.zip") as read:
        assert len(read.namelist()) == 65_536


def test_an_entry_beyond_four_gigabytes(tmp_path: Path) -> None:
    block = pack([bytes(1 << 26)])
    archive = ZipWriter(tmp_path / "a.zip")
    archive.begin("huge")
    for _ in range(65):
        archive.write(block)
    archive.end()
    archive.add("after", pack([b"x"]))
    archive.close()
    with zipfile.ZipFile(tmp_path / "a.zip") as read:
        assert read.getinfo("huge").file_size == 65 << 26
        assert read.read("after") == b"x"
        with read.open("huge") as huge:
            assert huge.read(8) == bytes(8)


def test_entries_do_not_nest(tmp_path: Path) -> None:
    archive = ZipWriter(tmp_path / "a.zip")
    archive.begin("one")
    with pytest.raises(ValueError, match="begun inside"):
        archive.add("two", pack([]))
    archive.abandon()


def test_a_file_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        ZipWriter(tmp_path / "a.zip")
    assert (tmp_path / "a.zip").read_bytes() == b"mine"


def test_a_stretch_unpacks() -> None:
    assert unpack(pack([b"a", b"b"])) == b"ab"
