"""Unpacks .gz, .zst and .zip into the scratch folder, within bounds: an archive may be made to do harm."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from dropscore.domain.catalogue import problem
from dropscore.domain.errors import Rejected
from dropscore.domain.rules import Rules
from dropscore.table.formats import Form

_CHUNK = 1 << 20
_SLACK = 1 << 20
"""Small files may pack better than any ratio."""
_IGNORED = ("__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini")
_TABLES = (".csv", ".tsv", ".txt", ".tab", ".dat", ".asc")
_BROKEN = (
    OSError,
    EOFError,
    zlib.error,
    zipfile.BadZipFile,
    pa.ArrowException,
    NotImplementedError,
    RuntimeError,
)


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


Reader = AbstractContextManager[_Readable]


def unpack(path: Path, form: Form, rules: Rules, scratch: Path) -> Path:
    """Return the one table in a packed file, unpacked. Raises Rejected."""
    target = scratch / "unpacked"
    if form is Form.ZIP:
        _unzip(path, rules, target)
    else:
        _stream(_open_gzip if form is Form.GZIP else _open_zstd, path, rules, target, form)
    return target


def _open_gzip(path: Path) -> Reader:
    return gzip.GzipFile(path)


def _open_zstd(path: Path) -> Reader:
    # Arrow's reader says when a frame is cut off; that of `zstandard` ends as if all were well.
    found: Reader = pa.CompressedInputStream(pa.OSFile(str(path)), "zstd")
    return found


def _stream(opener: Callable[[Path], Reader], path: Path, rules: Rules, target: Path, form: Form) -> None:
    packed = path.stat().st_size
    try:
        with opener(path) as source, target.open("wb") as copy:
            _copy(source, copy.write, packed, rules)
    except Rejected:
        raise
    except _BROKEN:
        raise Rejected([problem("packed-broken", rules.language, found=f".{form}")]) from None


def _copy(source: _Readable, write: Callable[[bytes], object], packed: int, rules: Rules) -> None:
    limits, unpacked = rules.limits, 0
    while chunk := source.read(_CHUNK):
        unpacked += len(chunk)
        if unpacked > limits.bytes:
            raise Rejected([problem("too-many-bytes", rules.language, limit=f"{limits.bytes:,}")])
        if unpacked > packed * limits.ratio + _SLACK:
            raise Rejected([problem("packed-ratio", rules.language, limit=f"{limits.ratio:,}")])
        write(chunk)


def _unzip(path: Path, rules: Rules, target: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            member = _only_table(archive, rules)
            with archive.open(member) as source, target.open("wb") as copy:
                _copy(source, copy.write, member.compress_size, rules)
    except _BROKEN:
        raise Rejected([problem("packed-broken", rules.language, found=".zip")]) from None


def _only_table(archive: zipfile.ZipFile, rules: Rules) -> zipfile.ZipInfo:
    members = [
        member
        for member in archive.infolist()
        if not member.is_dir() and not any(part in member.filename for part in _IGNORED)
    ]
    tables = [member for member in members if member.filename.lower().endswith(_TABLES)]
    if not tables:
        raise Rejected([problem("packed-nothing", rules.language, found=_named(members))])
    if len(tables) > 1:
        raise Rejected([problem("packed-several", rules.language, found=_named(tables))])
    if tables[0].flag_bits & 1:
        raise Rejected([problem("packed-encrypted", rules.language)])
    return tables[0]


def _named(members: list[zipfile.ZipInfo]) -> str:
    return ", ".join(member.filename for member in members[:5]) + (" …" if len(members) > 5 else "")
