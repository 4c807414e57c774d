"""When a sender's files come, learned from when they came: what is late, what is smaller than usual, what was renamed.

Days are those of the route's zone. Nothing here knows the time: the moment is handed in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from difflib import SequenceMatcher
from statistics import median
from zoneinfo import ZoneInfo

FEWEST = 4
"""So many in the same rhythm make a rhythm."""
LOOKED_AT = 12
"""Arrivals, or days of the same name, that say what is usual."""
_GRACE = 60
_DAY = 24 * 60
_MOST_A_MONTH, _WIDEST = 3, 5
"""Files in a month, and days between the earliest and the latest day of a month, of what comes monthly."""
_ALIKE = 0.6
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Arrival:
    at: datetime
    """With a zone."""
    rows: int


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Files come on this weekday, or by this day of the month, until so many minutes after that day has begun."""

    minutes: int
    weekday: int | None = None
    """0 is Monday."""
    day: int | None = None


@dataclass(frozen=True, slots=True)
class Missed:
    """A file that has not come. `since` is the day whose it is, `by` when it was due."""

    rhythm: Rhythm
    since: date
    by: datetime


@dataclass(frozen=True, slots=True)
class Usual:
    """Rows of a sender's files."""

    rows: int
    least: int
    most: int


def told(text: str) -> Rhythm:
    """Return the rhythm that a person wrote: `mon 09:30`, or `day 5 12:00` for a day of the month.

    ValueError, in a sentence, if it is written otherwise.
    """
    parts = text.lower().split()
    try:
        hour, minute = (int(part) for part in parts[-1].split(":"))
        minutes = time(hour, minute).hour * 60 + minute
        if len(parts) == 2 and parts[0] in WEEKDAYS:
            return Rhythm(minutes, weekday=WEEKDAYS.index(parts[0]))
        if len(parts) == 3 and parts[0] == "day" and 1 <= int(parts[1]) <= 31:
            return Rhythm(minutes, day=int(parts[1]))
    except (ValueError, IndexError):
        pass
    raise ValueError(f"{text!r}: write `mon 09:30` for a weekday, or `day 5 12:00` for a day of the month")


def learned(arrivals: Sequence[Arrival], zone: str, now: datetime) -> tuple[Rhythm, ...]:
    """Return the rhythms in which files came before the last such day, or month: on weekdays, or else in months.

    So a file that does not come is missed for a week, or to the end of its month; then there is no rhythm any more.
    """
    days = _first_of_each_day(arrivals, zone)
    today = now.astimezone(ZoneInfo(zone)).date()
    weekly = [found for weekday in range(7) if (found := _weekly(days, weekday, today))]
    if weekly:
        return tuple(weekly)
    monthly = _monthly(days, today)
    return (monthly,) if monthly else ()


def _first_of_each_day(arrivals: Sequence[Arrival], zone: str) -> dict[date, int]:
    """Return the minute of each day's first arrival."""
    found: dict[date, int] = {}
    for arrival in arrivals:
        local = arrival.at.astimezone(ZoneInfo(zone))
        minute = local.hour * 60 + local.minute
        found[local.date()] = min(minute, found.get(local.date(), _DAY))
    return found


def _weekly(days: Mapping[date, int], weekday: int, today: date) -> Rhythm | None:
    last = today - timedelta(days=(today.weekday() - weekday) % 7)
    past = [last - timedelta(weeks=weeks) for weeks in range(1, LOOKED_AT + 1)]
    if not all(day in days for day in past[:FEWEST]):
        return None
    minutes = [days[day] for day in past if day in days]
    return Rhythm(max(minutes) + max(_GRACE, max(minutes) - min(minutes)), weekday=weekday)


def _monthly(days: Mapping[date, int], today: date) -> Rhythm | None:
    months: dict[tuple[int, int], list[date]] = defaultdict(list)
    for day in sorted(days):
        months[day.year, day.month].append(day)
    past, month = [], today.replace(day=1)
    for _ in range(FEWEST):
        month = (month - timedelta(days=1)).replace(day=1)
        came = months.get((month.year, month.month), [])
        if not 1 <= len(came) <= _MOST_A_MONTH:
            return None
        past.append(came[0])
    earliest, latest = min(day.day for day in past), max(day.day for day in past)
    if latest - earliest > _WIDEST:
        return None
    minutes = max(days[day] for day in past)
    return Rhythm(minutes + _GRACE, day=latest + max(1, latest - earliest))


def missed(rhythm: Rhythm, arrivals: Sequence[Arrival], zone: str, now: datetime) -> Missed | None:
    """Return the last file that was due and has not come; None: all is well."""
    local = now.astimezone(ZoneInfo(zone))
    since, due = _last_due(rhythm, local)
    by = datetime.combine(due, time(0), local.tzinfo) + timedelta(minutes=rhythm.minutes)
    if by > now:
        return None
    came = any(since <= arrival.at.astimezone(ZoneInfo(zone)).date() and arrival.at <= now for arrival in arrivals)
    return None if came else Missed(rhythm, since, by)


def _last_due(rhythm: Rhythm, local: datetime) -> tuple[date, date]:
    """Return from which day on a file counts as the one that is due, and the day whose minutes say by when."""
    today = local.date()
    spent = timedelta(minutes=rhythm.minutes)
    if rhythm.weekday is not None:
        day = today - timedelta(days=(today.weekday() - rhythm.weekday) % 7)
        if datetime.combine(day, time(0), local.tzinfo) + spent > local:
            day -= timedelta(weeks=1)
        return day, day
    first = today.replace(day=1)
    due = _day_of(first, rhythm.day or 1)
    if datetime.combine(due, time(0), local.tzinfo) + spent > local:
        first = (first - timedelta(days=1)).replace(day=1)
        due = _day_of(first, rhythm.day or 1)
    return first, due


def _day_of(first: date, day: int) -> date:
    """Return that day of a month, or the month's last."""
    last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    return first.replace(day=min(day, last.day))


def usual(arrivals: Sequence[Arrival]) -> Usual | None:
    """Return what a sender's files are like; None: there were too few of them."""
    rows = [arrival.rows for arrival in sorted(arrivals, key=lambda one: one.at)[-LOOKED_AT:] if arrival.rows]
    if len(rows) < FEWEST:
        return None
    return Usual(round(median(rows)), min(rows), max(rows))


def is_unusual(rows: int, found: Usual) -> bool:
    """Say whether a file has half as many rows as usual or fewer, or twice as many or more, and as never before."""
    fewer = rows * 2 <= found.rows and rows < found.least
    return fewer or (rows >= found.rows * 2 and rows > found.most)


def renamed(before: Sequence[str], now: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return columns that are likely to be called otherwise now: the earlier name and the new one."""
    gone = [name for name in before if name not in now]
    new = [name for name in now if name not in before]
    if len(gone) == 1 and len(new) == 1:
        return ((gone[0], new[0]),)
    found = []
    for name in gone:
        likeness = {other: _likeness(name, other) for other in new}
        best = max(likeness, key=lambda other: (likeness[other], other), default=None)
        if best is not None and likeness[best] >= _ALIKE:
            found.append((name, best))
            new.remove(best)
    return tuple(found)


def _likeness(name: str, other: str) -> float:
    return SequenceMatcher(None, name.casefold(), other.casefold()).ratio()
