"""What each column accepts, in words, in the notation in which the route reads it."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Mapping

from dropscore import workbook
from dropscore.bundle.manifest import Manifest
from dropscore.domain.rules import Rules
from dropscore.domain.schema import Field, Schema, Type, UnknownCategory
from dropscore.pipeline.accepted_words import words as words_of
from dropscore.receipt import BatchProfile, ColumnProfile
from dropscore.table.dates import formats_of
from dropscore.table.notation import AUTO

Words = Mapping[str, str]

_HEADINGS = ("column", "meaning", "type", "required", "accepted", "missing", "notation", "example")
_NUMBERS = (Type.NUMBER, Type.INTEGER)
_DATES = (Type.DATE, Type.DATETIME)
_LISTED = 60
_ONE_LINE = 14
"""Categories longer than this stand one under another."""
_CODES = {
    "Y": "year", "y": "short-year", "m": "month", "b": "month-name", "B": "month-name",
    "d": "day", "H": "hour", "M": "minute", "S": "second",
}  # fmt: skip


def page_of(manifest: Manifest, schema: Schema, profile: BatchProfile, rules: Rules) -> workbook.Page:
    """Return the page. `schema` is in the route's notation."""
    words = words_of(rules.language)
    sentences = [manifest.description] if manifest.description else []
    sentences += [
        words["formats"].format(xlsx=_counted(rules.limits.xlsx_rows, rules.language)),
        words["encoding-other" if rules.encoding else "encoding"].format(encoding=rules.encoding),
        words[f"header-{rules.header}"],
        words[rules.policy],
    ]
    if any(field.type in (*_NUMBERS, *_DATES) for field in schema.fields):
        sentences.append(words["values"])
    outputs = ", ".join(f"{one.name} ({one.title})" if one.title else one.name for one in manifest.outputs)
    return workbook.Page(
        title=words["title"].format(model=manifest.title or manifest.name),
        sentences=tuple(sentences),
        headings=tuple(words[heading] for heading in _HEADINGS),
        asked=tuple(_asked(field, profile.columns.get(field.name), rules, words) for field in schema.fields),
        closing=(
            words["answers"].format(outputs=outputs),
            words["model"].format(name=manifest.name, version=manifest.version),
        ),
    )


def _counted(number: int, language: str) -> str:
    return f"{number:,}".replace(",", "." if language == "es" else ",")


def _asked(field: Field, profile: ColumnProfile | None, rules: Rules, words: Words) -> workbook.Asked:
    meaning = ". ".join(text.rstrip(".") for text in (field.title, field.description) if text)
    accepted = _accepted(field, words)
    missing = words["never"] if field.required else words["or"].join(_missing(field, words))
    notation = _notation(field, rules, words)
    example = example_of(field, profile)
    required = words["yes" if field.required else "no"]
    told = (field.name, meaning, words[field.type], required, accepted, missing, notation, example)
    limits = "" if accepted == words["anything"] else accepted
    kind = _sentence(words[field.type])
    hint = [kind, "; ".join(limits.splitlines()), words["is-required"] if field.required else ""]
    if not field.required and any(field.missing_values):
        hint.append(words["missing-words"].format(words=missing))
    short = ". ".join(text.rstrip(".") for text in hint if text) + "."
    note = [field.title, field.description, f"{kind}. {hint[2]}".strip(), limits, *hint[3:]]
    if example:
        note.append(words["for-example"].format(example=example))
    return workbook.Asked(field, "\n".join(text for text in note if text), short, told)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _accepted(field: Field, words: Words) -> str:
    lines = []
    if field.enum:
        lines.append(_categories(field, words))
    if field.unknown_category is not UnknownCategory.REFUSE and field.enum:
        flagged = field.unknown_category is UnknownCategory.FLAG
        lines.append(words["others-flagged" if flagged else "others-scored"])
    if field.type is Type.BOOLEAN:
        lines.append(", ".join((*field.true_values, *field.false_values)))
    lines.append(_range(field, words))
    lines.append(_length(field, words))
    if field.pattern is not None:
        lines.append(words["pattern"].format(pattern=field.pattern))
    if field.unique:
        lines.append(words["unique"])
    return "\n".join(line for line in lines if line) or words["anything"]


def _categories(field: Field, words: Words) -> str:
    shown = list(field.enum[:_LISTED])
    if len(field.enum) > _LISTED:
        shown.append(words["more"].format(count=len(field.enum)))
    apart = any("," in word or len(word) > _ONE_LINE for word in field.enum)
    return ("\n" if apart else ", ").join(shown)


