"""The catalogue of problem codes: what each means, an example, what to do, and the sentences built from it.

A code never changes its meaning: receipts are kept, and programs read them. Messages say where, what was found,
what was expected and what to do, in words for a person with a spreadsheet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from dropscore.domain.problems import Problem, ProblemGroup, Severity
from dropscore.domain.sentences import count_in
from dropscore.domain.wording import Words
from dropscore.domain.wording.en_cell import CELL as EN_CELL
from dropscore.domain.wording.en_cell import PHRASES as EN_PHRASES
from dropscore.domain.wording.en_file import FILE as EN_FILE
from dropscore.domain.wording.en_work import EXAMPLES as _WORK_EXAMPLES
from dropscore.domain.wording.en_work import WARNINGS as _WORK_WARNINGS
from dropscore.domain.wording.en_work import WORK as EN_WORK
from dropscore.domain.wording.es_cell import CELL as ES_CELL
from dropscore.domain.wording.es_cell import PHRASES as ES_PHRASES
from dropscore.domain.wording.es_file import FILE as ES_FILE
from dropscore.domain.wording.es_work import WORK as ES_WORK

LANGUAGES = ("en", "es")
FOUND_AT_MOST = 120
"""Characters of a cell that a message shows."""


class Scope(StrEnum):
    """What a problem spoils: the whole file, one row, or one cell (and with it its row)."""

    FILE = "file"
    ROW = "row"
    CELL = "cell"


@dataclass(frozen=True, slots=True)
class Entry:
    """One problem code. `example` is a line or cell that provokes it."""

    code: str
    scope: Scope
    example: str
    words: Mapping[str, Words]
    severity: Severity = Severity.ERROR

    @property
    def meaning(self) -> str:
        return self.words["en"].meaning

    @property
    def remedy(self) -> str:
        return self.words["en"].remedy


_FILE_EXAMPLES = {
    "empty-file": "(0 bytes)",
    "not-a-table": "a photo called `customers.csv`",
    "old-spreadsheet": "`customers.xls`",
    "too-many-bytes": "a file of 6 GB where 4 GB are accepted",
    "too-many-rows": "60,000,000 rows where 50,000,000 are accepted",
    "too-many-columns": "3,000 columns where 2,000 are accepted",
    "cell-too-long": "a cell of 5 MB where 1 MB is accepted",
    "block-too-large": "rows of 60 kB each",
    "packed-broken": "half of `customers.csv.gz`",
    "packed-ratio": "1 MB that unpacks to 1 GB",
    "packed-encrypted": "`customers.zip` with a password",
    "packed-nothing": "`letters.zip` with two .txt notes",
    "packed-several": "`all.zip` with `a.csv` and `b.csv`",
    "spreadsheet-broken": "a workbook that Excel offers to repair",
    "spreadsheet-macros": "`customers.xlsm`",
    "spreadsheet-links": "`=[prices.xlsx]Sheet1!A1`",
    "spreadsheet-merged": "`north` in one cell that spans the rows 2 to 4",
    "spreadsheet-rows": "300,000 rows where 200,000 are accepted",
    "parquet-broken": "half of `customers.parquet`",
    "parquet-type": "a column of lists",
    "undecodable-bytes": "`M\\xfcller` (Müller in cp1252) in a folder that names no code page",
    "mixed-encodings": "`Müller` in UTF-8 in one line and in cp1252 in the next",
    "checksum-differs": "`customers.csv.sha256` with the hash of an older file",
    "utf16-without-mark": "`a\\x00g\\x00e\\x00`",
    "nul-byte": "`12\\x00\\x00,7`",
    "no-header": "`34,52000,retail` as first line",
    "missing-column": "`age,segment` where the model needs `age,income,segment`",
    "header-spelling": "`Customer ID` for `customer_id`",
    "duplicate-header": "`age,income,age`",
    "blank-header": "`,age,income`",
    "ambiguous-delimiter": "`age,note;income` where the model needs `age,income`",
    "rows-above-header": "`34,52000` above `age,income`",
    "no-rows": "`age,income` and nothing else",
    "header-width": "`age,income` above `1,34,52000`",
    "bare-quote": '`5" pipe,3`',
    "unclosed-quote": '`"Smith,3` until the end of the file',
    "backslash-escape": '`"5\\" pipe",3`',
    "cut-off": "`34,520` as last line where three cells are expected",
    "final-newline-missing": "`34,52000` as last line, without its end",
    "final-newline-required": "`34,52000` as last line, without its end",
    "lone-return": "`a\\rb\\nc\\n`",
    "blank-rows-at-end": "`;;;;` below the table",
    "undecided-decimal": '`1,234` and nothing else, under `decimal = "auto"`',
    "contradicting-decimal": '`1.5` and `2,5`, under `decimal = "auto"`',
    "undecided-dates": '`03/04/2026` and nothing else, under `dates = "auto"`',
    "contradicting-dates": '`31/01/2026` and `01/31/2026`, under `dates = "auto"`',
}
_ROW_EXAMPLES = {
    "too-few-cells": "`34,52000` where three cells are expected",
    "too-many-cells": "`34,52000,retail,food` where three cells are expected",
    "blank-line": "an empty line between two rows",
    "total-row": "`Total;;;4711`",
    "repeated-header": "`age,income` between the rows",
}
_CELL_EXAMPLES = {
    "control-character": "`ret\\x07ail`",
    "stray-mark": "`\\ufeffretail`",
    "missing-value": "an empty cell",
    "missing-word": "`NA` for a number",
    "database-null": "`\\N`",
    "not-a-number": "`abc`",
    "not-an-integer": "`12.5`",
    "decimal-comma": "`1234,5`",
    "decimal-point": '`1234.5` where `decimal = ","`',
    "ambiguous-number": "`1,234`",
    "grouped-number": "`1,234,567.5`",
    "broken-groups": "`1,23,456`",
    "percent": "`95%`",
    "currency": "`€ 12.50`",
    "accounting-negative": "`(12.50)`",
    "number-too-large": "`1e999`",
    "not-a-boolean": "`maybe`",
    "not-a-date": "`soon`",
    "other-date": "`31.12.2026` where 2026-12-31 is expected",
    "impossible-date": "`2026-02-30`",
    "time-zone": "`2026-12-31T10:00:00+02:00`",
    "below-minimum": "`-3` for an age",
    "above-maximum": "`340` for an age",
    "unknown-value": "`retial` for `retail`",
    "pattern": "`AB-12` for `[A-Z]{2}-[0-9]{4}`",
    "too-short": "`A` where 2 characters are needed",
    "too-long": "`ABCDE` where 4 characters are allowed",
    "duplicate-value": "`C-17` in rows 4 and 9",
    "lost-zeros": "`1067` for the postcode `01067`",
    "scientific-notation": "`1,2E+12`",
    "turned-into-date": "`01-Mrz` for `1-3`",
    "spreadsheet-error": "`#N/A`",
    "formula-without-value": "`=A1+A2` in a workbook that no spreadsheet has saved",
    "hash-signs": "`########`",
}
_WARNINGS = frozenset({"blank-header", "final-newline-missing", "blank-rows-at-end"}) | _WORK_WARNINGS
_WORDS = {"en": EN_FILE | EN_CELL | EN_WORK, "es": ES_FILE | ES_CELL | ES_WORK}
PHRASES: dict[str, Mapping[str, str]] = {"en": EN_PHRASES, "es": ES_PHRASES}


def _entries() -> dict[str, Entry]:
    examples = [
        (Scope.FILE, _FILE_EXAMPLES | dict(_WORK_EXAMPLES)),
        (Scope.ROW, _ROW_EXAMPLES),
        (Scope.CELL, _CELL_EXAMPLES),
    ]
    return {
        code: Entry(
            code,
            scope,
            example,
            {language: words[code] for language, words in _WORDS.items()},
            Severity.WARNING if code in _WARNINGS else Severity.ERROR,
        )
        for scope, found in examples
        for code, example in found.items()
    }


CATALOGUE: dict[str, Entry] = _entries()


class _Known(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "…"


def shown(text: str) -> str:
    """Return a cell's text as a message shows it: on one line, what cannot be seen escaped, not too long."""
    if len(text) <= FOUND_AT_MOST and text.isprintable():
        return text
    visible = "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text[: FOUND_AT_MOST + 1])
    return visible if len(visible) <= FOUND_AT_MOST else visible[:FOUND_AT_MOST] + "…"


