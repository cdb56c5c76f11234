"""Schedules of a CronJob: the grammar of robfig/cron, by which Kubernetes reads them, and the longest time between two runs."""

from __future__ import annotations

import datetime as dt
import re
from itertools import pairwise
from typing import Final

_MONTHS: Final = dict(zip(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], range(1, 13), strict=True))
_DAYS: Final = dict(zip(["sun", "mon", "tue", "wed", "thu", "fri", "sat"], range(7), strict=True))
# name, least and largest number, and further words; 7 is no day of the week there
_FIELDS: Final[tuple[tuple[str, int, int, dict[str, int]], ...]] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of month", 1, 31, {}),
    ("month", 1, 12, _MONTHS),
    ("day of week", 0, 6, _DAYS),
)
_NAMED: Final = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_PART: Final = re.compile(r"(?P<first>\*|\?|[0-9]{1,2}|[a-z]{3})(-(?P<last>[0-9]{1,2}|[a-z]{3}))?(/(?P<step>[0-9]{1,2}))?")
# Begins and ends with a leap year, so that each date comes at least twice.
_FIRST_DAY: Final = dt.date(2024, 1, 1)
_LOOKED_AT: Final = 5 * 366


def schedule_fault(text: str) -> str | None:
    """Return why a text is no schedule that a CronJob takes and that ever comes due, or None.

    A time zone in the text is refused, as Kubernetes refuses it; ``@every`` too, since it counts from the controller's start.
    """
    fields = _NAMED.get(text, text).split()
    if len(fields) != len(_FIELDS):
        return f"is no schedule: it has {len(fields)} fields and not {len(_FIELDS)}"
    for field, (name, least, most, words) in zip(fields, _FIELDS, strict=True):
        if _numbers(field.lower(), least, most, words) is None:
            return f"is no schedule: its {name} is no number from {least} to {most}, no range of them and no list"
    return None if _days(text) else "never comes due: none of its months has that day"


def longest_pause(text: str) -> int:
    """Return the longest time between two runs of a valid schedule, in seconds."""
    minutes, hours, *_others = _parsed(text)
    times = sorted(60 * hour + minute for hour in hours for minute in minutes)
    within = [later - earlier for earlier, later in pairwise(times)]
    days = _days(text)
    over_night = max((later - earlier for earlier, later in pairwise(days)), default=_LOOKED_AT)
    return 60 * max([*within, 24 * 60 * over_night - (times[-1] - times[0])])


def _parsed(text: str) -> list[set[int]]:
    fields = _NAMED.get(text, text).split()
    return [_numbers(field.lower(), *described[1:]) or set() for field, described in zip(fields, _FIELDS, strict=True)]


def _days(text: str) -> list[int]:
    """Return the days with a run, counted from the first that is looked at.

    Where neither the day of the month nor that of the week is open, one of them is enough.
    """
    _minutes, _hours, days, months, weekdays = _parsed(text)
    fields = _NAMED.get(text, text).split()
    is_open = any(part in {"*", "?", "*/1", "?/1"} for place in (2, 4) for part in fields[place].split(","))
    found = []
    for number in range(_LOOKED_AT):
        day = _FIRST_DAY + dt.timedelta(days=number)
        fits = (day.day in days, day.isoweekday() % 7 in weekdays)
        if day.month in months and (all(fits) if is_open else any(fits)):
            found.append(number)
    return found


def _numbers(field: str, least: int, most: int, words: dict[str, int]) -> set[int] | None:
    """Return the numbers that a field stands for, or None if it is none."""
    numbers = set[int]()
    for part in field.split(","):
        form = _PART.fullmatch(part)
        if form is None:
            return None
        first, last, step = (_number(form[name], words) for name in ("first", "last", "step"))
        if form["first"] in {"*", "?"}:
            if last is not None:
                return None
            first, last = least, most
        elif last is None:
            last = most if step is not None else first
        if first is None or last is None or not least <= first <= last <= most or step == 0:
            return None
        numbers |= set(range(first, last + 1, step or 1))
    return numbers


def _number(text: str | None, words: dict[str, int]) -> int | None:
    if text is None or not (text.isdigit() or text in words):
        return None
    return words[text] if text in words else int(text)
