"""Does a file end as a whole one does? A transfer that broke off leaves a stable, short file behind.

A text is taken for whole if it ends in a line end. Of the formats that are no text, those that close with a
mark of their own are looked at for it; the others cannot be told from a broken one here, and pass.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from dropscore.durable import opened

_ZIP = b"PK\x03\x04"
_ZIP_EMPTY = b"PK\x05\x06"
_ZIP_END = b"PK\x05\x06"
_ZIP_END_REACH = 22 + 65_535
"""The end record, and the longest comment that may follow it."""
_PARQUET = (b"PAR1", b"PARE")
_OTHER_BINARIES = (
    b"\x1f\x8b",  # gzip
    b"\x28\xb5\x2f\xfd",  # zstandard
    b"BZh",
    b"\xfd7zXZ\x00",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",  # the old Excel's container
    b"%PDF-",
    b"\x89PNG\r\n",
    b"\xff\xd8\xff",  # JPEG
    b"GIF8",
)
_HEAD = 8
# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32-le", 4),
    (b"\x00\x00\xfe\xff", "utf-32-be", 4),
    (b"\xff\xfe", "utf-16-le", 2),
    (b"\xfe\xff", "utf-16-be", 2),
)


def ends_whole(path: Path) -> bool:
    """Whether the file ends in a line end, or as its binary format does. Never blocks; raises OSError."""
    with opened(path) as handle:
        return whole(handle)


def whole(handle: int) -> bool:
    """The same for an open file. What is no regular file, or empty, is not whole."""
    found = os.fstat(handle)
    if not stat.S_ISREG(found.st_mode) or found.st_size == 0:
        return False
    head = os.pread(handle, _HEAD, 0)
    if head.startswith((_ZIP, _ZIP_EMPTY)):
        reach = min(found.st_size, _ZIP_END_REACH)
        return _ZIP_END in os.pread(handle, reach, found.st_size - reach)
    if head.startswith(_PARQUET):
        return found.st_size > len(head) and _tail(handle, found.st_size, 4) in _PARQUET
    if head.startswith(_OTHER_BINARIES):
        return True
    return _ends_in_line_end(handle, head, found.st_size)


def _ends_in_line_end(handle: int, head: bytes, size: int) -> bool:
    for mark, encoding, width in _MARKS:
        if head.startswith(mark):
            ends = ("\n".encode(encoding), "\r".encode(encoding))
            return size % width == 0 and size > len(mark) and _tail(handle, size, width) in ends
    return _tail(handle, size, 1) in (b"\n", b"\r")


def _tail(handle: int, size: int, count: int) -> bytes:
    return os.pread(handle, count, max(size - count, 0))
