"""A zip archive, written in one pass from stretches of deflate. The same input gives the same bytes.

Every stretch ends on a byte (a full flush), so stretches made one after another, or in two processes, can be
joined; their CRCs are combined. Sizes that are known only at the end are written back into the local header,
which keeps twenty spare bytes for it: as Office's own growth hint (0xA220), or as zip64 beyond 4 GiB. Excel
offers to repair an archive that uses zip64 without need, so it is used only where it must be.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from isal import isal_zlib

_LEVEL = 2  # isal's best: level 3 is slow, zlib's 1 costs four times as much for the same size
_LAST_BLOCK = b"\x03\x00"  # an empty final block closes the joined stretches
_DATE = 0x21  # 1980-01-01, the earliest that a zip can say: times would make the bytes differ
_LIMIT = 0xFFFFFFFF
_MANY = 0xFFFF
_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_END64 = struct.Struct("<4sQ2H2I4Q")
_LOCATOR = struct.Struct("<4sIQI")
_GROWTH_HINT = struct.pack("<HHHH12x", 0xA220, 16, 0xA028, 12)


@dataclass(frozen=True, slots=True)
class Packed:
    """A stretch of raw deflate, with the CRC-32 and the length of what is in it."""

    data: bytes
    crc: int
    size: int


@dataclass(slots=True)
class _Entry:
    name: bytes
    offset: int
    crc: int = 0
    size: int = 0
    packed: int = 0


def pack(pieces: Iterable[bytes | memoryview]) -> Packed:
    """Deflate the pieces, one after another, into one stretch."""
    deflater = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, -15)
    out: list[bytes] = []
    crc = size = 0
    for piece in pieces:
        view = memoryview(piece)
        crc = isal_zlib.crc32(view, crc)
        size += len(view)
        out.append(deflater.compress(view))
    out.append(deflater.flush(isal_zlib.Z_FULL_FLUSH))
    return Packed(b"".join(out), crc, size)


def unpack(packed: Packed) -> bytes:
    """Return what is in one stretch."""
    return bytes(isal_zlib.decompressobj(-15).decompress(packed.data + _LAST_BLOCK))


class ZipWriter:
    """Entries one after another. `limit` is where zip64 begins; only a test lowers it."""

    def __init__(self, path: Path, limit: int = _LIMIT) -> None:
        self._file = path.open("xb")
        self._limit = limit
        self._entries: list[_Entry] = []
        self._open = False
        self._at = 0

    def add(self, name: str, packed: Packed) -> None:
        """Write a whole entry."""
        self._expect_none_open(name)
        entry = _Entry(name.encode("ascii"), self._at, packed.crc, packed.size, len(packed.data) + len(_LAST_BLOCK))
        self._entries.append(entry)
        self._put(b"".join((self._local(entry), packed.data, _LAST_BLOCK)))

    def begin(self, name: str) -> None:
        """Begin an entry that comes in stretches."""
        self._expect_none_open(name)
        entry = _Entry(name.encode("ascii"), self._at)
        self._entries.append(entry)
        self._open = True
        self._put(self._local(entry))

    def write(self, packed: Packed) -> None:
        """Write the next stretch of the entry that is open."""
        entry = self._entries[-1]
        entry.crc = isal_zlib.crc32_combine(entry.crc, packed.crc, packed.size)
        entry.size += packed.size
        entry.packed += len(packed.data)
        self._put(packed.data)

    def end(self) -> None:
        """End the entry that is open, and write its sizes into its header."""
        entry = self._entries[-1]
        entry.packed += len(_LAST_BLOCK)
        self._put(_LAST_BLOCK)
        self._file.seek(entry.offset)
        self._file.write(self._local(entry))
        self._file.seek(self._at)
        self._open = False

    def close(self) -> None:
        """Write the directory and close the file. OSError if the disk is full, here as everywhere."""
        start = self._at
        for entry in self._entries:
            self._put(self._central(entry))
        self._put(self._directory_end(start, self._at - start))
        self._file.close()

    def abandon(self) -> None:
        """Close the file as it stands."""
        self._file.close()

    def _expect_none_open(self, name: str) -> None:
        if self._open:
            raise ValueError(f"{name} begun inside {self._entries[-1].name!r}")

    def _put(self, data: bytes) -> None:
        self._file.write(data)
        self._at += len(data)

    def _big(self, *values: int) -> bool:
        return max(values) >= self._limit

    def _local(self, entry: _Entry) -> bytes:
        sizes = (entry.packed, entry.size)
        extra, version = _GROWTH_HINT, 20
        if self._big(*sizes):
            extra, version = struct.pack("<HHQQ", 1, 16, entry.size, entry.packed), 45
            sizes = (_LIMIT, _LIMIT)
        head = _LOCAL.pack(
            b"PK\3\4", version, 0, 8, 0, _DATE, entry.crc, *sizes, len(entry.name), len(extra)
        )  # fmt: skip
        return head + entry.name + extra

    def _central(self, entry: _Entry) -> bytes:
        extra, version = b"", 20
        packed, size, offset = entry.packed, entry.size, entry.offset
        if self._big(packed, size):
            extra += struct.pack("<QQ", size, packed)
            packed = size = _LIMIT
        if self._big(offset):
            extra += struct.pack("<Q", offset)
            offset = _LIMIT
        if extra:
            extra, version = struct.pack("<HH", 1, len(extra)) + extra, 45
        head = _CENTRAL.pack(
            b"PK\1\2", version, version, 0, 8, 0, _DATE, entry.crc, packed, size,
            len(entry.name), len(extra), 0, 0, 0, 0, offset,
        )  # fmt: skip
        return head + entry.name + extra

    def _directory_end(self, start: int, size: int) -> bytes:
        count = len(self._entries)
        if not self._big(start, size) and count < _MANY:
            return _END.pack(b"PK\5\6", 0, 0, count, count, size, start, 0)
        return (
            _END64.pack(b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, start)
            + _LOCATOR.pack(b"PK\6\7", 0, start + size, 1)
            + _END.pack(b"PK\5\6", 0, 0, min(count, _MANY), min(count, _MANY), _LIMIT, _LIMIT, 0)
        )
