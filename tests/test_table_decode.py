"""Bytes to UTF-8: marks, strict UTF-8, one code page, or refused with the place and both readings."""

from __future__ import annotations

import codecs

import pytest

from dropscore.domain.errors import Misconfigured
from dropscore.domain.rules import Rules
from dropscore.domain.schema import Field, Schema, Type
from dropscore.table import text as text_module
from table_help import read

NAMES = Schema((Field("name", Type.STRING), Field("age", Type.INTEGER)))
GOOD = "name;age\r\nMüller;34\r\nÅsa €;35\r\n"
READ = ["Müller", "Åsa €"]


@pytest.fixture(autouse=True, params=[4 << 20, 7], ids=["whole", "in pieces"])
def chunk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_module, "CHUNK", request.param)


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (GOOD.encode(), "utf-8"),
        (codecs.BOM_UTF8 + GOOD.encode(), "utf-8-sig"),
        (codecs.BOM_UTF16_LE + GOOD.encode("utf-16-le"), "utf-16-le"),
        (codecs.BOM_UTF16_BE + GOOD.encode("utf-16-be"), "utf-16-be"),
        (codecs.BOM_UTF32_LE + GOOD.encode("utf-32-le"), "utf-32-le"),
        (codecs.BOM_UTF32_BE + GOOD.encode("utf-32-be"), "utf-32-be"),
    ],
)
def test_marks_and_utf8(data: bytes, encoding: str) -> None:
    found = read(data, NAMES)
    assert found.text["name"] == READ
    assert found.reading is not None
    assert found.reading.encoding == encoding


@pytest.mark.parametrize("page", ["cp1252", "latin-1", "cp1250", "mac-roman", "cp850"])
def test_the_code_page_of_the_route(page: str) -> None:
    found = read("name;age\nMüller;34\n".encode(page), NAMES, Rules(encoding=page))
    assert found.text["name"] == ["Müller"]
    assert found.reading is not None
    assert found.reading.encoding == codecs.lookup(page).name


def test_utf8_comes_before_the_code_page() -> None:
    assert read(GOOD.encode(), NAMES, Rules(encoding="cp1252")).text["name"] == READ


def test_other_scripts() -> None:
    for front in range(9):  # wherever a chunk ends
        text = f"name;age\n{'x' * front}Её дом;34\nИванов;35\n"
        assert len(read(text.encode("cp1251"), NAMES, Rules(encoding="cp1251")).text["name"]) == 2
    text = "name;age\nЕё дом;34\nИванов;35\n"
    assert read(text.encode("cp1251"), NAMES, Rules(encoding="cp1251")).text["name"] == ["Её дом", "Иванов"]
    text = "name;age\n東京;34\n"
    assert read(text.encode("shift_jis"), NAMES, Rules(encoding="shift_jis")).text["name"] == ["東京"]


def test_utf16_without_a_mark_where_the_route_names_it() -> None:
    found = read(GOOD.encode("utf-16-le"), NAMES, Rules(encoding="utf-16-le"))
    assert found.text["name"] == READ


def test_bytes_that_are_no_text_are_refused_with_place_and_readings() -> None:
    found = read("name;age\nMeier;33\nMüller;34\n".encode("cp1252"), NAMES)
    problem = found.only("undecodable-bytes")
    assert (problem.row, problem.line, problem.column, problem.cell) == (3, 3, "name", "A3")
    assert problem.found is not None
    assert problem.found.startswith("FC")
    assert problem.hint is not None
    assert "cp1252: üller" in problem.hint or "cp1252: ülle" in problem.hint


def test_the_place_counts_line_breaks_in_quotes() -> None:
    found = read(b'A title\nname;age\n"a\nb";33\nx;M\xfc\n', NAMES)
    problem = found.only("undecodable-bytes")
    assert (problem.row, problem.line, problem.column, problem.cell) == (4, 5, "age", "B4")


def test_bytes_that_the_code_page_does_not_know() -> None:
    found = read(b"name;age\nM\xfcller;34\nx\x81;35\n", NAMES, Rules(encoding="cp1252"))
    problem = found.only("undecodable-bytes")
    assert (problem.row, problem.column) == (3, "name")
    assert problem.expected == "text in cp1252"


@pytest.mark.parametrize("page", [None, "cp1252"])
def test_two_encodings_in_one_file(page: str | None) -> None:
    data = "name;age\nMüller;34\n".encode() + "Müller;35\n".encode("cp1252")
    found = read(data, NAMES, Rules(encoding=page))
    problem = found.only("mixed-encodings")
    assert (problem.row, problem.line) == (3, 3)


def test_two_encodings_in_one_file_of_another_script() -> None:
    data = "name;age\nИванов;34\n".encode() + "Иванов;35\n".encode("cp1251")
    assert read(data, NAMES, Rules(encoding="cp1251")).codes == ["mixed-encodings"]


def test_a_mark_that_lies() -> None:
    assert read(codecs.BOM_UTF8 + b"name;age\nM\xfcller;34\n", NAMES).codes == ["undecodable-bytes"]
    assert read(codecs.BOM_UTF16_LE + GOOD.encode("utf-16-le")[:-1], NAMES).codes == ["undecodable-bytes"]
    assert read(codecs.BOM_UTF16_LE + b"n\0a\0\x00\xd8x\0", NAMES).codes == ["undecodable-bytes"]


def test_text_cut_within_a_letter() -> None:
    assert read("name;age\nx;1\nMü".encode()[:-1], NAMES).codes == ["undecodable-bytes"]


@pytest.mark.parametrize("sign", ["\x00"])
def test_nul(sign: str) -> None:
    problem = read(f"name;age\na;1\nb{sign};2\n".encode(), NAMES).only("nul-byte")
    assert (problem.row, problem.line, problem.column) == (3, 3, "name")
    assert read(codecs.BOM_UTF16_LE + "name;age\na\0;1\n".encode("utf-16-le"), NAMES).codes == ["nul-byte"]


@pytest.mark.parametrize("sign", ["\x01", "\x08", "\x0b", "\x1a", "\x1f", "\x7f", "\x80", "\x9f"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_control_characters_spoil_their_cell_alone(sign: str, encoding: str) -> None:
    found = read(f"name;age\na;1\nb{sign};2\nc;3\n".encode(encoding), NAMES)
    problem = found.only("control-character")
    assert (problem.row, problem.column, problem.cell) == (3, "name", "A3")
    assert found.bad == [False, True, False]
    assert found.typed["name"] == ["a", None, "c"]


def test_marks_inside_spoil_their_cell() -> None:
    found = read("name;age\n\ufeffa;1\nb;2\n".encode(), NAMES)
    assert found.codes == ["stray-mark"]
    assert found.bad == [True, False]


def test_tabs_and_line_breaks_are_no_control_characters() -> None:
    assert read(b'name;age\n"a\tb\nc";1\n', NAMES).problems == ()


def test_an_unknown_code_page_is_the_operators_fault() -> None:
    with pytest.raises(Misconfigured, match="klingon"):
        read(GOOD.encode(), NAMES, Rules(encoding="klingon"))
