"""The ticks of schedules: next, passed, and that they never drift."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from celeriac.beat.ticks import Ticks, micros, moment, ticks_of
from celeriac.schedules import BaseSchedule, crontab, schedstate, schedule

S = 1_000_000
NOW = 1_700_000_000


def walked(ticks: Ticks, last: int, now: int) -> list[int]:
    """Tick by tick."""
    found = []
    tick = ticks.next(last)
    while tick is not None and tick <= now:
        found.append(tick)
        tick = ticks.next(tick)
    return found


def test_moments_are_exact() -> None:
    when = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)
    assert moment(micros(when)) == when


def test_tick_n_of_an_interval_is_n_intervals_later_however_large_n_is() -> None:
    ticks = ticks_of(schedule(0.1), lambda: NOW)
    tick = NOW * S
    for _ in range(100_000):
        tick = ticks.next(tick)
    assert tick == NOW * S + 100_000 * 100_000


@settings(max_examples=60, deadline=None)
@given(every=st.integers(1, 5_000_000), gap=st.integers(0, 50_000_000), most=st.integers(1, 5))
def test_an_intervals_passed_ticks_are_the_last_of_all(every: int, gap: int, most: int) -> None:
    ticks = ticks_of(schedule(timedelta(microseconds=every * 1000)), lambda: NOW)
    last, now = NOW * S, NOW * S + gap * 1000
    if (now - last) // (every * 1000) < 3000:
        assert ticks.passed(last, now, most) == walked(ticks, last, now)[-most:]


@settings(max_examples=40, deadline=None)
@given(
    minute=st.sampled_from(["*", "*/7", "30", "0,59"]),
    hour=st.sampled_from(["*", "3", "*/5"]),
    gap=st.integers(0, 4 * 86_400),
    most=st.integers(1, 4),
)
def test_a_crontabs_passed_ticks_are_the_last_of_all(minute: str, hour: str, gap: int, most: int) -> None:
    ticks = ticks_of(crontab(minute, hour), lambda: NOW)
    last, now = NOW * S, (NOW + gap) * S
    assert ticks.passed(last, now, most) == walked(ticks, last, now)[-most:]


class Counted(crontab):
    """Counts how often it is asked."""

    asked = 0

    def next_after(self, when, anchor=None):
        Counted.asked += 1
        return super().next_after(when, anchor)


def test_many_years_of_missed_minutes_are_not_walked_through() -> None:
    ticks = ticks_of(Counted(), lambda: NOW)
    assert ticks.passed(0, NOW * S, 1) == [NOW // 60 * 60 * S]
    assert Counted.asked < 20


class Every5(BaseSchedule):
    """Somebody's own, as programs for Celery write them."""

    def __init__(self, clock) -> None:
        super().__init__()
        self.clock = clock

    def is_due(self, last_run_at):
        left = 5 - (self.clock() - last_run_at.timestamp())
        return schedstate(left <= 0, 5 if left <= 0 else left)


def test_a_schedule_that_only_answers_is_due_is_asked() -> None:
    now = float(NOW)
    ticks = ticks_of(Every5(lambda: now), lambda: now)
    assert ticks.polled
    assert ticks.next(NOW * S) == (NOW + 5) * S
    assert ticks.passed(NOW * S, NOW * S, 1) == []
    now += 6
    assert ticks.passed(NOW * S, (NOW + 6) * S, 1) == [(NOW + 6) * S]
