"""Multipart bodies, read as they come: files go to disk at once, fields stay small."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from fastapi import HTTPException, Request
from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from dropscore.web.uploads import Incoming

MOST_FILES = 100
_MOST_FIELD_BYTES = 10_000
_MOST_FIELDS = 20


@dataclass(slots=True)
class Parts:
    """What a form with files held. Every upload in `files` is open until it is accepted or discarded."""

    fields: dict[str, str] = field(default_factory=dict)
    files: list[Incoming] = field(default_factory=list)

    def discard(self) -> None:
        for incoming in self.files:
            incoming.discard()


class _Reader:
    """Turns the parser's callbacks into parts."""

    def __init__(self, open_file: Callable[[str], Incoming]) -> None:
        self.parts = Parts()
        self._open = open_file
        self._header, self._value = b"", b""
        self._disposition = b""
        self._field = ""
        self._text = bytearray()
        self._file: Incoming | None = None
        self._skip = False
        self.whole = False

    def callbacks(self) -> dict[str, Callable[..., None]]:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._on_header,
            "on_header_value": self._on_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers,
            "on_part_data": self._data,
            "on_part_end": self._end,
            "on_end": self._finish,
        }

    def _begin(self) -> None:
        self._disposition, self._text, self._file, self._skip = b"", bytearray(), None, False

    def _on_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header, self._value = b"", b""

    def _headers(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._field = options.get(b"name", b"").decode("utf-8", "replace")
        if b"filename" not in options:
            if len(self.parts.fields) >= _MOST_FIELDS:
                raise HTTPException(400, "This form has too many fields.")
            return
        name = options[b"filename"].decode("utf-8", "replace")
        if not name:  # a file field that was left empty
            self._skip = True
            return
        if len(self.parts.files) >= MOST_FILES:
            raise HTTPException(413, f"At most {MOST_FILES} files at once.")
        self._file = self._open(name)
        self.parts.files.append(self._file)

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._file is not None:
            self._file.write(data[start:end])
        elif not self._skip:
            self._text += data[start:end]
            if len(self._text) > _MOST_FIELD_BYTES:
                raise HTTPException(400, "A field of this form is too large.")

    def _end(self) -> None:
        if self._file is None and not self._skip:
            self.parts.fields[self._field] = self._text.decode("utf-8", "replace")

    def _finish(self) -> None:
        self.whole = True


async def read_parts(request: Request, open_file: Callable[[str], Incoming]) -> Parts:
    """Read a multipart body. 400: it is none, or is cut off; nothing of it is kept then."""
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise HTTPException(415, "Send files as multipart/form-data.")
    reader = _Reader(open_file)
    try:
        parser = MultipartParser(options[b"boundary"], reader.callbacks())  # type: ignore[arg-type]
        async for chunk in request.stream():
            parser.write(chunk)
        if not reader.whole:  # the parser itself does not mind a body that is cut off
            raise FormParserError("no final boundary")
    except FormParserError as error:
        reader.parts.discard()
        raise HTTPException(400, "The form cannot be read: it is damaged or cut off.") from error
    except BaseException:
        reader.parts.discard()
        raise
    return reader.parts
