"""crontab: due at the minutes that a crontab names, by the clock of a time zone."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from celeriac.core.near import near

from .due import next_match
from .expressions import DAY_OF_MONTH, DAY_OF_WEEK, HOUR, MINUTE, MONTH_OF_YEAR, cronfield
from .kind import BaseSchedule, from_microseconds, microseconds, schedstate
from .pattern import Pattern, ever_occurs, mask, pattern
from .timeline import timeline
from .zones import zone_named

_FAR = timedelta(days=36_525)  # what remains until never


_OPTIONS = frozenset({"nowfun", "app"})
_NAMES = ("minute", "hour", "day_of_week", "day_of_month", "month_of_year", "tz", "nowfun", "app")


def _given(spec: Any) -> Any:
    """An iterator can be read once only, so what it gives is kept."""
    return list(spec) if isinstance(spec, Iterator) else spec


class crontab(BaseSchedule):  # noqa: N801 - Celery's name
    """Due at the minutes that match all five fields.

    A field is a number, an iterable of numbers, or an expression such as '*', '*/15', '1-5', 'mon,wed' or
    'fri-mon'; days of the week go from 0, Sunday, to 6. `tz` is the zone it goes by, if that is not the app's.
    """

    __module__ = "celeriac.schedules"  # what pickles name; it will outlive this file

    def __init__(
        self,
        minute: Any = "*",
        hour: Any = "*",
        day_of_week: Any = "*",
        day_of_month: Any = "*",
        month_of_year: Any = "*",
        **kwargs: Any,
    ) -> None:
        self._orig_minute = _given(minute)
        self._orig_hour = _given(hour)
        self._orig_day_of_week = _given(day_of_week)
        self._orig_day_of_month = _given(day_of_month)
        self._orig_month_of_year = _given(month_of_year)
        self.minute = MINUTE.numbers(self._orig_minute)
        self.hour = HOUR.numbers(self._orig_hour)
        self.day_of_week = DAY_OF_WEEK.numbers(self._orig_day_of_week)
        self.day_of_month = DAY_OF_MONTH.numbers(self._orig_day_of_month)
        self.month_of_year = MONTH_OF_YEAR.numbers(self._orig_month_of_year)
        if not ever_occurs(self.day_of_month, self.month_of_year):
            raise ValueError(
                f"Invalid crontab: day_of_month {self._orig_day_of_month!r} never occurs "
                f"in month_of_year {self._orig_month_of_year!r}"
            )
        self._options(**kwargs)

    def _options(self, tz: str | tzinfo | None = None, **kwargs: Any) -> None:
        """What is not a field: tz, nowfun, app."""
        for name in kwargs.keys() - _OPTIONS:
            meant = near(name, _NAMES)
            hint = f": do you mean {meant!r}?" if meant else f"; there are {', '.join(_NAMES)}"
            raise TypeError(f"crontab() has no argument {name!r}{hint}")
        if tz is not None:
            self.tz = tz
        self._orig_kwargs = {name: value for name, value in kwargs.items() if name != "app" and value is not None}
        super().__init__(**kwargs)

    @classmethod
    def from_string(cls, crontab: str, **kwargs: Any) -> "crontab":
        """From the line of a crontab file: minute, hour, day of month, month of year, day of week."""
        if not isinstance(crontab, str):
            raise TypeError(f"crontab.from_string({crontab!r}): must be text, not {type(crontab).__name__}")
        fields = crontab.split()
        if len(fields) != 5:
            raise ValueError(
                f"{crontab!r} has {len(fields)} fields; a crontab has five: minute, hour, day of month, "
                "month of year, day of week"
            )
        minute, hour, day_of_month, month_of_year, day_of_week = fields
        return cls(minute, hour, day_of_week, day_of_month, month_of_year, **kwargs)

    def next_after(self, when: datetime, anchor: datetime | None = None) -> datetime | None:
        """The first moment later than `when`; see `due` for the hours that clocks skip or show twice."""
        found = next_match(self._pattern(), timeline(self.tz), microseconds(when) // 1_000_000)
        return None if found is None else from_microseconds(found * 1_000_000)

    def _pattern(self) -> Pattern:
        """Asked for each time, for programs may change the sets; equal ones share a pattern."""
        fields = (self.minute, self.hour, self.day_of_week, self.day_of_month, self.month_of_year)
        return pattern(*map(mask, fields))

    def remaining_delta(
        self, last_run_at: datetime, tz: str | tzinfo | None = None, ffwd: type = timedelta
    ) -> tuple[datetime, timedelta, datetime]:
        """When it ran last, how much later by the clock on the wall it is due, and the moment: all local."""
        last = self.maybe_make_aware(last_run_at)
        zone = self.tz if tz is None else zone_named(tz)
        due = self.next_after(last)
        last = last.astimezone(zone)
        later = _FAR if due is None else due.astimezone(zone).replace(tzinfo=None) - last.replace(tzinfo=None)
        return last, later, self.maybe_make_aware(self.now()).astimezone(zone)

    def remaining_estimate(self, last_run_at: datetime, ffwd: type = timedelta) -> timedelta:
        """How long it is from now until it is due, if it ran at last_run_at; less than nothing if it is overdue."""
        due = self.next_after(self.maybe_make_aware(last_run_at))
        return _FAR if due is None else due - self.maybe_make_aware(self.now()).astimezone(UTC)

    def is_due(self, last_run_at: datetime) -> schedstate:
        """Whether it is due, and in how many seconds to look again.

        What was due longer ago than `beat_cron_starting_deadline` is skipped.
        """
        remaining = self.remaining_estimate(last_run_at).total_seconds()
        if remaining > 0:
            return schedstate(is_due=False, next=remaining)
        deadline = self.app.conf.beat_cron_starting_deadline
        if deadline is not None and -remaining > deadline:
            # It is the latest of the times missed that counts: that one may be young enough.
            still = self.maybe_make_aware(self.now()) - timedelta(seconds=deadline, microseconds=1)
            remaining = self.remaining_estimate(still).total_seconds()
        following = max(self.remaining_estimate(self.now()).total_seconds(), 0)
        return schedstate(is_due=remaining <= 0, next=following)

    def __repr__(self) -> str:
        fields = (
            *(self._orig_minute, self._orig_hour, self._orig_day_of_month),
            *(self._orig_month_of_year, self._orig_day_of_week),
        )
        return f"<crontab: {' '.join(str(cronfield(field)) for field in fields)} (m/h/dM/MY/d)>"

    def __eq__(self, other: object) -> bool:
        if isinstance(other, crontab):
            return self._identity() == other._identity() and bool(BaseSchedule.__eq__(self, other))
        return NotImplemented

    def _identity(self) -> tuple[Any, ...]:
        fields = (self.minute, self.hour, self.day_of_week, self.day_of_month, self.month_of_year)
        return (*fields, self._tz)

    def __reduce__(self) -> tuple[Any, ...]:
        fields = (
            *(self._orig_minute, self._orig_hour, self._orig_day_of_week),
            *(self._orig_day_of_month, self._orig_month_of_year),
        )
        return type(self), fields, {**self._orig_kwargs, **({} if self._tz is None else {"tz": self._tz})}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self._options(**state)
