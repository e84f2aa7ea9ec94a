"""A crontab as bit masks, and the next local time that matches: pure calendar, no time zone."""

from datetime import date
from functools import lru_cache

_EPOCH = date(1970, 1, 1).toordinal()
_DAY = 86_400
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)  # of months, in the year that suits them best


def mask(numbers: set[int]) -> int:
    """A number with these bits set."""
    found = 0
    for number in numbers:
        found |= 1 << number
    return found


def _lowest(bits: int) -> int:
    return (bits & -bits).bit_length() - 1


def _days_in(year: int, month: int) -> int:
    if month == 2 and not (year % 4 == 0 and (year % 100 or year % 400 == 0)):
        return 28
    return _LONGEST[month - 1]


@lru_cache(maxsize=256)
def _days_by_weekday(weekdays: int) -> tuple[int, ...]:
    """For each weekday that the 1st may be (0 is Sunday): the days of the month that are on these weekdays."""
    return tuple(mask({day for day in range(1, 32) if weekdays >> (first + day - 1) % 7 & 1}) for first in range(7))


class Pattern:
    """What matches: minutes, hours, months, and days that match both by their number and by their weekday."""

    __slots__ = ("_all_days", "_days", "_first", "_hours", "_minutes", "_months", "_weekdays", "every_hour", "flowing")

    def __init__(self, minutes: int, hours: int, weekdays: int, days: int, months: int) -> None:
        self._minutes = minutes
        self._hours = hours
        self._months = months
        self._days = days
        self._weekdays = _days_by_weekday(weekdays)
        self._all_days = weekdays == 0x7F and days == 0xFFFF_FFFE and months == 0x1FFE
        self._first = _lowest(hours) * 60 + _lowest(minutes)  # the day's first match, in minutes after midnight
        self.every_hour = hours == 0xFF_FFFF
        self.flowing = self.every_hour or minutes == 0xFFF_FFFF_FFFF_FFFF  # follows the real clock, not the wall's

    def next_local(self, seconds: int) -> int | None:
        """The first match at or after this local time, both in seconds since 1970; None beyond the year 9999."""
        day, minute = divmod(-(-seconds // 60), 1440)
        if self._matches(day):
            found = self._next_minute(minute)
            if found is not None:
                return day * _DAY + found * 60
        following = self._next_day(day + 1)
        return None if following is None else following * _DAY + self._first * 60

    def _next_minute(self, minute: int) -> int | None:
        hour, minute = divmod(minute, 60)
        hours = self._hours >> hour
        if hours & 1:
            minutes = self._minutes >> minute
            if minutes:
                return hour * 60 + minute + _lowest(minutes)
        hours >>= 1
        if not hours:
            return None
        return (hour + 1 + _lowest(hours)) * 60 + _lowest(self._minutes)

    def _matches(self, day: int) -> bool:
        if self._all_days:
            return True
        found = date.fromordinal(day + _EPOCH)
        first = (day + _EPOCH - found.day + 1) % 7
        return bool(self._months >> found.month & self._days >> found.day & self._weekdays[first] >> found.day & 1)

    def _next_day(self, day: int) -> int | None:
        """Goes by months, so that a leap day on a Monday is found after forty steps at most."""
        if day + _EPOCH > date.max.toordinal():
            return None
        if self._all_days:
            return day
        found = date.fromordinal(day + _EPOCH)
        year, month, from_day = found.year, found.month, found.day
        while year <= 9999:
            if self._months >> month & 1:
                start = date(year, month, 1).toordinal()
                days = self._days & self._weekdays[start % 7] & (2 << _days_in(year, month)) - 1
                days = days >> from_day << from_day
                if days:
                    return start + _lowest(days) - 1 - _EPOCH
            year, month, from_day = (year, month + 1, 1) if month < 12 else (year + 1, 1, 1)
        return None


@lru_cache(maxsize=4096)
def pattern(minutes: int, hours: int, weekdays: int, days: int, months: int) -> Pattern:
    """Equal crontabs share one pattern."""
    return Pattern(minutes, hours, weekdays, days, months)


def ever_occurs(days: set[int], months: set[int]) -> bool:
    """False for the 31st of February and its like."""
    return any(min(days) <= _LONGEST[month - 1] for month in months)
