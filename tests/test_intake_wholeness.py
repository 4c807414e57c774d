"""Does a file end as a whole one does?"""

from __future__ import annotations

import gzip
import io
import os
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropscore.intake.wholeness import ends_whole


def whole(tmp_path: Path, data: bytes) -> bool:
    path = tmp_path / "a.csv"
    path.write_bytes(data)
    return ends_whole(path)


TEXT = "a,b\n1,é\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-32"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_text_that_ends_in_a_line_end_is_whole(tmp_path: Path, encoding: str, end: str) -> None:
    assert whole(tmp_path, f"a,b{end}1,é{end}".encode(encoding))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-32"])
def test_a_text_cut_anywhere_but_at_a_line_end_is_not(tmp_path: Path, encoding: str) -> None:
    data = TEXT.encode(encoding)
    ends = {len("".join(TEXT.splitlines(True)[:count]).encode(encoding)) for count in (1, 2)}
    for length in range(len(data)):
        assert whole(tmp_path, data[:length]) == (length in ends), length


@pytest.mark.parametrize("order", ["le", "be"])
def test_the_byte_order_mark_says_how_wide_a_line_end_is(tmp_path: Path, order: str) -> None:
    mark = "\ufeff".encode(f"utf-16-{order}")
    assert whole(tmp_path, mark + "a\n".encode(f"utf-16-{order}"))
    # U+0A0A, a letter whose bytes are two line feeds
    assert not whole(tmp_path, mark + "a\u0a0a".encode(f"utf-16-{order}"))
    assert not whole(tmp_path, mark)


def test_an_empty_file_is_not_whole_yet(tmp_path: Path) -> None:
    assert not whole(tmp_path, b"")


def test_nul_bytes_at_the_end_are_no_line_end(tmp_path: Path) -> None:
    """A copy that broke off leaves the full size, filled with nothing."""
    assert not whole(tmp_path, b"a,b\n1,2\n" + bytes(4096))


def workbook() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", "<row/>" * 1000)
    return buffer.getvalue()


def parquet() -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table({"a": list(range(1000))}), buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("data", [workbook(), parquet()], ids=["xlsx", "parquet"])
def test_a_format_with_an_end_of_its_own_is_looked_at_for_it(tmp_path: Path, data: bytes) -> None:
    assert whole(tmp_path, data)
    assert not whole(tmp_path, data[: len(data) // 2])
    assert not whole(tmp_path, data[:8])


def test_a_zip_with_a_comment_is_whole(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr("a", "b")
        packed.comment = b"x" * 65_535
    assert whole(tmp_path, buffer.getvalue())


def test_an_empty_zip_is_whole(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    zipfile.ZipFile(buffer, "w").close()
    assert whole(tmp_path, buffer.getvalue())


@pytest.mark.parametrize(
    "data",
    [gzip.compress(b"x"), b"\x28\xb5\x2f\xfd....", b"\x89PNG\r\n\x1a\n....", b"%PDF-1.7..."],
    ids=["gzip", "zstd", "png", "pdf"],
)
def test_other_binaries_pass(tmp_path: Path, data: bytes) -> None:
    assert whole(tmp_path, data)


def test_it_never_blocks_on_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert not ends_whole(tmp_path / "pipe")


def test_it_never_follows_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/passwd")
    with pytest.raises(OSError, match="symbolic links"):
        ends_whole(tmp_path / "link")


@given(st.binary(max_size=64))
def test_any_bytes_get_an_answer(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(data)
    assert ends_whole(path) in (True, False)
