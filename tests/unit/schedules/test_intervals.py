"""schedule: every so many seconds, without drift, as Celery's where Celery is asked."""

import pickle
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from celeriac.schedules import schedstate, schedule

from .celery57 import RECORDED, app

START = datetime(2026, 7, 1, 12, tzinfo=UTC)
at = datetime.fromisoformat


@pytest.mark.parametrize(("every", "relative", "last", "now", "theirs"), RECORDED["intervals"])
def test_it_is_due_when_celery_is(every: float, relative: bool, last: str, now: str, theirs: list[Any]) -> None:
    if every < 1 and relative:
        theirs = [theirs[0], theirs[1], min(every, theirs[2]) if not theirs[1] else every]  # they round it up and down
    made = schedule(every, relative, app=app(now=at(now)))
    assert [made.remaining_estimate(at(last)).total_seconds(), *made.is_due(at(last))] == theirs


@settings(deadline=None)
@given(
    some.timedeltas(timedelta(milliseconds=1), timedelta(days=400)),
    some.integers(0, 10**7),
    some.timedeltas(timedelta(0), timedelta(seconds=1)),
)
def test_tick_n_is_at_its_nominal_time_however_large_n_is(every: timedelta, n: int, late: timedelta) -> None:
    anchor = datetime(1990, 1, 1, tzinfo=UTC)
    n = min(n, (datetime(9000, 1, 1, tzinfo=UTC) - anchor) // every)
    asked = anchor + n * every + late % every
    assert schedule(every).next_after(asked, anchor) == anchor + (n + 1) * every


def test_without_an_anchor_the_time_asked_for_was_a_tick() -> None:
    assert schedule(90).next_after(START) == START + timedelta(seconds=90)


@pytest.mark.parametrize(
    ("every", "after", "due"),
    [
        pytest.param(86_400, "2026-03-27T23:00:00", "2026-03-28T23:00:00", id="a day before the change"),
        pytest.param(86_400, "2026-03-28T23:00:00", "2026-03-29T22:00:00", id="a day of 23 hours"),
        pytest.param(86_400, "2026-10-24T22:00:00", "2026-10-25T23:00:00", id="a day of 25 hours"),
        pytest.param(86_400, "2026-10-25T22:30:00", "2026-10-25T23:00:00", id="late on a day of 25 hours"),
        pytest.param(2 * 86_400, "2026-10-24T05:00:00", "2026-10-25T23:00:00", id="two days"),
        pytest.param(3600, "2026-10-25T00:10:00", "2026-10-25T01:00:00", id="into the hour that comes twice"),
        pytest.param(3600, "2026-10-25T01:00:00", "2026-10-25T02:00:00", id="out of it"),
    ],
)
def test_relative_ones_are_due_at_round_times_of_the_local_clock(every: int, after: str, due: str) -> None:
    made = schedule(every, relative=True, app=app("Europe/Berlin"))
    assert made.next_after(at(f"{after}+00:00")) == at(f"{due}+00:00")


def test_relative_ones_are_due_at_the_end_of_the_gap_where_there_is_no_midnight() -> None:
    made = schedule(86_400, relative=True, app=app("America/Havana"))
    assert made.next_after(at("2026-03-07T12:00:00+00:00")) == at("2026-03-08T05:00:00+00:00")


@settings(deadline=None)
@given(some.integers(1, 10**6), some.datetimes(datetime(2019, 1, 1), datetime(2041, 1, 1), timezones=some.just(UTC)))
def test_relative_ones_are_later_than_now_and_not_later_than_the_interval(every: int, now: datetime) -> None:
    due = schedule(every, relative=True, app=app("America/Havana")).next_after(now)
    assert now < due <= now + timedelta(seconds=every, hours=25 if every >= 86_400 else 0)


def test_it_looks_as_in_celery() -> None:
    theirs = RECORDED["reprs"]["interval"]
    assert {seconds: repr(schedule(float(seconds))) for seconds in theirs} == theirs


def test_equal_ones_have_the_same_interval() -> None:
    assert schedule(30) == schedule(timedelta(seconds=30), relative=True) == timedelta(seconds=30)
    assert schedule(30) != schedule(31)
    assert schedule(30) != 30
    with pytest.raises(TypeError):
        hash(schedule(30))


def test_a_pickle_brings_it_back() -> None:
    back = pickle.loads(pickle.dumps(schedule(90, relative=True, nowfun=datetime.now)))
    assert (back, back.relative, back.nowfun) == (schedule(90), True, datetime.now)


def test_nothing_or_less_is_due_at_once_and_can_not_be_planned() -> None:
    made = schedule(0, app=app(now=START))
    assert made.is_due(START) == schedstate(True, 0)
    with pytest.raises(ValueError, match="the interval must be longer than nothing"):
        made.next_after(START)


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ("30", TypeError, r"schedule\('30'\): must be seconds or a timedelta, not str"),
        (float("nan"), ValueError, "no interval of that many seconds"),
        (float("inf"), ValueError, "no interval of that many seconds"),
        (1e20, ValueError, "no interval of that many seconds"),
    ],
)
def test_what_is_no_interval_is_refused_when_it_is_made(given: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        schedule(given)


def test_one_without_an_interval_says_so_when_it_is_asked() -> None:
    with pytest.raises(ValueError, match="schedule\\(\\) has no run_every"):
        schedule(app=app(now=START)).is_due(START)
