"""Numbers in every local notation, dates, words for nothing, and what spreadsheets do to data."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import replace

from corpus.case import AUTO, GOOD_ROWS, Case, cells, column, partly, parts, right, wrong
from dropscore.domain.rules import Rules
from dropscore.domain.schema import Type

NUMBER, INTEGER, DATE, TEXT = (column(kind) for kind in (Type.NUMBER, Type.INTEGER, Type.DATE, Type.STRING))
WHEN = column(Type.DATETIME)
BARE = column(Type.NUMBER, bare_number=False)
COMMA = Rules(decimal=",")
DE = Rules(decimal=",", group=".")


def _number(name: str, cell: str, wanted: float, **more: object) -> Case:
    return right(f"number-{name}", cells(cell), *parts(wanted), **{"schema": NUMBER, **more})  # type: ignore[arg-type]


def _bad(name: str, cell: str, codes: str, **more: object) -> Case:
    return wrong(f"number-{name}", cells(cell), codes, **{"schema": NUMBER, **more})  # type: ignore[arg-type]


def numbers() -> Iterator[Case]:
    yield _number("plain", "1234.5", 1234.5)
    yield _number("plus", "+5", 5.0)
    yield _number("no-zero", ".5", 0.5)
    yield _number("point-at-end", "5.", 5.0)
    yield _number("exponent", "1.5e-3", 0.0015)
    yield _number("leading-zeros", "007", 7.0)
    yield _number("huge", "9007199254740993", 9007199254740992.0)
    yield _number("comma", "1234,5", 1234.5, rules=COMMA)
    yield _number("german", "1.234,5", 1234.5, rules=DE)
    yield _number("german-millions", "1.234.567", 1234567.0, rules=DE)
    yield _number("french", "1 234,5", 1234.5, rules=Rules(decimal=",", group=" "))
    yield _number("swiss", "1'234.5", 1234.5, rules=Rules(group="'"))
    yield _number("swiss-curly", "1’234.5", 1234.5, rules=Rules(group="'"))
    yield _number("indian-by-threes", "12,345", 12345.0, rules=Rules(group=","))
    for name, cell, code in (
        ("comma-untold", "1234,5", "decimal-comma"),
        ("german-untold", "1.234,5", "decimal-comma"),
        ("french-untold", "1 234,5", "grouped-number"),
        ("swiss-untold", "1'234.5", "grouped-number"),
        ("us-untold", "1,234.5", "grouped-number"),
        ("either", "1,234", "ambiguous-number"),
        ("millions-of-commas", "1,234,567", "grouped-number"),
        ("millions-of-points", "1.234.567", "grouped-number"),
        ("indian", "1,23,456", "broken-groups"),
        ("percent", "95%", "percent"),
        ("permille", "95‰", "not-a-number"),
        ("euro", "12 €", "currency"),
        ("dollar", "$12", "currency"),
        ("code", "EUR 12", "currency"),
        ("brackets", "(12)", "accounting-negative"),
        ("minus-behind", "12-", "accounting-negative"),
        ("credit", "12 CR", "not-a-number"),
        ("two-points", "1.2.3", "not-a-number"),
        ("two-signs", "--5", "not-a-number"),
        ("sign-in-midst", "1-2", "not-a-number"),
        ("inf", "inf", "not-a-number"),
        ("infinity", "-Infinity", "not-a-number"),
        ("nan", "NaN", "missing-word"),
        ("hex", "0x1F", "not-a-number"),
        ("underscores", "1_000", "grouped-number"),
        ("fortran", "1.5D+03", "not-a-number"),
        ("letter-o", "1O0", "not-a-number"),
        ("letter-l", "l00", "not-a-number"),
        ("unit", "5 kg", "not-a-number"),
        ("thousand", "5k", "not-a-number"),
        ("less-than", "<5", "not-a-number"),
        ("about", "~5", "not-a-number"),
        ("range", "5-10", "not-a-number"),
        ("ratio", "3/4", "not-a-number"),
        ("formula", "=1+1", "not-a-number"),
        ("too-large", "1e999", "number-too-large"),
        ("boolean", "TRUE", "not-a-number"),
        ("month", "01-Mrz", "turned-into-date"),
        ("date", "2026-02-28", "turned-into-date"),
        ("time", "12:30", "not-a-number"),
        ("point-alone", ".", "missing-word"),
        ("sign-alone", "-", "missing-word"),
        ("exponent-alone", "e5", "not-a-number"),
        ("space-inside", "1 2", "broken-groups"),
        ("line-break", "1\n2", "not-a-number"),
    ):
        yield _bad(name, cell, code)
    yield _bad("point-where-comma", "1234.5", "decimal-point", rules=COMMA)
    yield _bad("point-where-comma-either", "1.234", "ambiguous-number", rules=COMMA)
    yield _bad("us-where-german", "1,234.5", "decimal-point", rules=DE)
    yield _bad("groups-broken", "1.23.456", "broken-groups", rules=DE)
    yield _bad("group-after-zero", "0.123", "broken-groups", rules=DE)
    yield _bad("group-of-four", "1.2345", "broken-groups", rules=DE)
    for name, cell, value in (
        ("percent", "95%", 95.0),
        ("euro", "€ 12.50", 12.5),
        ("brackets", "(12.50)", -12.5),
        ("minus-behind", "12.50-", -12.5),
        ("dollar-negative", "-$5", -5.0),
    ):
        yield right(f"bare-{name}", cells(cell), *parts(value), schema=BARE)
    for name, cell in (("double-negative", "(-5)"), ("plus-minus", "+5-")):
        yield wrong(f"bare-{name}", cells(cell), "accounting-negative", schema=BARE)
    for name, cell in (("signs-both-ends", "-5-"), ("nothing", "€")):
        yield wrong(f"bare-{name}", cells(cell), "not-a-number", schema=BARE)


def integers() -> Iterator[Case]:
    for name, cell, value in (
        ("largest", "9223372036854775807", 2**63 - 1),
        ("least", "-9223372036854775808", -(2**63)),
        ("past-double", "9007199254740993", 2**53 + 1),
        ("zeros", "0007", 7),
    ):
        yield right(f"integer-{name}", cells(cell), *parts(value), schema=INTEGER)
    for name, cell, code in (
        ("past-64-bits", "9223372036854775808", "number-too-large"),
        ("forty-digits", "1" * 40, "number-too-large"),
        ("fraction", "12.5", "not-an-integer"),
        ("float", "12.0", "not-an-integer"),
        ("scientific", "1E+05", "scientific-notation"),
        ("scientific-comma", "1,2E+12", "scientific-notation"),
        ("thousandths", "1.234", "not-an-integer"),
        ("either", "1,234", "ambiguous-number"),
        ("exponent", "1e5", "not-a-number"),
        ("word", "seven", "not-a-number"),
    ):
        yield wrong(f"integer-{name}", cells(cell), code, schema=INTEGER)
    yield right("integer-grouped-told", cells("1.234"), *parts(1234), schema=INTEGER, rules=DE)
    yield wrong("integer-auto-three-zeros", cells("34.000", "35.000"), "undecided-decimal", schema=INTEGER, rules=AUTO)
    yield wrong("integer-auto-comma-zeros", cells("34,000", "7"), "undecided-decimal", schema=INTEGER, rules=AUTO)
    yield right("integer-auto-grouped", cells("1.234", "34.000"), *parts(1234, 34000), schema=INTEGER, rules=AUTO)
    yield right("integer-auto-plain", cells("1", "35"), *parts(1, 35), schema=INTEGER, rules=AUTO)


def decided() -> Iterator[Case]:
    for name, given, wanted in (
        ("point", ["1.5", "1,234"], [1.5, 1234.0]),
        ("comma", ["1,5", "1.234"], [1.5, 1234.0]),
        ("german-both", ["1.234,5"], [1234.5]),
        ("us-both", ["1,234.5"], [1234.5]),
        ("zero-comma", ["0,123", "1,234"], [0.123, 1.234]),
        ("millions", ["1.234.567", "1.234"], [1234567.0, 1234.0]),
        ("whole", ["1", "22"], [1.0, 22.0]),
    ):
        yield right(f"decided-{name}", cells(*given), *parts(*wanted), schema=NUMBER, rules=AUTO)
    yield wrong("decided-nothing", cells("1,234", "5,678"), "undecided-decimal", schema=NUMBER, rules=AUTO)
    yield wrong("decided-nothing-points", cells("1.234"), "undecided-decimal", schema=NUMBER, rules=AUTO)
    yield wrong("decided-nothing-euros", cells("1.234 €", "2.000 €"), "undecided-decimal", schema=BARE, rules=AUTO)
    yield right("decided-euros", cells("1.234 €", "2,50 €"), *parts(1234.0, 2.5), schema=BARE, rules=AUTO)
    yield wrong("decided-twice", cells("1.5", "2,5"), "contradicting-decimal", schema=NUMBER, rules=AUTO)
    yield right(
        "decided-days",
        cells("31/01/2026", "03/04/2026"),
        *parts(datetime.date(2026, 1, 31), datetime.date(2026, 4, 3)),
        schema=DATE,
        rules=AUTO,
    )
    yield right(
        "decided-months",
        cells("01/31/2026", "03/04/2026"),
        *parts(datetime.date(2026, 1, 31), datetime.date(2026, 3, 4)),
        schema=DATE,
        rules=AUTO,
    )
    yield right("decided-same-day", cells("05/05/2026"), *parts(datetime.date(2026, 5, 5)), schema=DATE, rules=AUTO)
    yield wrong("decided-no-day", cells("03/04/2026", "05/06/2026"), "undecided-dates", schema=DATE, rules=AUTO)
    yield wrong("decided-both-days", cells("31/01/2026", "01/31/2026"), "contradicting-dates", schema=DATE, rules=AUTO)
    yield wrong("decided-two-signs", cells("31/01/2026", "31.01.2026"), "contradicting-dates", schema=DATE, rules=AUTO)
    good = GOOD_ROWS
    yield wrong(
        "mixed-notation-good-rows", cells("1.234,5", "1.234"), "contradicting-decimal", schema=NUMBER, rules=good
    )
    yield wrong(
        "mixed-notation-late",
        cells("1.234", *["7"] * 60_000, "1.234,5"),
        "contradicting-decimal",
        schema=NUMBER,
        rules=good,
    )
    yield wrong("mixed-comma-good-rows", cells("12,5", "1.234"), "contradicting-decimal", schema=NUMBER, rules=good)
    spaced = cells("1 234,5", "1.234")
    yield wrong("mixed-spaces-good-rows", spaced, "contradicting-decimal", schema=NUMBER, rules=good)
    bare = cells("1.234 €", "12,5 €")
    yield wrong("mixed-euros-good-rows", bare, "contradicting-decimal", schema=BARE, rules=good)
    german = replace(good, decimal=",")
    yield wrong("mixed-point-good-rows", cells("12.5", "1,234"), "contradicting-decimal", schema=NUMBER, rules=german)
    yield partly("mixed-harmless-good-rows", cells("12,5", "1.5"), "decimal-comma", ("P1", 1.5), schema=NUMBER)
    days = replace(good, dates="%d/%m/%Y")
    yield wrong(
        "mixed-days-good-rows", cells("01/31/2026", "03/04/2026"), "contradicting-dates", schema=DATE, rules=days
    )
    yield partly(
        "bad-day-good-rows",
        cells("31/02/2026", "03/04/2026"),
        "impossible-date",
        ("P1", datetime.date(2026, 4, 3)),
        schema=DATE,
        rules=days,
    )
    yield wrong(
        "mixed-days-all-or-nothing",
        cells("01/31/2026", "03/04/2026"),
        "impossible-date",
        schema=DATE,
        rules=Rules(dates="%d/%m/%Y"),
    )


def dates() -> Iterator[Case]:
    day = datetime.date(2026, 2, 28)
    for name, cell, form in (
        ("german", "28.02.2026", "%d.%m.%Y"),
        ("german-short", "28.2.2026", "%d.%m.%Y"),
        ("us", "02/28/2026", "%m/%d/%Y"),
        ("two-digits", "28.02.26", "%d.%m.%y"),
        ("words", "28 Feb 2026", "%d %b %Y"),
        ("compact", "20260228", "%Y%m%d"),
    ):
        yield right(f"date-{name}", cells(cell), *parts(day), schema=DATE, rules=Rules(dates=form))
        yield wrong(f"date-{name}-untold", cells(cell), "other-date", schema=DATE)
    for name, cell, code in (
        ("impossible", "2026-02-30", "impossible-date"),
        ("month-13", "2026-13-01", "impossible-date"),
        ("zero", "0000-00-00", "impossible-date"),
        ("serial", "46081", "not-a-date"),
        ("epoch", "1772236800", "not-a-date"),
        ("with-time", "2026-02-28 10:00", "other-date"),
        ("week", "2026-W09-6", "not-a-date"),
        ("year", "2026", "not-a-date"),
        ("word", "today", "not-a-date"),
        ("short", "2026-2-8", "other-date"),
    ):
        yield wrong(f"date-{name}", cells(cell), code, schema=DATE)
    at = datetime.datetime(2026, 2, 28, 10, 30)
    yield right("time-iso", cells("2026-02-28T10:30:00", "2026-02-28 10:30"), *parts(at, at), schema=WHEN)
    yield right("time-utc", cells("2026-02-28T10:30:00Z"), *parts(at), schema=WHEN)
    yield wrong("time-zone", cells("2026-02-28T10:30:00+02:00"), "time-zone", schema=WHEN)
    yield wrong("time-24", cells("2026-02-28T24:00:00"), "impossible-date", schema=WHEN)
    yield wrong("time-am", cells("2026-02-28 10:30 AM"), "other-date", schema=WHEN)


def damaged() -> Iterator[Case]:
    zip_code = column(Type.STRING, pattern="[0-9]{5}")
    yield wrong("lost-zeros", cells("1067", "10115"), "lost-zeros", schema=zip_code)
    yield right("kept-zeros", cells("01067"), *parts("01067"), schema=zip_code)
    yield wrong("scientific-id", cells("1,2E+12"), "scientific-notation", schema=TEXT)
    yield wrong("scientific-id-point", cells("1.23457E+12"), "scientific-notation", schema=TEXT)
    size = column(Type.STRING, enum=("1-3", "4-6"))
    yield wrong("turned-into-date", cells("01-Mrz"), "turned-into-date", schema=size)
    yield wrong("turned-into-date-english", cells("3-Jan"), "turned-into-date", schema=size)
    for name, sign in (("na", "#N/A"), ("german", "#NV"), ("ref", "#REF!"), ("value", "#WERT!"), ("zero", "#DIV/0!")):
        yield wrong(f"error-{name}-text", cells(sign), "spreadsheet-error", schema=TEXT)
        yield wrong(f"error-{name}-number", cells(sign), "spreadsheet-error", schema=NUMBER)
    yield wrong("hashes", cells("########"), "hash-signs", schema=TEXT)
    yield wrong("hashes-number", cells("########"), "hash-signs", schema=NUMBER)
    for word in ("NA", "n/a", "NULL", "None", "-", "?", "unknown", "k.A."):
        yield wrong(f"word-{word}-number", cells(word), "missing-word", schema=NUMBER)
        yield right(f"word-{word}-text", cells(word), *parts(word), schema=TEXT)
    yield right("namibia", cells("NA", "DE"), *parts("NA", "DE"), schema=column(Type.STRING, enum=("NA", "DE")))
    yield right(
        "missing-declared",
        cells("NA", "-9"),
        *parts(None, None),
        schema=column(Type.NUMBER, missing_values=("", "NA", "-9")),
    )
    yield wrong("missing-undeclared-blank", cells(""), "missing-value", schema=column(Type.STRING, required=True))
    yield right("blank-text-where-declared-not", cells(""), *parts(""), schema=column(Type.STRING, missing_values=()))
    yield wrong(
        "blank-number-where-not-declared",
        cells("", "1"),
        "missing-value",
        schema=column(Type.NUMBER, missing_values=()),
    )
    words = column(Type.STRING, enum=("retail", "food"))
    for name, cell in (("misspelt", "retial"), ("case", "Retail"), ("space", "retail "), ("nbsp", "retail\u00a0")):
        yield wrong(f"category-{name}", cells(cell), "unknown-value", schema=words)
    truth = column(Type.BOOLEAN)
    yield right("boolean", cells("true", "FALSE", "1", "0"), *parts(True, False, True, False), schema=truth)
    for cell in ("yes", "2", "t", "wahr", "1.0"):
        yield wrong(f"boolean-{cell}", cells(cell), "not-a-boolean", schema=truth)
    yield right(
        "boolean-own-words",
        cells("ja", "nein"),
        *parts(True, False),
        schema=column(Type.BOOLEAN, true_values=("ja",), false_values=("nein",)),
    )
    unique = column(Type.STRING, unique=True)
    yield wrong("doubled-key", cells("a", "b", "a"), "duplicate-value", schema=unique)
    bounded = column(Type.NUMBER, minimum=0, maximum=10)
    yield wrong("out-of-bounds", cells("-0.1", "10.1"), "below-minimum above-maximum", schema=bounded)
    yield right("on-the-bounds", cells("0", "10"), *parts(0.0, 10.0), schema=bounded)
    yield right("digits-in-text", cells("007", "1e5", "1.50"), *parts("007", "1e5", "1.50"), schema=TEXT)
