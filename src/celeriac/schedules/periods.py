"""schedule: due again and again after the same time."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from .due import next_round, next_tick
from .kind import BaseSchedule, from_microseconds, microseconds, schedstate
from .timeline import timeline

_UNITS = ((86_400.0, "day"), (3600.0, "hour"), (60.0, "minute"), (1.0, "second"))


class schedule(BaseSchedule):  # noqa: N801 - Celery's name
    """Due every `run_every`: seconds, or a timedelta.

    With `relative`, moments are rounded down to the day, hour or minute, whichever is the largest that
    fits into the interval: every hour, on the hour.
    """

    __module__ = "celeriac.schedules"  # what pickles name; it will outlive this file

    relative: bool = False

    def __init__(
        self,
        run_every: float | timedelta | None = None,
        relative: bool = False,
        nowfun: Callable[[], datetime] | None = None,
        app: Any = None,
    ) -> None:
        self.run_every = None if run_every is None else interval(run_every)
        self.relative = relative
        super().__init__(nowfun=nowfun, app=app)

    def next_after(self, when: datetime, anchor: datetime | None = None) -> datetime:
        """The next of the moments anchor + n * run_every, however large n is; without anchor, `when` + run_every."""
        every = self._length() // timedelta(microseconds=1)
        if every <= 0:
            raise ValueError(f"schedule({self.run_every!r}): the interval must be longer than nothing")
        after = microseconds(when)
        if self.relative and every >= 1_000_000:
            second = 1_000_000
            return from_microseconds(next_round(every // second, after // second, timeline(self.tz)) * second)
        return from_microseconds(next_tick(every, after, None if anchor is None else microseconds(anchor)))

    def remaining_estimate(self, last_run_at: datetime) -> timedelta:
        """How long it is from now until it is due, if it ran at last_run_at."""
        last = self.maybe_make_aware(last_run_at)
        now = self.maybe_make_aware(self.now())
        due = self.next_after(last) if self._length() > timedelta(0) else last + self._length()
        return from_microseconds(microseconds(due)) - now

    def is_due(self, last_run_at: datetime) -> schedstate:
        """Whether it is due, and in how many seconds to look again."""
        last = self.maybe_make_aware(last_run_at)
        remaining = max(self.remaining_estimate(last).total_seconds(), 0)
        if remaining == 0:
            again = self.remaining_estimate(self.maybe_make_aware(self.now())) if self.relative else self._length()
            return schedstate(is_due=True, next=max(again.total_seconds(), 0))
        return schedstate(is_due=False, next=remaining)

    def _length(self) -> timedelta:
        if self.run_every is None:
            raise ValueError("schedule() has no run_every: give it seconds or a timedelta")
        return self.run_every

    @property
    def seconds(self) -> float:
        return max(self._length().total_seconds(), 0)

    @property
    def human_seconds(self) -> str:
        """In the largest unit that fits, such as 1.50 minutes."""
        seconds = self.seconds
        for size, unit in _UNITS:
            if seconds >= size:
                count = seconds / size
                return f"{count:.2f} {unit}{'s' if count > 1 else ''}"
        return "now"

    def __repr__(self) -> str:
        return f"<freq: {'?' if self.run_every is None else self.human_seconds}>"

    def __eq__(self, other: object) -> bool:
        if isinstance(other, schedule):
            return self.run_every == other.run_every
        return self.run_every == other

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.run_every, self.relative, self.nowfun)


def interval(value: Any) -> timedelta:
    """A timedelta of a timedelta or a number of seconds."""
    if isinstance(value, timedelta):
        return value
    if isinstance(value, (int, float)):
        try:
            return timedelta(seconds=value)
        except (OverflowError, ValueError):
            raise ValueError(f"schedule({value!r}): no interval of that many seconds can be said") from None
    raise TypeError(f"schedule({value!r}): must be seconds or a timedelta, not {type(value).__name__}")
