"""What a file is, by its first bytes."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from dropscore.table.formats import Form, NotATable, form_of


@pytest.mark.parametrize("size", [500, 5000, 100_000])
def test_random_bytes_are_binary_data_and_no_mix_of_encodings(tmp_path: Path, size: int) -> None:
    path = tmp_path / "x.csv"
    for seed in range(50):
        path.write_bytes(b"\x80" + random.Random(seed).randbytes(size))
        with pytest.raises(NotATable, match="binary data"):
            form_of(path)


@pytest.mark.parametrize(
    "content",
    [
        "name,town\nMüller,Köln\n".encode("cp1252") * 50,
        "Имя,Город\nЁлка,Орёл\n".encode("cp1251") * 50,
        "Имя,Город\nЁлка,Орёл\n".encode("utf-16"),
        "Имя,Город\nЁлка,Орёл\n".encode("utf-16-le"),
        b"a,b\n\x01\x02\x03,\x04\n",
        "é".encode("cp1252") + b",b\n1,\x01\n" + b"1,2\n" * 100,
        "a,b\n1,é\n".encode() * 100,
    ],
)
def test_text_in_any_code_page_stays_text(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    assert form_of(path) is Form.TEXT