def _words(code: str, language: str) -> Words:
    words = CATALOGUE[code].words
    return words.get(language, words["en"])


def problem(
    code: str,
    language: str = "en",
    *,
    row: int | None = None,
    line: int | None = None,
    column: str | None = None,
    cell: str | None = None,
    found: str | None = None,
    severity: Severity | None = None,
    more: Mapping[str, str] | None = None,
    **rest: str,
) -> Problem:
    """Return a problem with its sentences. `more` and `rest` fill the templates' other places."""
    words = _words(code, language)
    known = _Known(more or {})
    known.update(rest)
    for name, value in (("row", row), ("line", line), ("column", column), ("cell", cell), ("found", found)):
        if value is not None:
            known[name] = shown(str(value))
    known["expected"] = _expected(words, known, _phrases(language))
    return Problem(
        code,
        row=row,
        line=line,
        column=column,
        cell=cell,
        found=None if found is None else shown(found),
        expected=known["expected"],
        hint=words.remedy.format_map(known),
        severity=severity or CATALOGUE[code].severity,
    )


def counted(number: int, language: str = "en") -> str:
    """Return the number with its groups of thousands as the language writes them."""
    return f"{count_in(language, number)}"


def phrase(name: str, language: str = "en", **places: str) -> str:
    """Return a part of a sentence, such as the one that names a near miss."""
    return _phrases(language)[name].format_map(_Known({key: shown(value) for key, value in places.items()}))


