"""Pages: templates with the reader's language, times in the configured zone, numbers as the language groups them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

import dropscore
from dropscore.web.board import Row
from dropscore.web.context import Web
from dropscore.web.people.roles import Power
from dropscore.web.visitors import Visitor
from dropscore.web.words import LANGUAGES, best_language, saying

FOLDER = Path(__file__).parent / "templates"
ICONS = {
    "waiting": "◷",
    "working": "▶",
    "delivered": "✔",
    "partial": "◐",
    "rejected": "✖",
    "checked": "☑",
    "answered": "↩",
    "held": "⏸",
    "mended": "✚",
    "archived": "▣",
    "trashed": "⌫",
}
"""A shape for each state, so that colour is never alone."""
STATES = {
    "waiting": "waiting",
    "working": "in progress",
    "delivered": "delivered",
    "partial": "partly delivered",
    "rejected": "failed",
    "checked": "checked",
    "answered": "answered",
    "held": "held",
    "mended": "replaced",
    "archived": "archived",
    "trashed": "in the trash",
}
STAGES = {"copy": "it is being copied", "work": "it is being checked and scored"} | dict.fromkeys(
    ("stage", "publish", "archive", "account", "tidy"), "it is being published"
)


@cache
def templates() -> Environment:
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["marked"] = marked
    made.globals["drawn"] = drawn
    return made


def marked(sentence: str) -> Markup:
    """Return a sentence with `*column*` and `` `cell` `` set apart. What is in them is escaped first."""
    parts = re.split(r"`([^`]+)`", str(escape(sentence)))
    parts[::2] = [re.sub(r"(?<![\w*])\*([^*]+)\*(?![\w*])", r"<em>\1</em>", part) for part in parts[::2]]
    parts[1::2] = [f"<code>{part}</code>" for part in parts[1::2]]
    return Markup("".join(parts))


class Shown:
    """How one reader is shown things."""

    def __init__(self, language: str, zone: str) -> None:
        self.language = language
        self.say = saying(language)
        self.zone = zone
        self._zone = ZoneInfo(zone)

    def moment(self, value: datetime | float | str | None) -> str:
        """Return a time as the reader's clock shows it."""
        found = as_moment(value)
        return found.astimezone(self._zone).strftime("%Y-%m-%d %H:%M:%S") if found else ""

    def iso(self, value: datetime | float | str | None) -> str:
        found = as_moment(value)
        return found.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if found else ""

    def count(self, value: int | float) -> str:
        text = f"{value:,}"
        return text.replace(",", ".") if self.language == "es" else text

    def seconds(self, value: float) -> str:
        if value < 60:
            return self.say("{n} s", n=f"{value:.1f}")
        minutes, rest = divmod(round(value), 60)
        return self.say("{m} min {s} s", m=minutes, s=rest)

    def size(self, value: float) -> str:
        for unit in ("B", "kB", "MB", "GB"):
            if value < 1000:
                return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
            value /= 1000
        return f"{value:.1f} TB"

    def stage(self, stage: str) -> str:
        """Return how far a job at work has come."""
        return self.say(STAGES[stage]) if stage in STAGES else ""

    def state(self, state: str) -> str:
        return self.say(STATES.get(state, state))


def as_moment(value: datetime | float | str | None) -> datetime | None:
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return datetime.fromisoformat(value)
    return datetime.fromtimestamp(value, UTC) if isinstance(value, int | float) else value


def shown_to(request: Request, web: Web, visitor: Visitor | None) -> Shown:
    wanted = visitor.user.language if visitor else ""
    accepted = request.headers.get("accept-language", "")
    return Shown(best_language(wanted, accepted, web.settings.language), web.settings.zone)


def fragment(template: str, shown: Shown, values: Mapping[str, Any]) -> str:
    """Return a part of a page."""
    return templates().get_template(template).render(_=shown.say, shown=shown, icons=ICONS, **values)


@lru_cache(4096)
def drawn(row: Row, language: str, zone: str) -> Markup:
    """Return one line of a list as its readers see it. Most lines of a page were drawn before, for somebody."""
    return Markup(fragment("_row.html", _shown(language, zone), {"row": row}))


@cache
def _shown(language: str, zone: str) -> Shown:
    return Shown(language, zone)


def page(
    request: Request, web: Web, template: str, visitor: Visitor | None = None, /, status: int = 200, **values: Any
) -> HTMLResponse:
    """Return a whole page."""
    shown = shown_to(request, web, visitor)
    common: dict[str, Any] = {
        "visitor": visitor,
        "powers": {str(power): visitor is not None and visitor.who.may(power) for power in Power},
        "theme": visitor.user.theme if visitor and visitor.user.theme else "auto",
        "languages": LANGUAGES,
        "version": dropscore.__version__,
        "path": request.url.path,
    }
    return HTMLResponse(fragment(template, shown, {**common, **values}), status)
