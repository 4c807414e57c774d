"""What the panel says, in its languages. English is the key; a language is a table of sentences.

Placeholders are named, `{count}`, so that each language can put them where it needs them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache

from dropscore.web.words_es import ES
from dropscore.web.words_es_drift import DRIFT
from dropscore.web.words_es_reports import REPORTS
from dropscore.web.words_es_told import TOLD

LANGUAGES = {"en": "English", "es": "Español"}
_TOLD: dict[str, dict[str, str]] = {"es": TOLD}
_TABLES: dict[str, dict[str, str]] = {"en": {}, "es": ES | REPORTS | DRIFT}

Say = Callable[..., str]


def saying(language: str) -> Say:
    """Return the function that says a sentence in that language, with its placeholders filled in."""
    table = _TABLES.get(language, {})

    def say(sentence: str, **values: object) -> str:
        if values:
            return table.get(sentence, sentence).format(**values)
        return table[sentence] if sentence in table else " ".join(_told(language, part) for part in _parts(sentence))

    return say


_NEXT = re.compile(r"(?<=[.)]) (?=Not taken: |[\d,]+ drops? (?:is|are) next)")


def _parts(sentence: str) -> list[str]:
    """Return what was put together of several sentences with names in them."""
    return _NEXT.split(sentence)


@lru_cache(4096)
def _told(language: str, sentence: str) -> str:
    """Return what the daemon told, in that language; as it stands, where its words are not known."""
    for pattern, wanted in _patterns(language):
        found = pattern.fullmatch(sentence)
        if found:
            return wanted.format(**found.groupdict())
    return sentence


@cache
def _patterns(language: str) -> list[tuple[re.Pattern[str], str]]:
    made = []
    for sentence, wanted in _TOLD.get(language, {}).items():
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+?)", re.escape(sentence))
        made.append((re.compile(pattern, re.DOTALL), wanted))
    return made


def best_language(wanted: str, accepted: str, default: str) -> str:
    """Return the user's choice, else the first known language of an Accept-Language header, else the default."""
    if wanted in LANGUAGES:
        return wanted
    for part in accepted.split(","):
        name = part.split(";")[0].strip().lower()[:2]
        if name in LANGUAGES:
            return name
    return default if default in LANGUAGES else "en"
