"""The types of settings: what a value may be, and the sentence for one that is none."""

from __future__ import annotations

import codecs
import difflib
import re
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from dropscore.domain.arrivals import told
from dropscore.domain.jobs import RESERVED_ROUTES
from dropscore.domain.notes import NoteKind
from dropscore.domain.rules import Format

_SHA256 = re.compile(r"[0-9a-f]{64}")
_DIRECTIVE = re.compile(r"%[dmyYbBHMSfzjpI]")


def _split(value: Any) -> Any:
    """A list may come as one text, as it does from the environment or a secret file: words, split at blanks."""
    return value.split() if isinstance(value, str) else value


def _address(value: SecretStr) -> SecretStr:
    if "://" not in value.get_secret_value():
        raise ValueError("an address looks like mailto://… or json://…")
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = difflib.get_close_matches(value, available_timezones(), n=1)
        hint = f"did you mean {near[0]!r}?" if near else "write it as Europe/Madrid or UTC"
        raise ValueError(f"no such time zone; {hint}") from None
    return value


def _encoding(value: str) -> str:
    try:
        known = codecs.lookup(value)
        "a".encode(value)  # a codec such as base64 is found too, but is none of text
    except (LookupError, ValueError):
        raise ValueError("no such encoding; write it as cp1252 or latin-1") from None
    return known.name


def _dates(value: str) -> str:
    if value not in ("iso", "auto") and not _DIRECTIVE.search(value):
        raise ValueError("write iso, auto, or a format such as %d/%m/%Y")
    return value


def _group(value: str) -> str:
    if len(value) > 1 or value.isalnum():
        raise ValueError("the sign between groups of three digits is one sign, and no letter or digit")
    return value


def _once(value: tuple[Format, ...]) -> tuple[Format, ...]:
    return tuple(dict.fromkeys(value))


def _sha256(value: str) -> str:
    if not _SHA256.fullmatch(value):
        raise ValueError("a SHA-256 is 64 hexadecimal digits in lower case")
    return value


def _by_commas(value: Any) -> Any:
    """These words have blanks in them: where one text holds several, commas stand between."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _expected(value: str) -> str:
    told(value)
    return value


def _route_name(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", value):
        raise ValueError("a route's name is made of a-z, 0-9, - and _, and begins with a letter or a digit")
    if value in RESERVED_ROUTES:
        raise ValueError(f"{value!r} is the name of a folder with a meaning of its own, so no route may have it")
    return value


Words = Annotated[tuple[str, ...], BeforeValidator(_split)]
Addresses = Annotated[tuple[Annotated[SecretStr, AfterValidator(_address)], ...], BeforeValidator(_split)]
Hashes = Annotated[tuple[Annotated[str, AfterValidator(_sha256)], ...], BeforeValidator(_split)]
Formats = Annotated[tuple[Format, ...], BeforeValidator(_split), AfterValidator(_once), Field(min_length=1)]
Expected = Annotated[tuple[Annotated[str, AfterValidator(_expected)], ...], BeforeValidator(_by_commas)]
Kinds = Annotated[tuple[NoteKind, ...], BeforeValidator(_split)]
Zone = Annotated[str, AfterValidator(_zone)]
Encoding = Annotated[str, AfterValidator(_encoding)]
Dates = Annotated[str, AfterValidator(_dates)]
Group = Annotated[str, AfterValidator(_group)]
RouteName = Annotated[str, AfterValidator(_route_name)]
Language = Literal["en", "es"]
