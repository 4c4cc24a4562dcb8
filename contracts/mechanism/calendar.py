"""Working days: deadlines for paper rest on weekends and holidays, promises to people never do.

Holidays (libur nasional and cuti bersama) are decreed year by year, so they are data of the
mechanism. Dates that hang on the moon or on a decree not yet seen are marked as estimates.
"""

from collections.abc import Container
from datetime import date, datetime, time, timedelta, timezone

SATURDAY = 5
OFFICE_TIME = timezone(timedelta(hours=7))  # WIB: the days of the mechanism begin and end in Jakarta


def office_day(moment: datetime) -> date:
    """The day that the offices write at a moment."""
    return moment.astimezone(OFFICE_TIME).date()


def end_of(day: date) -> datetime:
    """The last second of a day of the offices."""
    return datetime.combine(day, time(23, 59, 59), OFFICE_TIME)


def is_working_day(day: date, holidays: Container[date]) -> bool:
    """Whether agencies work on `day`: Monday to Friday and no holiday."""
    return day.weekday() < SATURDAY and day not in holidays


def add_working_days(day: date, count: int, holidays: Container[date]) -> date:
    """The `count`-th working day after `day`; `day` itself for 0. ValueError for a negative count."""
    if count < 0:
        raise ValueError("working days are counted forwards")
    for _ in range(count):
        day += timedelta(days=1)
        while not is_working_day(day, holidays):
            day += timedelta(days=1)
    return day
