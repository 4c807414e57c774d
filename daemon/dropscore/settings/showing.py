"""Every effective value and where it comes from, with secrets masked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from dropscore.settings.layers import Key
from dropscore.settings.loading import Loaded


@dataclass(frozen=True, slots=True)
class Source:
    """One setting: `value` is fit for JSON and for anybody's eyes."""

    setting: str
    value: Any
    where: str


def sources(loaded: Loaded) -> tuple[Source, ...]:
    """Return every setting in the order of the file, with its place: file and line, variable, secret or default."""
    return tuple(
        Source(".".join(key), shown(value), _where(key, loaded)) for key, value in _values(loaded.settings, ())
    )


def _values(part: Any, key: Key) -> Iterator[tuple[Key, Any]]:
    if isinstance(part, BaseModel):
        for name in type(part).model_fields:
            yield from _values(getattr(part, name), (*key, name))
    elif isinstance(part, dict):
        for name, value in part.items():
            yield from _values(value, (*key, str(name)))
    else:
        yield key, part


def _where(key: Key, loaded: Loaded) -> str:
    for layer in reversed(loaded.layers):
        if key in layer.places:
            return layer.places[key]
    if key == ("ledger", "url") and loaded.settings.ledger.url_file:
        return str(loaded.settings.ledger.url_file)
    return "default"


def shown(value: Any) -> Any:
    """Return a value as anybody may see it: of a secret address only the kind, such as `mailto://***`."""
    if isinstance(value, SecretStr):
        return mask(value.get_secret_value())
    if isinstance(value, tuple):
        return [shown(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, Path) else value


def mask(address: str) -> str:
    """Return only the kind of an address: what follows may be a token in any place. A file's path is no secret."""
    scheme, found, _ = address.partition("://")
    if scheme == "sqlite":
        return address
    return f"{scheme}://***" if found else "***"
