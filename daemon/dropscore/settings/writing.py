"""The commented file that `init` writes, and the JSON Schema by which editors check it."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from dropscore.settings.layers import Key
from dropscore.settings.model import RouteSettings, Settings

SCHEMA_NAME = "dropscore.schema.json"
_WIDTH = 100


def json_schema() -> dict[str, Any]:
    """Return the schema of the file. It says draft 7 and `definitions`, which every TOML editor understands."""
    text = json.dumps(Settings.model_json_schema()).replace("#/$defs/", "#/definitions/")
    schema = json.loads(text)
    definitions = schema.pop("$defs")
    for part in (schema, *definitions.values()):
        for entry in part.get("properties", {}).values():
            entry.pop("title", None)
    return {"$schema": "http://json-schema.org/draft-07/schema#", **schema, "definitions": definitions}


def schema_text() -> str:
    return json.dumps(json_schema(), indent=2) + "\n"


def commented_toml(model: str | None = None, groups: tuple[str, str] | None = None) -> str:
    """Return a configuration with every setting, its default and what it does.

    Prose lines begin with `# `, settings that are at their default with `#`. `model` is the folder of the
    default route's model as it is to stand in the file; without it, that route is commented out too.
    `groups` are the default route's `in_group` and `out_group`.
    """
    given: dict[str, Any] = {"model": model} if model else {}
    if groups:
        given |= {"in_group": groups[0], "out_group": groups[1]}
    lines = [
        f"#:schema ./{SCHEMA_NAME}",
        "# Every setting of Dropscore. A line that begins with # and no blank shows the default (or, where there",
        "# is none, an example): take the # away to change it. The environment is stronger than this file",
        "# (DROPSCORE_WORKERS__PROCESSES=4), and a secret file of the same name is stronger still.",
        "# `dropscore config check` finds mistakes; `dropscore config show` says what holds, and from where.",
        "",
    ]
    singles = {name: info for name, info in Settings.model_fields.items() if not _section(info)}
    for name, info in singles.items():
        lines += _setting(name, info, {})
    for name, info in Settings.model_fields.items():
        section = _section(info)
        if section and name != "routes":
            lines += _table((name,), section, {}, active=True)
    lines += _table(("routes", "default"), RouteSettings, given, active=bool(model))
    lines += [
        "# A route for each further folder of the inbox: inbox/credit/ is the route credit.",
        "#[routes.credit]",
        '#model = "../model/credit"',
    ]
    return "\n".join(lines) + "\n"


def _section(info: FieldInfo) -> type[BaseModel] | None:
    kind: Any = info.annotation
    if get_origin(kind) is dict:
        kind = get_args(kind)[1]
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _table(key: Key, model: type[BaseModel], given: dict[str, Any], *, active: bool) -> Iterator[str]:
    yield from _prose(model.__doc__ or "")
    yield ("" if active else "#") + f"[{'.'.join(key)}]"
    inner = []
    for name, info in model.model_fields.items():
        section = _section(info)
        if section:
            inner.append((name, section))
        else:
            yield from _setting(name, info, given)
    for name, section in inner:
        yield from _table((*key, name), section, {}, active=active)


def _prose(text: str) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(" ".join(text.split()), _WIDTH - 2)]


def _setting(name: str, info: FieldInfo, given: dict[str, Any]) -> list[str]:
    if name in given:
        line = f"{name} = {_toml(given[name])}"
    else:
        default = info.get_default(call_default_factory=True)
        empty = default is None or default is PydanticUndefined or default == () or default == {}
        line = f"#{name} = {_toml(info.examples[0] if empty and info.examples else default)}"
    return [*_prose(info.description or ""), line, ""]


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_toml(item) for item in value)}]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {_toml(item)}" for name, item in value.items()) + " }"
    if isinstance(value, SecretStr):
        raise TypeError("a secret has no place in a template")
    return json.dumps(str(value) if isinstance(value, Path) else value, ensure_ascii=False)
