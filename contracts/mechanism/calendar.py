"""Working days: deadlines for paper rest on weekends and holidays, promises to people never do.

Holidays (libur nasional and cuti bersama) are decreed year by year, so they are data of the
mechanism. Dates that hang on the moon or on a decree not yet seen are marked as estimates.
"""

from collections.abc import Container, Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from types import MappingProxyType

from contracts.events.fields import LAST_DAY

SATURDAY = 5
HORIZON = date(9999, 1, 1)  # nobody plans beyond; dates that somebody made up must not run off the calendar
ZONES: Mapping[str, timezone] = MappingProxyType(
    {name: timezone(timedelta(hours=hours), name) for name, hours in (("WIB", 7), ("WITA", 8), ("WIT", 9))}
)
OFFICE_TIME = ZONES["WIB"]  # of an office of which nothing else is said
_FIRST, _LAST = datetime(2, 1, 1, tzinfo=UTC), datetime.combine(HORIZON, time(0), UTC)


def clock_of(zone: timezone, moment: datetime) -> datetime:
    """What an office's clock shows at a moment (aware); at either end of the calendar the nearest day in it.

    Events may claim any time that can be written, and somebody will write the last one.
    """
    return min(max(moment, _FIRST), _LAST).astimezone(zone)


def office_day(moment: datetime, zone: timezone = OFFICE_TIME) -> date:
    """The day that an office writes at a moment."""
    return clock_of(zone, moment).date()


def end_of(day: date, zone: timezone = OFFICE_TIME) -> datetime:
    """The last second of a day of an office."""
    return datetime.combine(day, time(23, 59, 59), zone)


def day_after(day: date) -> date:
    """The next day; of the last one that an event may name, itself."""
    return min(day, LAST_DAY - timedelta(days=1)) + timedelta(days=1)


def is_working_day(day: date, holidays: Container[date]) -> bool:
    """Whether agencies work on `day`: Monday to Friday and no holiday."""
    return day.weekday() < SATURDAY and day not in holidays


def add_working_days(day: date, count: int, holidays: Container[date]) -> date:
    """The `count`-th working day after `day`; `day` itself for 0 or beyond the horizon. ValueError if negative."""
    if count < 0:
        raise ValueError("working days are counted forwards")
    for _ in range(count if day < HORIZON else 0):
        day += timedelta(days=1)
        while not is_working_day(day, holidays):
            day += timedelta(days=1)
    return day
