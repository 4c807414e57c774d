"""From bytes to UTF-8: a byte-order mark, else strict UTF-8, else the one code page that the route names.

No detector is asked: on tables they are wrong every second time, and a wrong guess is text that nobody doubts.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from dropscore.domain.errors import Misconfigured
from dropscore.table.structure import NEWLINE
from dropscore.table.text import Text, chunks

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark starts with that of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# C1 controls are what text becomes that was decoded with the wrong code page; DEL is none of anything.
_C1 = re.compile(rb"\xc2[\x80-\x9f]")
_MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_WESTERN = re.compile(r"cp125[0247]|iso8859-(1|2|3|4|9|10|13|14|15|16)|cp437|cp85\d|mac-\w+|latin-?\d")


class Undecodable(Exception):
    """The bytes at `offset` of `text` are no text. `code` is that of the problem; `found` are the bytes."""

    def __init__(self, code: str, text: Text, offset: int, found: bytes, encoding: str) -> None:
        super().__init__(code)
        self.code, self.text, self.offset, self.found, self.encoding = code, text, offset, found, encoding


@dataclass(slots=True)
class _Scan:
    """What strict UTF-8 makes of a file."""

    bad: int | None = None
    """Offset of the first byte that is no UTF-8."""
    nul: int | None = None
    odd: bool = False


def to_utf8(path: Path, encoding: str | None, scratch: Path) -> Text:
    """Return the text as UTF-8: the file itself where it is that, else a copy in `scratch`.

    Raises:
        Undecodable: some bytes are no text in the encoding, or NULs.
        Misconfigured: Python does not know the route's code page.
    """
    size = path.stat().st_size
    with path.open("rb") as source:
        head = source.read(4)
    for mark, name in MARKS:
        if head.startswith(mark) and name == "utf-8":
            return _utf8(path, len(mark), size, None, scratch)
        if head.startswith(mark):
            return _transcoded(path, len(mark), size, name, scratch)
    return _utf8(path, 0, size, encoding, scratch)


def _utf8(path: Path, start: int, size: int, encoding: str | None, scratch: Path) -> Text:
    scan = _scan(path, start)
    whole = Text(path, start, size, "utf-8-sig" if start else "utf-8", scan.odd)
    if encoding is not None:
        page = _code_page(encoding)
        wide = page.startswith(("utf-16", "utf-32"))
        if (scan.bad is not None and page != "utf-8") or (scan.nul is not None and wide):
            if not wide:
                _refuse_mixture(whole, scan.bad or 0, page)
            return _transcoded(path, start, size, page, scratch)
    if scan.nul is not None and (scan.bad is None or scan.nul < scan.bad):
        code = "utf16-without-mark" if _looks_wide(path, start) else "nul-byte"
        raise Undecodable(code, whole, scan.nul, b"\0", "utf-8")
    if scan.bad is not None:
        code = "mixed-encodings" if _has_multibyte(whole) else "undecodable-bytes"
        raise Undecodable(code, whole, scan.bad, _bytes_at(path, scan.bad), "utf-8")
    return whole


def _code_page(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError:
        raise Misconfigured(f"encoding {name!r} is not known: write for instance cp1252") from None


def _scan(path: Path, start: int) -> _Scan:
    scan = _Scan()
    decoder = codecs.getincrementaldecoder("utf-8")()
    offset = start
    kept = b""  # a mark or a control of two bytes may lie across two chunks
    for chunk in chunks(path, start):
        ascii_only = chunk.isascii() and not decoder.getstate()[0]
        if not ascii_only:
            pending = len(decoder.getstate()[0])
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                scan.bad = offset - pending + error.start
                return scan
        scan.odd = scan.odd or _is_odd(kept + chunk)
        if scan.odd and scan.nul is None and (at := chunk.find(b"\0")) >= 0:
            scan.nul = offset + at
        kept = b"" if ascii_only else chunk[-2:]
        offset += len(chunk)
    if pending := len(decoder.getstate()[0]):
        scan.bad = offset - pending
    return scan


def _is_odd(chunk: bytes) -> bool:
    """Return whether there are control characters or byte-order marks."""
    octets = np.frombuffer(chunk, np.uint8)
    fine = int(np.count_nonzero(octets == NEWLINE)) + chunk.count(b"\r") + chunk.count(b"\t")
    if int(np.count_nonzero(octets < 32)) > fine or b"\x7f" in chunk:
        return True
    if chunk.isascii():
        return False
    return codecs.BOM_UTF8 in chunk or (b"\xc2" in chunk and _C1.search(chunk) is not None)


def _transcoded(path: Path, start: int, size: int, encoding: str, scratch: Path) -> Text:
    target = scratch / "text.utf-8"
    decoder = codecs.getincrementaldecoder(encoding)()
    odd, nul = False, None
    offset, written = start, 0
    with target.open("wb") as copy:
        for chunk in chunks(path, start, size):
            pending = len(decoder.getstate()[0])
            last = offset + len(chunk) >= size
            try:
                decoded = decoder.decode(chunk, last).encode()
            except UnicodeError as error:
                at = offset - pending + (error.start if isinstance(error, UnicodeDecodeError) else 0)
                copy.write(_decodable(path, offset - pending, at, encoding))
                copy.flush()
                text = Text(target, 0, copy.tell(), encoding, odd)
                raise Undecodable("undecodable-bytes", text, text.end, _bytes_at(path, at), encoding) from None
            odd = odd or _is_odd(decoded)
            if odd and nul is None and (found := decoded.find(b"\0")) >= 0:
                nul = written + found
            copy.write(decoded)
            offset += len(chunk)
            written += len(decoded)
    text = Text(target, 0, written, encoding, odd)
    if nul is not None:
        raise Undecodable("nul-byte", text, nul, b"\0", encoding)
    return text


def _decodable(path: Path, start: int, end: int, encoding: str) -> bytes:
    good = b"".join(chunks(path, start, end)) if end > start else b""
    return good.decode(encoding, "replace").encode("utf-8", "replace")


def _bytes_at(path: Path, offset: int) -> bytes:
    return next(chunks(path, offset, size=4), b"")


def _looks_wide(path: Path, start: int) -> bool:
    """Return whether every second byte of the beginning is mostly NUL, as in UTF-16 of Western text."""
    piece = np.frombuffer(next(chunks(path, start, size=4096), b""), np.uint8)
    return any(len(half) > 0 and np.count_nonzero(half == 0) * 2 > len(half) for half in (piece[::2], piece[1::2]))


def _has_multibyte(text: Text) -> bool:
    return any(_multibyte(chunk) for chunk in chunks(text.path, text.start, text.end))


def _multibyte(piece: bytes) -> bool:
    """Return whether a character of UTF-8 that is more than one byte stands in the piece."""
    octets = np.frombuffer(piece, np.uint8)
    leads = (octets[:-1] >= 0xC2) & (octets[:-1] <= 0xF4) & ((octets[1:] & 0xC0) == 0x80)
    return any(_MULTIBYTE.match(piece, at) for at in np.flatnonzero(leads).tolist())


def _refuse_mixture(text: Text, bad: int, page: str) -> None:
    """Refuse a file of which one part is UTF-8: in the code page it would be read as `MÃ¼ller` without a word.

    In Western code pages a character of UTF-8 is a pair that no language writes. In others (`Её` in cp1251)
    it may be a word, so only a line that is UTF-8 as a whole counts.
    """
    western = _WESTERN.fullmatch(page) is not None
    kept = b""
    for chunk in chain(chunks(text.path, text.start, text.end), (b"\n",)):
        piece = kept + chunk
        whole = max(piece.rfind(b"\n"), piece.rfind(b"\r")) + 1
        if _multibyte(piece) if western else _utf8_line(piece[:whole]):
            raise Undecodable("mixed-encodings", text, bad, _bytes_at(text.path, bad), page)
        kept = piece[-4:] if western else piece[whole:]


def _utf8_line(piece: bytes) -> bool:
    for line in piece.splitlines():
        if not line.isascii():
            try:
                line.decode()
            except UnicodeDecodeError:
                continue
            return True
    return False
