"""celery.utils.time and .iso8601: dates, zones and intervals."""

import random
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo

from celeriac.schedules.local import LOCAL_ZONE

DAYNAMES: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
WEEKDAYS: Final = {name: number for number, name in enumerate(DAYNAMES)}
_UNITS: Final = ((86400.0, "day"), (3600.0, "hour"), (60.0, "minute"), (1.0, "second"))
_RATES: Final = {"s": 1.0, "m": 60.0, "h": 3600.0}


def LocalTimezone() -> tzinfo:  # noqa: N802 - Celery's name
    """The machine's zone."""
    return LOCAL_ZONE


class _Timezone:
    """celery.utils.time.timezone: zones and conversions."""

    utc = UTC

    @property
    def local(self) -> tzinfo:
        """The machine's zone."""
        return LOCAL_ZONE

    def tz_or_local(self, tzinfo: Any = None) -> tzinfo:
        """The zone, or the machine's."""
        return LOCAL_ZONE if tzinfo is None else self.get_timezone(tzinfo)

    def get_timezone(self, zone: Any) -> tzinfo:
        """A zone by its name."""
        return (UTC if zone.lower() == "utc" else ZoneInfo(zone)) if isinstance(zone, str) else zone

    def to_local(self, dt: datetime, local: Any = None, orig: Any = None) -> datetime:
        """In the local zone; naive ones are in `orig` (else UTC)."""
        aware = dt if dt.tzinfo else make_aware(dt, orig or UTC)
        return localize(aware, self.tz_or_local(local))

    def to_system(self, dt: datetime) -> datetime:
        """In the machine's zone."""
        return localize(dt, LOCAL_ZONE)

    def to_local_fallback(self, dt: datetime) -> datetime:
        """In the machine's zone; naive ones are said to be in it."""
        return make_aware(dt, LOCAL_ZONE) if is_naive(dt) else localize(dt, LOCAL_ZONE)


timezone = _Timezone()


def is_naive(dt: datetime) -> bool:
    """True without a zone."""
    return dt.tzinfo is None or dt.utcoffset() is None


def make_aware(dt: datetime, tz: tzinfo) -> datetime:
    """In this zone, whatever it said before."""
    return dt.replace(tzinfo=tz)


def maybe_make_aware(dt: Any, tz: tzinfo | None = None, naive_as_utc: bool = True) -> Any:
    """Naive ones as UTC, in this zone; aware ones unchanged."""
    if not isinstance(dt, datetime) or not is_naive(dt):
        return dt
    return localize(make_aware(dt, UTC), tz) if naive_as_utc and tz is not None else make_aware(dt, tz or UTC)


def localize(dt: datetime, tz: tzinfo) -> datetime:
    """The same moment in this zone."""
    return make_aware(dt, tz) if is_naive(dt) else dt.astimezone(tz)


def to_utc(dt: datetime) -> datetime:
    """In UTC; naive ones are said to be."""
    return make_aware(dt, UTC) if is_naive(dt) else dt.astimezone(UTC)


def maybe_timedelta(delta: Any) -> Any:
    """Numbers are seconds."""
    return timedelta(seconds=delta) if isinstance(delta, int | float) else delta


def delta_resolution(dt: datetime, delta: timedelta) -> datetime:
    """Rounded down to the largest unit of the interval."""
    seconds = max(delta.total_seconds(), 0)
    kept = next((n for n, (unit, *_) in enumerate(_UNITS) if seconds >= unit), None)
    if kept is None or kept == 3:
        return dt
    year, month, day, hour, minute = (dt.year, dt.month, dt.day, dt.hour, dt.minute)[: 3 + kept] + (0,) * (2 - kept)
    return datetime(year, month, day, hour, minute, tzinfo=dt.tzinfo)