def _range(field: Field, words: Words) -> str:
    low, high = (None if bound is None else _bound(bound, field) for bound in (field.minimum, field.maximum))
    if low is None and high is None:
        return ""
    dates = field.type in _DATES
    if high is None:
        return words["later" if dates else "least"].format(low=low)
    if low is None:
        return words["earlier" if dates else "most"].format(high=high)
    return words["between"].format(low=low, high=high)


def _length(field: Field, words: Words) -> str:
    low, high = field.min_length, field.max_length
    if low is None and high is None:
        return ""
    key = "length-most" if low is None else "length-least" if high is None else "length"
    return words["length-exact" if low == high else key].format(low=low, high=high)


def _bound(bound: float | str, field: Field) -> str:
    if field.type not in _DATES:
        return _number(float(bound), field)
    try:
        return _moment(datetime.datetime.fromisoformat(str(bound)), field)
    except ValueError:
        return str(bound)


def _number(value: float, field: Field) -> str:
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return repr(value).replace(".", field.decimal_char)


def _moment(value: datetime.datetime, field: Field) -> str:
    return value.strftime(formats_of(field)[0])


def _missing(field: Field, words: Words) -> list[str]:
    return [words["empty"] if word == "" else word for word in field.missing_values] or [words["never"]]


def _notation(field: Field, rules: Rules, words: Words) -> str:
    if field.type in _NUMBERS:
        return "; ".join(_signs(field, rules, words))
    if field.type in _DATES:
        if rules.dates == AUTO:
            return words["dates-auto"]
        return re.sub(r"%(.)", lambda found: words[_CODES[found[1]]], formats_of(field)[0].replace("%%", "%"))
    return ""


def _signs(field: Field, rules: Rules, words: Words) -> list[str]:
    signs = []
    if field.type is Type.NUMBER:
        comma = "decimal-comma" if field.decimal_char == "," else "decimal-point"
        signs.append(words["decimal-auto" if rules.decimal == AUTO else comma])
    if rules.decimal != AUTO:
        none = words["group-none" if field.type is Type.NUMBER else "digits"]
        sign = words["space"] if field.group_char.isspace() else field.group_char
        signs.append(words["group"].format(sign=sign) if field.group_char else none)
    if not field.bare_number:
        signs.append(words["bare"])
    return signs


def example_of(field: Field, profile: ColumnProfile | None) -> str:
    """Return a value that would be accepted, as text in the column's notation; empty where none is known.

    It is the commonest category or the middle of the training data; what text is right only people know.
    """
    if field.enum:
        counts = (profile.counts or {}) if profile else {}
        return max(field.enum, key=lambda word: counts.get(word, 0))
    if field.type is Type.BOOLEAN:
        return field.true_values[0] if field.true_values else ""
    if field.type is Type.STRING:
        return ""
    middle = _middle(profile)
    if field.type in _DATES:
        return _example_moment(field, middle)
    return _example_number(field, middle)


def _middle(profile: ColumnProfile | None) -> float | None:
    quantiles = profile.quantiles if profile else None
    return quantiles[len(quantiles) // 2] if quantiles else None


def _example_number(field: Field, middle: float | None) -> str:
    low, high = (None if bound is None else float(bound) for bound in (field.minimum, field.maximum))
    value = middle if middle is not None else low if low is not None else high if high is not None else 0.0
    short = float(f"{value:.3g}")
    value = float(round(value)) if field.type is Type.INTEGER else short
    if low is not None and value < low:
        value = float(math.ceil(low)) if field.type is Type.INTEGER else low
    if high is not None and value > high:
        value = float(math.floor(high)) if field.type is Type.INTEGER else high
    return _number(value, field)


def _example_moment(field: Field, middle: float | None) -> str:
    seconds = None if middle is None else round(middle) * (86_400 if field.type is Type.DATE else 1)
    moment = datetime.datetime(2026, 12, 31, 23, 59)
    if seconds is not None:
        moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)
    for bound, outside in ((field.minimum, -1), (field.maximum, 1)):
        if bound is not None:
            limit = datetime.datetime.fromisoformat(str(bound)).replace(tzinfo=None)
            moment = max(moment, limit) if outside < 0 else min(moment, limit)
    return _moment(moment, field)
