"""The ticks of a schedule as whole microseconds of UTC: the next one, and those that have passed."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from celeriac.schedules import BaseSchedule, foresees
from celeriac.schedules import schedule as interval

SECOND: Final = 1_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def micros(when: datetime) -> int:
    """Microseconds since 1970; a datetime without a zone is UTC."""
    return ((when if when.tzinfo else when.replace(tzinfo=UTC)) - _EPOCH) // _MICROSECOND


def moment(when: int) -> datetime:
    """The UTC datetime of so many microseconds."""
    return _EPOCH + timedelta(microseconds=when)


class Ticks:
    """The ticks of a schedule that can tell the next one from any moment (crontab, solar, rounded intervals)."""

    polled = False

    def __init__(self, schedule: Any) -> None:
        self._schedule = schedule

    def next(self, last: int) -> int | None:
        """The tick that follows one; None if there is no other."""
        found = self._schedule.next_after(moment(last))
        return None if found is None else micros(found)

    def passed(self, last: int, now: int, most: int) -> list[int]:
        """The last `most` ticks later than `last` up to `now`, in order."""
        window = SECOND
        while True:
            # Backwards, in windows that grow: a pattern that was due a million times is not walked through.
            start = max(last, now - window)
            found = self._between(start, now)
            if len(found) >= most or start == last:
                return found[-most:]
            window *= 8

    def _between(self, start: int, end: int) -> list[int]:
        found = []
        tick = self.next(start)
        while tick is not None and tick <= end:
            found.append(tick)
            tick = self.next(tick)
        return found


class Interval(Ticks):
    """Every so many microseconds after the first: tick N is N intervals later, however large N is."""

    def __init__(self, every: int) -> None:
        self._every = max(every, 1)

    def next(self, last: int) -> int | None:
        return last + self._every

    def passed(self, last: int, now: int, most: int) -> list[int]:
        count = (now - last) // self._every
        return [last + self._every * number for number in range(max(1, count - most + 1), count + 1)]


class Polled(Ticks):
    """A schedule of somebody's own that only answers `is_due`: it is asked, and due is now."""

    polled = True

    def __init__(self, schedule: Any, now: Callable[[], float]) -> None:
        super().__init__(schedule)
        self._now = now

    def next(self, last: int) -> int | None:
        now = int(self._now() * SECOND)
        due, seconds = self._schedule.is_due(moment(last))
        return now if due else now + max(int(seconds * SECOND), 1)

    def passed(self, last: int, now: int, most: int) -> list[int]:
        due, _ = self._schedule.is_due(moment(last))
        return [max(now, last + 1)] if due else []


def is_plain_interval(schedule: Any) -> bool:
    """True for `schedule(seconds)` itself, not rounded: its ticks can be counted."""
    return type(schedule) is interval and not schedule.relative


def ticks_of(schedule: Any, now: Callable[[], float]) -> Ticks:
    """The ticks of any schedule."""
    if is_plain_interval(schedule):
        return Interval(schedule.run_every // _MICROSECOND)
    return Ticks(schedule) if isinstance(schedule, BaseSchedule) and foresees(schedule) else Polled(schedule, now)
