"""The layers that settings come from, weakest first, and the place of every value in them.

A layer is a tree of plain values. A place is what a person looks up: `dropscore.toml:12`, the name of an
environment variable, the path of a secret file.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic_settings import EnvSettingsSource, NestedSecretsSettingsSource, SecretsSettingsSource

from dropscore.domain.errors import Misconfigured
from dropscore.settings.model import Settings

PREFIX = "DROPSCORE_"
OTHER_VARIABLES = ("DROPSCORE_CONFIG", "DROPSCORE_SECRETS", "DROPSCORE_TEST_")
"""Beginnings of names that are no settings: where the configuration and secrets lie, and what tests are told."""
_AT_LINE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Layer:
    values: dict[str, Any] = field(default_factory=dict, repr=False)  # secrets are among them
    places: Mapping[Key, str] = field(default_factory=dict)


def file_layer(path: Path) -> Layer:
    """Read a TOML file. Misconfigured if it cannot be read or is no TOML."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise Misconfigured(f"cannot be read: {error.strerror}", str(path)) from error
    except UnicodeDecodeError as error:
        raise Misconfigured(f"is not UTF-8 (byte {error.start})", str(path)) from error
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        found = _AT_LINE.search(message)
        line = found.group(1) if found and found.group(1) else str(max(1, len(text.splitlines())))
        raise Misconfigured(f"not TOML: {_AT_LINE.sub('', message)}", f"{path}:{line}") from error
    return Layer(values, {key: f"{path}:{line}" for key, line in lines_of(text).items()})


def lines_of(text: str) -> dict[Key, int]:
    """Return the line on which each key of a valid TOML text is set, tables included."""
    found: dict[Key, int] = {}
    table: Key = ()
    for line, statement in _statements(text):
        is_header = statement.lstrip().startswith("[")
        keys = list(_keys(tomllib.loads(statement)))
        if is_header:
            table = keys[-1]
        for key in keys:
            found.setdefault(key if is_header else table + key, line)
    return found


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Cut a TOML text into headers and assignments: a statement ends where what has been read is TOML by itself."""
    start, pending = 1, ""
    for number, line in enumerate(text.splitlines(keepends=True), start=1):
        if not pending:
            start = number
            if not line.strip() or line.lstrip().startswith("#"):
                continue
        pending += line
        try:
            tomllib.loads(pending)
        except tomllib.TOMLDecodeError:
            continue
        yield start, pending
        pending = ""


def _keys(values: Mapping[str, Any]) -> Iterator[Key]:
    for name, value in values.items():
        yield (name,)
        inner = value[-1] if isinstance(value, list) and value and isinstance(value[-1], dict) else value
        if isinstance(inner, dict):
            yield from ((name, *key) for key in _keys(inner))


class _Environment(EnvSettingsSource):
    """The library's reader, of a given environment instead of the process's own."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._given = {name.lower(): value for name, value in environ.items() if value}
        super().__init__(Settings)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return self._given


def environment_layer(environ: Mapping[str, str]) -> Layer:
    """Read the variables `DROPSCORE_…`; `__` leads into a section. Misconfigured names one that is no setting."""
    names = {
        name.upper(): name
        for name, value in environ.items()
        if name.upper().startswith(PREFIX) and value and not name.upper().startswith(OTHER_VARIABLES)
    }
    places = {_key(upper): f"environment variable {name}" for upper, name in names.items()}
    return Layer(_with_strays(_Environment(environ)(), {_key(u): environ[n] for u, n in names.items()}), places)


def secrets_layer(folders: tuple[Path, ...]) -> Layer:
    """Read the files `dropscore_…`, named like the variables, of systemd's credentials or another folder."""
    given: dict[Key, str] = {}
    places: dict[Key, str] = {}
    for folder in folders:
        try:
            files = sorted(entry for entry in folder.iterdir() if entry.name.upper().startswith(PREFIX))
        except OSError as error:
            raise Misconfigured(f"secrets cannot be read: {error.strerror}", str(folder)) from error
        for path in files:
            given[_key(path.name.upper())] = _text_of(path)
            places[_key(path.name.upper())] = str(path)
    if not given:
        return Layer()
    source = NestedSecretsSettingsSource(
        SecretsSettingsSource(Settings, secrets_dir=list(folders)),
        secrets_prefix=PREFIX,
        secrets_nested_delimiter="__",
    )
    return Layer(_with_strays(source(), given), places)


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"this secret cannot be read: {error}", str(path)) from error


def _key(name: str) -> Key:
    return tuple(name[len(PREFIX) :].lower().split("__"))


def _with_strays(values: dict[str, Any], given: Mapping[Key, str]) -> dict[str, Any]:
    """Add what the library passed over because it is no setting, so that it is refused and not ignored."""
    for key, value in given.items():
        branch: Any = values
        for part in key[:-1]:
            branch = branch.setdefault(part, {}) if isinstance(branch, dict) else None
        if isinstance(branch, dict):
            branch.setdefault(key[-1], value)
    return values


def merged(layers: tuple[Layer, ...]) -> dict[str, Any]:
    """Return one tree in which later layers win, value by value."""
    found: dict[str, Any] = {}
    for layer in layers:
        _merge(found, layer.values)
    return found


def _merge(into: dict[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            inner = into.get(name)
            into[name] = _merge(inner if isinstance(inner, dict) else {}, value)
        else:
            into[name] = value
    return into
