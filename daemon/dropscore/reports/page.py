"""The report as a page by itself, and as Markdown."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined

from dropscore.figures import Report
from dropscore.reports.view import Table, views
from dropscore.reports.words import words_of

_pages = Environment(
    loader=PackageLoader("dropscore.reports"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def html(report: Report, language: str = "en", zone: str = "UTC") -> str:
    """Return a page that needs nothing beside it: no script, no font, no picture from elsewhere."""
    shown = {"title": _title(report, language), "lines": _lines(report, language, zone), "words": words_of(language)}
    return _pages.get_template("report.html").render(language=language, views=views(report, language, zone), **shown)


def markdown(report: Report, language: str = "en", zone: str = "UTC") -> str:
    words = words_of(language)
    parts = [f"# {_title(report, language)}", " ".join(_lines(report, language, zone))]
    for view in views(report, language, zone):
        parts += [f"## {_plain(view.title)}", view.sentence]
        if view.outside:
            parts += [f"**{words['outside']}**", "\n".join(f"- {_plain(told)}" for told in view.outside)]
        parts += [part for table in view.tables if table.rows for part in (f"### {_plain(table.title)}", _table(table))]
    return "\n\n".join(parts) + "\n"


def _title(report: Report, language: str) -> str:
    return words_of(language)["title"].format(route=report.route)


def _lines(report: Report, language: str, zone: str) -> list[str]:
    words = words_of(language)
    made = report.made.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")
    counts = {name: f"{getattr(report, name):,}" for name in ("matched", "predictions", "actuals")}
    lines = [words["counted"].format(**counts), words["made"].format(made=made)]
    return lines if report.matched else [words["nothing"], *lines]


def _table(table: Table) -> str:
    rows = [table.header, tuple("---" for _ in table.header), *table.rows]
    return "\n".join(f"| {' | '.join(_plain(cell) for cell in row)} |" for row in rows)


def _plain(text: str) -> str:
    """Return a text that cannot end a cell, or begin anything else, in Markdown."""
    for sign in "\\`*_|<>[]#":
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.split())
