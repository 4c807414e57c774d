"""From a file, the environment and secret files to valid settings, or to every fault with its place."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, SecretStr, ValidationError

from dropscore.domain.errors import Misconfigured
from dropscore.settings.layers import Key, Layer, environment_layer, file_layer, merged, secrets_layer
from dropscore.settings.model import Settings

SQLITE = "sqlite:///{path}"


@dataclass(frozen=True, slots=True)
class Fault:
    """One wrong setting: `where` is `file:line`, an environment variable or a secret file."""

    where: str
    setting: str
    message: str


class WrongSettings(Misconfigured):
    """All faults at once, so that nobody mends them one by one."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        first, *others = [f"{fault.setting}: {fault.message}" if fault.setting else fault.message for fault in faults]
        lines = [first, *(f"{fault.where}: {text}" for fault, text in zip(faults[1:], others, strict=True))]
        super().__init__("\n".join(lines), faults[0].where)
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Loaded:
    """Valid settings, all paths absolute, with the layers they came from (weakest first)."""

    settings: Settings
    file: Path | None
    layers: tuple[Layer, ...]


def load(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """Return the settings of a file (None: defaults), the environment and the secret files.

    Raises:
        Misconfigured: with every fault and its place.
    """
    return load_layers(path, environ).settings


def load_layers(path: Path | None, environ: Mapping[str, str]) -> Loaded:
    """Like `load`, with the layers, for whoever must say where a value came from."""
    secret_folders = tuple(
        Path(environ[name]) for name in ("CREDENTIALS_DIRECTORY", "DROPSCORE_SECRETS") if environ.get(name)
    )
    layers = (
        Layer() if path is None else file_layer(path),
        environment_layer(environ),
        secrets_layer(secret_folders),
    )
    try:
        settings = Settings(**merged(layers))
    except ValidationError as error:
        faults = sorted(_faults(error, layers, path), key=lambda fault: _in_order(fault.where))
        raise WrongSettings(tuple(faults)) from None  # the library's own error quotes secrets
    folder = (path.resolve().parent if path else Path.cwd() / "config").resolve()
    return Loaded(_grounded(settings, folder, layers), path, layers)


def _in_order(where: str) -> tuple[str, int]:
    name, _, line = where.rpartition(":")
    return (name, int(line)) if line.isdigit() else (where, 0)


def _grounded(settings: Settings, folder: Path, layers: tuple[Layer, ...]) -> Settings:
    """Make paths absolute, read the ledger's URL, and hand the common language and zone down to the routes."""
    routes = {
        name: route.model_copy(
            update={
                "model": (folder / route.model).resolve(),
                "language": route.language or settings.language,
                "zone": route.zone or settings.zone,
            }
        )
        for name, route in settings.routes.items()
    }
    root = (folder / settings.root).resolve()
    ledger = settings.ledger
    if ledger.url_file:
        ledger = ledger.model_copy(update={"url": _url_in(folder / ledger.url_file, layers)})
    elif not ledger.url:
        ledger = ledger.model_copy(update={"url": SecretStr(SQLITE.format(path=root / "state" / "ledger.sqlite"))})
    return settings.model_copy(update={"root": root, "routes": routes, "ledger": ledger})


def _url_in(path: Path, layers: tuple[Layer, ...]) -> SecretStr:
    try:
        url = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        where = _place(("ledger", "url_file"), layers) or str(path)
        raise WrongSettings((Fault(where, "ledger.url_file", f"{path} cannot be read: {error}"),)) from error
    return SecretStr(url)


def _place(key: Key, layers: tuple[Layer, ...]) -> str | None:
    """Return where a value came from: the strongest layer that holds the key itself, else a part above it."""
    for cut in range(len(key), 0, -1):
        for layer in reversed(layers):
            if key[:cut] in layer.places:
                return layer.places[key[:cut]]
    below = (place for layer in reversed(layers) for inner, place in layer.places.items() if inner[: len(key)] == key)
    return next(below, None)


def _faults(error: ValidationError, layers: tuple[Layer, ...], path: Path | None) -> Iterator[Fault]:
    for detail in error.errors(include_url=False):
        key = tuple(str(part) for part in detail["loc"] if part != "[key]" and not isinstance(part, int))
        where = _place(key, layers) or str(path or "defaults")
        yield Fault(where, ".".join(key), _sentence(str(detail["type"]), str(detail["msg"]), key, detail))


def _sentence(kind: str, message: str, key: Key, detail: Mapping[str, Any]) -> str:
    if kind == "extra_forbidden":
        return f"there is no such setting.{_suggestion(key)}"
    if kind == "missing":
        return "is missing."
    if kind == "path_type":
        return "should be the path of a file or folder."
    text = message.removeprefix("Value error, ").removeprefix("Input ")
    choices = [str(choice).strip("'") for choice in str(detail.get("ctx", {}).get("expected", "")).split("' or '")]
    flat = [part.strip("'") for choice in choices for part in choice.split("', '")]
    given = detail.get("input")
    near = difflib.get_close_matches(given, flat, n=1) if isinstance(given, str) and len(flat) > 1 else []
    return text + ("" if text.endswith("?") else ".") + (f" Did you mean {near[0]!r}?" if near else "")


def _suggestion(key: Key) -> str:
    """Name the nearest setting beside the unknown one, else the place of one with that very name."""
    beside = _names_in(_model_at(key[:-1]))
    near = difflib.get_close_matches(key[-1], beside, n=1, cutoff=0.6)
    if near:
        return f" Did you mean {near[0]!r}?"
    elsewhere = {place[-1]: ".".join(place) for place in settings_keys()}
    near = difflib.get_close_matches(key[-1], elsewhere, n=1, cutoff=0.8)
    if near:
        return f" Did you mean {elsewhere[near[0]]!r}?"
    return f" Here are: {', '.join(beside)}." if beside else ""


def _names_in(model: type[BaseModel] | None) -> list[str]:
    return list(model.model_fields) if model else []


def _model_at(key: Key) -> type[BaseModel] | None:
    model: Any = Settings
    for part in key:
        if get_origin(model) is dict:
            model = get_args(model)[1]
        elif isinstance(model, type) and issubclass(model, BaseModel) and part in model.model_fields:
            model = model.model_fields[part].annotation
        else:
            return None
    return model if isinstance(model, type) and issubclass(model, BaseModel) else None


def settings_keys(model: type[BaseModel] = Settings, above: Key = ()) -> Iterator[Key]:
    """Yield the key of every single setting; a part that the operator names is `NAME`."""
    for name, info in model.model_fields.items():
        kind: Any = info.annotation
        key = (*above, name)
        if get_origin(kind) is dict:
            kind, key = get_args(kind)[1], (*key, "NAME")
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from settings_keys(kind, key)
        else:
            yield key
