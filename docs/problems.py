"""Writes `docs/problems.md` from the catalogue of problem codes: `python docs/problems.py`."""

from __future__ import annotations

import re
from pathlib import Path

from dropscore.domain.catalogue import CATALOGUE, Scope
from dropscore.domain.problems import Severity

TARGET = Path(__file__).with_suffix(".md")
TITLES = {
    Scope.FILE: (
        "The file as a whole",
        "No row of such a file is scored: where its cells end, or which columns they belong to, is not certain.",
    ),
    Scope.ROW: ("Rows", "Such a row cannot be scored. Under `good-rows` it is set aside; else the file is refused."),
    Scope.CELL: ("Cells", "A row with such a cell cannot be scored. Under `good-rows` it is set aside."),
}
_PLACE = re.compile(r"\{(\w+)\}")


def _named(template: str) -> str:
    """Return a template for a reader: its places in angle brackets."""
    return _PLACE.sub(lambda place: "" if place[1] == "suggestion" else f"‹{place[1].replace('_', ' ')}›", template)


def document() -> str:
    """Return the page."""
    lines = [
        "# Problems and what to do",
        "",
        "<!-- Written by docs/problems.py from the catalogue. Do not edit. -->",
        "",
        "Every problem in a receipt has one of these codes. A code never changes its meaning. Words in ‹brackets›",
        "stand for what is found in your file. The messages come in English and Spanish (`language` of the route).",
    ]
    for scope, (title, text) in TITLES.items():
        lines += ["", f"## {title}", "", text]
        for entry in sorted((found for found in CATALOGUE.values() if found.scope is scope), key=lambda e: e.code):
            words = entry.words["en"]
            warning = " A warning: the rows are scored." if entry.severity is Severity.WARNING else ""
            lines += [
                "",
                f"### `{entry.code}`",
                "",
                f"{words.meaning}{warning}",
                "",
                f"- Example: {entry.example}",
                f"- Expected: {_named(words.expected)}",
                f"- What to do: {_named(words.remedy)}",
            ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    TARGET.write_text(document(), encoding="utf-8")