def _phrases(language: str) -> Mapping[str, str]:
    return PHRASES.get(language, PHRASES["en"])


def group(
    code: str,
    language: str = "en",
    *,
    count: int,
    column: str | None = None,
    rows: tuple[int, ...] = (),
    severity: Severity | None = None,
    more: Mapping[str, str] | None = None,
) -> ProblemGroup:
    """Return the problems of one cause as one sentence, count first; a single one by its place and its meaning."""
    words, phrases = _words(code, language), _phrases(language)
    known = _Known({name: shown(value) for name, value in (more or {}).items()})
    known["cells"], known["rows"] = (phrases[name].format(count_in(language, count)) for name in ("cells", "rows"))
    if column is not None:
        known["column"] = shown(column)
    known["expected"] = known.get("expected") or _expected(words, known, phrases)
    scope = CATALOGUE[code].scope
    sentence = words.group.format_map(known)
    if count == 1 and rows and scope is not Scope.FILE:
        known |= {"row": counted(rows[0], language), "meaning": words.meaning}
        sentence = phrases["one-cell" if scope is Scope.CELL and column else "one-row"].format_map(known)
    return ProblemGroup(
        code,
        column,
        count,
        sentence,
        words.remedy.format_map(known),
        severity or CATALOGUE[code].severity,
        rows,
    )


def _expected(words: Words, known: Mapping[str, str], phrases: Mapping[str, str]) -> str:
    """Return what was expected. Where that hangs on the column, `expects` names the phrase for it."""
    template = phrases[known["expects"]] if "expects" in known else words.expected
    return template.format_map(_Known(known))


def group_problems(problems: Iterable[Problem], language: str = "en") -> tuple[ProblemGroup, ...]:
    """Return located problems grouped by cause: those of a file that was refused as a whole."""
    causes: dict[tuple[str, str | None], list[Problem]] = {}
    for found in problems:
        by_column = found.column if CATALOGUE[found.code].scope is not Scope.ROW else None
        causes.setdefault((found.code, by_column), []).append(found)
    groups = []
    for (code, column), members in causes.items():
        first = members[0]
        known = {name: str(value) for name in PLACES if (value := getattr(first, name)) is not None}
        rows = tuple(member.row for member in members if member.row is not None)[:5]
        made = group(code, language, count=len(members), column=column, rows=rows, severity=first.severity, more=known)
        groups.append(replace(made, hint=first.hint or made.hint))
    groups.sort(key=lambda made: (made.severity is Severity.WARNING, -made.count))
    return tuple(groups)


PLACES = ("found", "line", "row", "cell", "column", "expected")
"""What a template of a file's group may name: whatever a problem itself knows."""
