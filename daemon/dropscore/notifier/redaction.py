"""Keeps what stands in addresses out of logs, errors and the ledger.

An address may hold its secret anywhere: `json://` in its path, others in the place of the host, and a library
prints what it likes. So every part of an address is taken out of a text, in each spelling that it may have.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

_HIDDEN = "***"
_WITHHELD = "(details withheld: the address's secret is too short to be taken out of them)"
_SHORTEST = 4
_NAMES_A_HOST = frozenset({"mailto", "json", "xml", "form", "gotify", "mqtt"})
"""Kinds of address whose host is a host; with an `s` behind them, too."""
_HARMLESS_KEYS = frozenset(
    {"cto", "emojis", "format", "from", "mode", "name", "overflow", "port", "reply", "rto", "smtp", "to", "verify"}
)
_ADDRESS = re.compile(r"\b([a-z][a-z0-9+.-]*)://[^\s'\"<>]+", re.IGNORECASE)


def names_a_host(url: str) -> bool:
    """Whether what stands in the host's place is a host. Of many services it is a token."""
    return url.partition("://")[0].lower().removesuffix("s") in _NAMES_A_HOST


def safe_url(url: str) -> str:
    """Return what may be shown of an address: its kind, and its host where that is one."""
    kind, found, _ = url.partition("://")
    if not found:
        return _HIDDEN
    try:
        parts = urlsplit(url)
        host = parts.hostname if names_a_host(url) else None
        port = f":{parts.port}" if host and parts.port else ""
    except ValueError:
        host, port = None, ""
    return f"{kind}://{host}{port}/{_HIDDEN}" if host else f"{kind}://{_HIDDEN}"


def redact(text: str, urls: Iterable[str]) -> str:
    """Return the text on one line, without any part of these addresses that may be secret."""
    secrets = {spelling for url in urls for secret in _secrets(url) for spelling in _spellings(secret)}
    if any(len(secret) < _SHORTEST and secret in text for secret in secrets):
        return _WITHHELD
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, _HIDDEN)
    return " ".join(_ADDRESS.sub(lambda match: f"{match.group(1)}://{_HIDDEN}", text).split())


def _secrets(url: str) -> Iterator[str]:
    """Every part of an address but its kind, its host if it is one, and settings that say nothing."""
    yield url
    rest = url.partition("://")[2]
    before_query, _, query = rest.partition("?")
    authority, *path = before_query.split("/")
    credentials, at, host = authority.rpartition("@")
    if at:
        user, _, password = credentials.partition(":")
        yield from (credentials, password)
        yield base64.b64encode(unquote(credentials).encode("utf-8", "surrogateescape")).decode()
        if len(user) >= _SHORTEST:
            yield user
    if not names_a_host(url):
        yield from (part for part in host.split(":") if len(part) >= _SHORTEST)
    yield from (segment for segment in path if len(segment) >= _SHORTEST)
    for name, value in parse_qsl(query, keep_blank_values=False):
        if name.lower() not in _HARMLESS_KEYS and len(value) >= _SHORTEST:
            yield value


def _spellings(secret: str) -> set[str]:
    plain = unquote(secret)
    told = {secret, plain, quote(plain), quote(plain, safe=""), quote_plus(plain), repr(plain)[1:-1]}
    return {spelling for spelling in told if spelling}
