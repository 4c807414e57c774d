"""Rhythms: learned after four, missed once, at the border of days, months and summer time; sizes and names."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropscore.domain.arrivals import (
    FEWEST,
    Arrival,
    Rhythm,
    Usual,
    is_unusual,
    learned,
    missed,
    renamed,
    told,
    usual,
)

MADRID = "Europe/Madrid"
MONDAY = datetime(2026, 3, 2, 9, 10, tzinfo=ZoneInfo(MADRID))
ZONES = st.sampled_from(["UTC", MADRID, "America/New_York", "Asia/Kolkata", "Pacific/Auckland"])
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))
ARRIVALS = st.lists(st.builds(Arrival, MOMENTS, st.integers(0, 10_000)), max_size=40)


def weekly(count: int, start: datetime = MONDAY, step: int = 7) -> list[Arrival]:
    return [Arrival(start + timedelta(days=step * at), 100) for at in range(count)]


def test_four_mondays_are_a_rhythm_and_three_are_none() -> None:
    assert learned(weekly(3), MADRID, MONDAY + timedelta(days=21)) == ()
    assert learned(weekly(4), MADRID, MONDAY + timedelta(days=28)) == (Rhythm(10 * 60 + 10, weekday=0),)


def test_mondays_file_is_late_once_the_hour_has_passed() -> None:
    arrivals = weekly(4)
    (rhythm,) = learned(arrivals, MADRID, MONDAY + timedelta(days=28))
    monday = datetime(2026, 3, 30, tzinfo=ZoneInfo(MADRID))  # summer time has begun the day before
    assert missed(rhythm, arrivals, MADRID, monday.replace(hour=10, minute=9)) is None
    found = missed(rhythm, arrivals, MADRID, monday.replace(hour=10, minute=10))
    assert found is not None
    assert (found.since, found.by) == (date(2026, 3, 30), monday.replace(hour=10, minute=10))
    came = [*arrivals, Arrival(monday.replace(hour=15), 90)]
    assert missed(rhythm, came, MADRID, monday.replace(hour=16)) is None


def test_a_monday_that_was_missed_ends_the_rhythm_until_there_are_four_again() -> None:
    arrivals = [one for one in weekly(10) if one.at != MONDAY + timedelta(weeks=5)]
    assert learned(arrivals, MADRID, MONDAY + timedelta(weeks=6)) == ()
    assert learned(arrivals, MADRID, MONDAY + timedelta(weeks=9)) == ()
    assert learned(arrivals, MADRID, MONDAY + timedelta(weeks=5, days=6)) != ()  # for a week it is missed
    assert len(learned(arrivals, MADRID, MONDAY + timedelta(weeks=10))) == 1


def test_what_comes_on_working_days_is_missed_on_none_of_the_others() -> None:
    arrivals = [one for one in weekly(35, step=1) if one.at.weekday() < 5]
    now = MONDAY + timedelta(days=35)
    assert [rhythm.weekday for rhythm in learned(arrivals, MADRID, now)] == [0, 1, 2, 3, 4]
    saturday = MONDAY + timedelta(days=33, hours=12)
    assert all(missed(rhythm, arrivals, MADRID, saturday) is None for rhythm in learned(arrivals, MADRID, saturday))


def test_a_sender_whose_hours_vary_is_given_more_time() -> None:
    late = [Arrival(one.at + timedelta(hours=3 * (at % 2)), 1) for at, one in enumerate(weekly(6))]
    assert learned(late, MADRID, MONDAY + timedelta(weeks=6)) == (Rhythm(12 * 60 + 10 + 180, weekday=0),)


def test_what_comes_monthly() -> None:
    days = [(2025, 11, 5), (2025, 12, 4), (2026, 1, 6), (2026, 2, 5)]
    arrivals = [Arrival(datetime(*day, 8, 0, tzinfo=UTC), 100) for day in days]
    (rhythm,) = learned(arrivals, "UTC", datetime(2026, 3, 1, tzinfo=UTC))
    assert rhythm == Rhythm(9 * 60, day=8)
    assert missed(rhythm, arrivals, "UTC", datetime(2026, 3, 8, 8, 59, tzinfo=UTC)) is None
    found = missed(rhythm, arrivals, "UTC", datetime(2026, 3, 8, 9, 0, tzinfo=UTC))
    assert found is not None and found.since == date(2026, 3, 1)
    early = [*arrivals, Arrival(datetime(2026, 3, 2, tzinfo=UTC), 1)]
    assert missed(rhythm, early, "UTC", datetime(2026, 3, 20, tzinfo=UTC)) is None


def test_no_rhythm_in_what_comes_at_random() -> None:
    arrivals = [Arrival(MONDAY + timedelta(days=days), 1) for days in (0, 3, 5, 11, 12, 23, 31, 40)]
    assert learned(arrivals, MADRID, MONDAY + timedelta(days=41)) == ()


@pytest.mark.parametrize(
    ("text", "rhythm"),
    [
        ("mon 09:30", Rhythm(570, weekday=0)),
        ("SUN 00:00", Rhythm(0, weekday=6)),
        ("day 31 23:59", Rhythm(1439, day=31)),
    ],
)
def test_what_a_person_writes(text: str, rhythm: Rhythm) -> None:
    assert told(text) == rhythm


@pytest.mark.parametrize(
    "text", ["", "monday 9", "mon", "mon 24:00", "mon 9:60", "day 0 09:00", "day x 09:00", "mon 9"]
)
def test_what_nobody_understands(text: str) -> None:
    with pytest.raises(ValueError, match="write `mon 09:30`"):
        told(text)


def test_the_last_day_of_a_short_month_stands_for_the_31st() -> None:
    rhythm = told("day 31 12:00")
    found = missed(rhythm, [], "UTC", datetime(2026, 2, 28, 12, 0, tzinfo=UTC))
    assert found is not None and found.by == datetime(2026, 2, 28, 12, 0, tzinfo=UTC)


def test_sizes() -> None:
    same = [Arrival(MONDAY + timedelta(days=at), rows) for at, rows in enumerate((900, 1_000, 1_100, 1_000))]
    assert usual(same[:3]) is None
    assert usual(same) == Usual(1_000, 900, 1_100)
    found = Usual(1_000, 900, 1_100)
    assert [is_unusual(rows, found) for rows in (0, 500, 501, 1_999, 2_000)] == [True, True, False, False, True]
    assert not is_unusual(400, Usual(1_000, 300, 5_000))  # it has been so small before


def test_names() -> None:
    assert renamed(["id", "Region"], ["id", "area"]) == (("Region", "area"),)
    assert renamed(["id", "Region", "city"], ["id", "region_code", "town"]) == (("Region", "region_code"),)
    assert renamed(["a", "b"], ["a", "b", "c"]) == ()
    assert renamed(["a", "b"], ["a"]) == ()


@given(ARRIVALS, ZONES, MOMENTS)
def test_a_rhythm_has_at_least_four_behind_it(arrivals: list[Arrival], zone: str, now: datetime) -> None:
    for rhythm in learned(arrivals, zone, now):
        local = [arrival.at.astimezone(ZoneInfo(zone)) for arrival in arrivals]
        if rhythm.weekday is not None:
            assert len({one.date() for one in local if one.weekday() == rhythm.weekday}) >= FEWEST
        else:
            assert len({(one.year, one.month) for one in local}) >= FEWEST


@given(ARRIVALS, ZONES, MOMENTS, st.integers(0, 6), st.integers(0, 2_000))
def test_what_is_missed_was_due_and_did_not_come(
    arrivals: list[Arrival], zone: str, now: datetime, weekday: int, minutes: int
) -> None:
    found = missed(Rhythm(minutes, weekday=weekday), arrivals, zone, now)
    if found is not None:
        assert found.by <= now
        assert found.since.weekday() == weekday
        came = [one.at.astimezone(ZoneInfo(zone)).date() for one in arrivals if one.at <= now]
        assert all(day < found.since for day in came)


@given(MOMENTS, ZONES, st.integers(0, 6), st.integers(0, 1_439))
def test_a_file_that_has_just_come_ends_what_was_missed(now: datetime, zone: str, weekday: int, minutes: int) -> None:
    assert missed(Rhythm(minutes, weekday=weekday), [Arrival(now, 1)], zone, now) is None


@given(st.lists(st.integers(1, 10**7), min_size=FEWEST, max_size=30))
def test_a_size_that_has_been_there_lately_is_never_unusual(rows: list[int]) -> None:
    found = usual([Arrival(MONDAY + timedelta(days=at), count) for at, count in enumerate(rows)])
    assert found is not None
    assert not any(is_unusual(count, found) for count in rows[-12:])


@given(st.lists(st.text(max_size=5), unique=True), st.lists(st.text(max_size=5), unique=True))
def test_each_name_is_taken_for_one_other_at_most(before: list[str], now: list[str]) -> None:
    found = renamed(before, now)
    assert len({old for old, _ in found}) == len({new for _, new in found}) == len(found)
    assert all(old in before and old not in now and new in now and new not in before for old, new in found)
