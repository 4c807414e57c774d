"""What a file is, by its first bytes. Its name is not asked: anyone can write one."""

from __future__ import annotations

import codecs
import re
import zipfile
from enum import StrEnum
from pathlib import Path


class Form(StrEnum):
    """What can be read, or unpacked."""

    TEXT = "csv"
    GZIP = "gz"
    ZSTD = "zst"
    ZIP = "zip"
    XLSX = "xlsx"
    PARQUET = "parquet"
    OLE = "ole"


_READ = {
    b"\x1f\x8b": Form.GZIP,
    b"\x28\xb5\x2f\xfd": Form.ZSTD,
    b"PK\x03\x04": Form.ZIP,
    b"PK\x05\x06": Form.ZIP,
    b"PAR1": Form.PARQUET,
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": Form.OLE,
}
_OTHER = (
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"GIF8", "a picture (GIF)"),
    (b"II*\x00", "a picture (TIFF)"),
    (b"MM\x00*", "a picture (TIFF)"),
    (b"RIFF", "a picture, sound or film (RIFF)"),
    (b"BM", "a picture (BMP)"),
    (b"{\\rtf", "a text document (RTF)"),
    (b"7z\xbc\xaf", "an archive (7z)"),
    (b"Rar!", "an archive (RAR)"),
    (b"BZh", "an archive (bzip2)"),
    (b"\xfd7zXZ", "an archive (xz)"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"SQLite format 3\x00", "a database (SQLite)"),
    (b"ARROW1", "an Arrow file"),
    (b"\x00\x00\x00\x18ftyp", "a film"),
    (b"\x00\x00\x00\x20ftyp", "a film"),
)
_MARKUP = (
    (re.compile(rb"\s*<(!doctype html|html)", re.IGNORECASE), "a web page (perhaps one that asks for a login)"),
    (re.compile(rb"\s*<\?xml|\s*<[a-z]+[ >]", re.IGNORECASE), "XML"),
    (re.compile(rb"\s*(\[\s*)?\{\s*\"|\s*\[\s*[\[\"]"), "JSON"),
)
_OFFICE = (b"[Content_Types].xml", b"docProps/", b"_rels/", b"xl/")
_DOCUMENTS = {
    "word/": "a text document (.docx)",
    "ppt/": "a presentation (.pptx)",
    "xl/workbook.bin": "a binary workbook (.xlsb)",
    "content.xml": "an OpenDocument file (.ods or .odt)",
    "META-INF/": "a program or an archive (.jar)",
}
_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_TYPED = bytes({*range(256)} - {*range(1, 9), *range(14, 26), *range(28, 32)})
_MOST_NEVER_TYPED = 0.03


class NotATable(Exception):
    """The file is something else; the message says what."""


def form_of(path: Path) -> Form:
    """Return what the file is. Raises NotATable."""
    with path.open("rb") as source:
        head = source.read(512)
    for magic, form in _READ.items():
        if head.startswith(magic):
            return _in_zip(path, head) if form is Form.ZIP else form
    for magic, name in _OTHER:
        # Two letters may begin a header (`BMI,age`); what they stand for has other bytes than text has.
        if head.startswith(magic) and (len(magic) > 2 or b"\x00" in head):
            raise NotATable(name)
    plain = head.removeprefix(b"\xef\xbb\xbf")
    for pattern, name in _MARKUP:
        if pattern.match(plain):
            raise NotATable(name)
    if _is_binary(head):
        raise NotATable("binary data")
    return Form.TEXT


def _is_binary(head: bytes) -> bool:
    """Return whether it is text in no code page: random bytes are one in twelve of those that nobody types."""
    # A text that begins as one and is spoilt later is told where; and a few bytes prove nothing.
    if len(head) < 256 or head.startswith(_MARKS) or not head[:64].translate(None, _TYPED):
        return False
    if len(head.translate(None, _TYPED)) < _MOST_NEVER_TYPED * len(head):
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return True
    return False


def _in_zip(path: Path, head: bytes) -> Form:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return Form.XLSX if head[30:].startswith(_OFFICE) else Form.ZIP  # damaged, and told so by whoever reads it
    if "xl/workbook.xml" in names:
        return Form.XLSX
    for start, name in _DOCUMENTS.items():
        if any(found.startswith(start) for found in names):
            raise NotATable(name)
    return Form.ZIP
