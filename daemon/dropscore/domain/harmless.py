"""JSON in which a spreadsheet finds no formula, should somebody open it as a table."""

from __future__ import annotations

import re

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
# A cell begins where a string does, and after whatever a spreadsheet may take for the sign between cells.
_FORMULA = re.compile(r'(^"|[,;|]|\\[tnr"])( *)([=+\-@＝＋－＠])')


def harmless(json: str) -> str:
    """Return the same document: a sign that would begin a formula is escaped, as JSON allows, and reads the same."""
    return _STRING.sub(lambda string: _FORMULA.sub(_escaped, string[0]), json)


def _escaped(match: re.Match[str]) -> str:
    return f"{match[1]}{match[2]}\\u{ord(match[3]):04x}"
