"""Small forms: urlencoded, bounded, read before anything blocks."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qs

from fastapi import Depends, HTTPException, Request

MOST_BYTES = 2_000_000
_MOST_FIELDS = 5_000


class Fields:
    """What was filled in."""

    def __init__(self, values: dict[str, list[str]]) -> None:
        self._values = values

    def one(self, name: str, default: str = "") -> str:
        return self._values.get(name, [default])[0]

    def all(self, name: str) -> list[str]:
        return self._values.get(name, [])

    def starting(self, prefix: str) -> dict[str, str]:
        """Return the fields whose name begins so, without that beginning."""
        return {name.removeprefix(prefix): v[0] for name, v in self._values.items() if name.startswith(prefix)}


async def read_form(request: Request) -> Fields:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise HTTPException(413, "This form is too large.")
    try:
        return Fields(parse_qs(body.decode("utf-8"), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError:
        raise HTTPException(400, "This form cannot be read.") from None


Form = Annotated[Fields, Depends(read_form)]
