"""Dates and times: ISO, or one strptime format; no day that is not in the calendar."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropscore.domain.errors import Misconfigured
from dropscore.domain.rules import Rules
from dropscore.domain.schema import Field, Type
from dropscore.table import dates
from table_help import one

DATE = Field("d", Type.DATE)
TIME = Field("d", Type.DATETIME)


def german(kind: Type = Type.DATE) -> Field:
    return Field("d", kind, format="%d.%m.%Y")


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        (DATE, "2026-02-28", datetime.date(2026, 2, 28)),
        (DATE, "2024-02-29", datetime.date(2024, 2, 29)),
        (DATE, "1900-01-01", datetime.date(1900, 1, 1)),
        (DATE, "0001-01-01", datetime.date(1, 1, 1)),
        (DATE, "9999-12-31", datetime.date(9999, 12, 31)),
        (DATE, " 2026-02-28 ", datetime.date(2026, 2, 28)),
        (german(), "28.02.2026", datetime.date(2026, 2, 28)),
        (german(), "1.2.2026", datetime.date(2026, 2, 1)),
        (Field("d", Type.DATE, format="%m/%d/%y"), "02/28/26", datetime.date(2026, 2, 28)),
        (Field("d", Type.DATE, format="%m/%d/%y"), "02/28/70", datetime.date(1970, 2, 28)),
        (Field("d", Type.DATE, format="%d %b %Y"), "28 Feb 2026", datetime.date(2026, 2, 28)),
        (Field("d", Type.DATE, format="%B %d, %Y"), "february 28, 2026", datetime.date(2026, 2, 28)),
        (Field("d", Type.DATE, format="%Y%m%d"), "20260228", datetime.date(2026, 2, 28)),
        (TIME, "2026-02-28", datetime.datetime(2026, 2, 28)),
        (TIME, "2026-02-28 13:14", datetime.datetime(2026, 2, 28, 13, 14)),
        (TIME, "2026-02-28T13:14:15", datetime.datetime(2026, 2, 28, 13, 14, 15)),
        (TIME, "2026-02-28 13:14:15.25", datetime.datetime(2026, 2, 28, 13, 14, 15, 250_000)),
        (TIME, "2026-02-28T13:14:15Z", datetime.datetime(2026, 2, 28, 13, 14, 15)),
        (german(Type.DATETIME), "28.02.2026 13:14", datetime.datetime(2026, 2, 28, 13, 14)),
        (german(Type.DATETIME), "28.02.2026", datetime.datetime(2026, 2, 28)),
    ],
)
def test_what_is_read(field: Field, text: str, value: datetime.date) -> None:
    found = one(field, text)
    assert found.problems == ()
    assert found.typed["d"] == [value]


@pytest.mark.parametrize(
    ("field", "text", "code"),
    [
        (DATE, "2026-02-29", "impossible-date"),
        (DATE, "2026-13-01", "impossible-date"),
        (DATE, "2026-00-10", "impossible-date"),
        (DATE, "2026-01-00", "impossible-date"),
        (DATE, "1900-02-29", "impossible-date"),
        (DATE, "2026-2-8", "other-date"),
        (DATE, "28.02.2026", "other-date"),
        (DATE, "02/28/2026", "other-date"),
        (DATE, "20260228", "other-date"),
        (DATE, "28 Feb 2026", "other-date"),
        (DATE, "2026-02-28 10:00:00", "other-date"),
        (DATE, "soon", "not-a-date"),
        (DATE, "46081", "not-a-date"),
        (DATE, "NA", "missing-word"),
        (DATE, "########", "hash-signs"),
        (german(), "2026-02-28", "other-date"),
        (german(), "31.04.2026", "impossible-date"),
        (TIME, "2026-02-28 24:00:00", "impossible-date"),
        (TIME, "2026-02-28 10:60", "impossible-date"),
        (TIME, "2026-02-28T10:00:00+02:00", "time-zone"),
        (TIME, "10:00", "not-a-date"),
    ],
)
def test_what_is_refused_and_as_what(field: Field, text: str, code: str) -> None:
    found = one(field, "", text)
    assert found.codes == [code]
    assert found.typed["d"] == [None, None]
    assert found.texts["d"] == [None, text]


def test_the_routes_format() -> None:
    found = one(DATE, "28/02/2026", rules=Rules(dates="%d/%m/%Y"))
    assert found.typed["d"] == [datetime.date(2026, 2, 28)]
    assert found.reading is not None
    assert found.reading.notation == {"d": "dates %d/%m/%Y"}
    assert one(german(), "2026-02-28", rules=Rules(dates="iso")).problems == ()


def test_a_format_that_is_not_known_is_the_operators_fault() -> None:
    with pytest.raises(Misconfigured, match="%q"):
        one(DATE, "2026-02-28", rules=Rules(dates="%d/%q"))


def test_bounds() -> None:
    field = Field("d", Type.DATE, minimum="2026-01-01", maximum="2026-12-31")
    found = one(field, "2025-12-31", "2026-01-01", "2026-12-31", "2027-01-01")
    assert found.codes == ["below-minimum", "above-maximum"]
    assert found.bad == [True, False, False, True]
    until = Field("d", Type.DATETIME, maximum="2026-01-01T12:00:00")
    assert one(until, "2026-01-01 12:00:00", "2026-01-01 12:00:01").bad == [False, True]


@pytest.mark.parametrize(
    ("field", "text", "serial"),
    [
        (DATE, "1900-03-01", "61"),
        (DATE, "2026-01-01", "46023"),
        (TIME, "2026-01-01 12:00:00", "46023.5"),
        (TIME, "2026-01-01 06:00", "46023.25"),
        (TIME, "2026-01-01", "46023"),
        (DATE, "1900-02-28", None),
        (DATE, "1789-07-14", None),
    ],
)
def test_what_a_workbook_shows(field: Field, text: str, serial: str | None) -> None:
    found = one(field, text)
    assert found.numbers["d"] == [serial]
    assert found.texts["d"] == [None if serial else text]


@given(st.lists(st.dates(), min_size=1, max_size=30))
def test_every_day_is_read_back(days: list[datetime.date]) -> None:
    assert one(DATE, *(day.isoformat() for day in days)).typed["d"] == days


@given(st.lists(st.datetimes(), min_size=1, max_size=30))
def test_every_moment_is_read_back(moments: list[datetime.datetime]) -> None:
    assert one(TIME, *(str(moment) for moment in moments)).typed["d"] == moments


@given(st.integers(-1, 10_000), st.integers(-1, 14), st.integers(-1, 33))
def test_a_day_is_read_only_if_there_is_one(year: int, month: int, day: int) -> None:
    text = f"{year:04}-{month:02}-{day:02}"
    try:
        expected = datetime.date.fromisoformat(text)
    except ValueError:
        expected = None
    found = one(DATE, text)
    assert found.typed["d"] == [expected]


def test_formats_that_are_tried() -> None:
    assert dates.formats_of(german()) == ("%d.%m.%Y",)
    assert dates.formats_of(Field("d", Type.DATETIME, format="%d.%m.%Y %H:%M")) == ("%d.%m.%Y %H:%M",)