def remaining(
    start: datetime, ends_in: timedelta, now: Any = None, relative: bool = False, debug: bool = False
) -> timedelta:
    """What is left of an interval that began at `start`."""
    now = now() if callable(now) else now or datetime.now(UTC)
    if is_naive(start) != is_naive(now):
        start, now = to_utc(start), to_utc(now)
    end = start + ends_in
    if relative:
        end = delta_resolution(end, ends_in).replace(microsecond=0)
    left: timedelta = end - now
    return left


def rate(r: Any) -> float:
    """ "10/m" as times a second."""
    if not r:
        return 0
    if isinstance(r, str):
        times, _, unit = r.partition("/")
        return float(times) / _RATES[unit or "s"]
    return float(r)


def weekday(name: str) -> int:
    """The number of a day; Sunday is 0."""
    try:
        return WEEKDAYS[name[:3].lower()]
    except KeyError:
        raise KeyError(name) from None


def humanize_seconds(secs: float, prefix: str = "", sep: str = "", now: str = "now", microseconds: bool = False) -> str:
    """ "in 2.00 minutes"."""
    secs = float(format(float(secs), ".2f"))
    for unit, word in _UNITS:
        if secs >= unit:
            count = secs / unit
            return f"{prefix}{sep}{count:.2f} {word if count == 1 else word + 's'}"
    if microseconds and secs > 0.0:
        return f"{prefix}{sep}{secs:.2f} seconds"
    return now


def parse_iso8601(datestring: str) -> datetime:
    """A moment from its text."""
    return datetime.fromisoformat(datestring)


def maybe_iso8601(dt: Any) -> datetime | None:
    """A moment, or its text, or None."""
    return dt if not dt or isinstance(dt, datetime) else datetime.fromisoformat(dt)


class ffwd:  # noqa: N801 - Celery's name
    """Something to add to a date: its fields set, days and weeks added."""

    def __init__(
        self,
        year: Any = None,
        month: Any = None,
        weeks: int = 0,
        weekday: Any = None,
        day: Any = None,
        hour: Any = None,
        minute: Any = None,
        second: Any = None,
        microsecond: Any = None,
        **kwargs: Any,
    ) -> None:
        self.year, self.month, self.weekday, self.day = year, month, weekday, day
        self.days = weeks * 7
        self.hour, self.minute, self.second, self.microsecond = hour, minute, second, microsecond

    def _fields(self) -> dict[str, Any]:
        names = ("year", "month", "day", "hour", "minute", "second", "microsecond")
        return {name: value for name in names if (value := getattr(self, name)) is not None}

    def __radd__(self, other: Any) -> Any:
        if not isinstance(other, date):
            return NotImplemented
        day = min(monthrange(self.year or other.year, self.month or other.month)[1], self.day or other.day)
        found: Any = other.replace(**{**self._fields(), "day": day}) + timedelta(days=self.days)
        if self.weekday is not None:
            found += timedelta(days=(7 - found.weekday() + self.weekday) % 7)
        return found

    __add__ = __radd__


def get_exponential_backoff_interval(factor: int, retries: int, maximum: int, full_jitter: bool = False) -> int:
    """Seconds to wait before the next try."""
    countdown = min(maximum, factor * (2**retries))
    return max(0, random.randrange(countdown + 1) if full_jitter else countdown)


def utcoffset(time: Any = None, localtime: Any = None) -> int:
    """How many hours the machine's zone is behind UTC."""
    offset = datetime.now(LOCAL_ZONE).utcoffset() or timedelta(0)
    return -int(offset.total_seconds() // 3600)


def adjust_timestamp(ts: float, offset: int, here: Any = utcoffset) -> float:
    """A time stamp of a machine so many hours behind UTC, in this machine's time."""
    return float(ts - (offset - here()) * 3600)


def add_seconds_to_datetime(dt: datetime, seconds: float) -> datetime:
    """So many seconds later."""
    return (to_utc(dt) + timedelta(seconds=seconds)).astimezone(dt.tzinfo)


def subtract_datetimes(dt1: datetime, dt2: datetime) -> timedelta:
    """The time between them."""
    return to_utc(dt1) - to_utc(dt2)
