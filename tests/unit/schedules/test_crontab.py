"""crontab: due when Celery 5.7 is due, where that is right; compared, pickled and subclassed as Celery's."""

import pickle
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from celeriac.schedules import crontab, schedstate, upcoming

from .celery57 import AT_CHANGES, RECORDED, app
from .expected import Clock, expressions

at = datetime.fromisoformat


def times(made: crontab, start: datetime, count: int) -> list[datetime]:
    return upcoming(made, start, count)


@pytest.mark.parametrize(("fields", "start", "theirs"), RECORDED["due"])
def test_it_is_due_when_celery_is(fields: list[str], start: str, theirs: list[str]) -> None:
    assert times(crontab(*fields, app=app()), at(start), len(theirs)) == [at(moment) for moment in theirs]


@pytest.mark.parametrize(("zone", "start", "end", "fields", "theirs"), RECORDED["changes"])
def test_where_the_clock_changes_it_differs_from_celery_as_the_table_says(
    zone: str, start: str, end: str, fields: list[str], theirs: list[str]
) -> None:
    found = (due.astimezone(UTC).isoformat() for due in times(crontab(*fields, app=app(zone)), at(start), 400))
    ours, others = {due[5:16] for due in found if due < end}, {due[5:16] for due in theirs}
    only_ours, only_theirs = AT_CHANGES.get((zone, start[:10], " ".join(fields[:2])), ([], []))
    assert (sorted(ours - others), sorted(others - ours)) == (only_ours, only_theirs)


@pytest.mark.parametrize(("deadline", "last", "now", "theirs"), RECORDED["deadlines"])
def test_what_is_overdue_is_skipped_after_the_deadline_as_in_celery(
    deadline: int | None, last: str, now: str, theirs: list[Any]
) -> None:
    state = crontab(0, 12, app=app(now=at(now), deadline=deadline)).is_due(at(last))
    assert state == schedstate(*theirs)


def test_it_looks_as_in_celery() -> None:
    assert repr(crontab(0, [1, 2], "mon", "1-7", "*/2")) == RECORDED["reprs"]["crontab"]


@settings(deadline=None)
@given(
    some.sets(some.integers(1, 31), min_size=1),
    some.sets(some.integers(0, 6), min_size=1),
    some.sets(some.integers(1, 12), min_size=1),
    some.dates(date(1971, 1, 1), date(2150, 1, 1)),
)
def test_the_next_day_is_the_first_in_the_calendar_that_matches(
    days: set[int], weekdays: set[int], months: set[int], start: date
) -> None:
    if not any(day <= 28 or (day <= 30 and month != 2) for day in days for month in months):
        return
    made = crontab(0, 0, weekdays, days, months, tz="UTC")
    day = start + timedelta(days=1)
    while not (day.day in days and day.isoweekday() % 7 in weekdays and day.month in months):
        day += timedelta(days=1)
    assert made.next_after(datetime(start.year, start.month, start.day, 12, tzinfo=UTC)) == datetime(
        day.year, day.month, day.day, tzinfo=UTC
    )


def test_a_leap_day_on_a_monday_is_found_across_the_year_that_is_none() -> None:
    made = crontab.from_string("0 0 29 feb mon")
    assert [due.year for due in upcoming(made, datetime(2090, 1, 1, tzinfo=UTC), 3)] == [2112, 2140, 2168]


def test_there_is_nothing_after_the_last_year() -> None:
    made = crontab(0, 0, day_of_month=1, month_of_year=1, tz="Asia/Tokyo")
    assert [due.year for due in upcoming(made, datetime(9997, 6, 1, tzinfo=UTC), 5)] == [9998, 9999]
    assert crontab(tz="UTC").next_after(datetime.max.replace(tzinfo=UTC)) is None


class Changing(tzinfo):
    """A zone whose clock goes back by an hour at one moment, and never else."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def utcoffset(self, dt: datetime | None) -> timedelta:
        assert dt is not None
        local = self.moment.replace(tzinfo=None)
        early = dt.replace(tzinfo=None, fold=0) < (local if dt.fold else local + timedelta(hours=1))
        return timedelta(hours=1) if early else timedelta(0)

    def fromutc(self, dt: datetime) -> datetime:
        moment = dt.replace(tzinfo=UTC)
        late = self.moment <= moment
        again = late and moment < self.moment + timedelta(hours=1)
        return (dt + timedelta(hours=0 if late else 1)).replace(fold=int(again))

    def dst(self, dt: datetime | None) -> timedelta:
        return timedelta(0)


@pytest.mark.parametrize("minutes", range(0, 90, 10))
def test_a_change_is_seen_wherever_it_is_among_the_spans_that_are_remembered(minutes: int) -> None:
    # Offsets are remembered by spans of 2**24 seconds: here one begins within, or just after, the repeated hour.
    border = (106 << 24) // 60 * 60
    moment = border - minutes * 60
    zone = Changing(datetime.fromtimestamp(moment, UTC))
    clock = Clock(zone, border - 86_400, border + 86_400)
    for expression in expressions(60):
        made = crontab(*expression.texts, tz=zone)
        due = [clock.start - 1]
        while (found := made.next_after(datetime.fromtimestamp(due[-1], UTC))) and found.timestamp() < clock.end:
            due.append(int(found.timestamp()))
        assert due[1:] == clock.due(expression), expression.texts


def test_a_zone_of_its_own_goes_before_the_apps() -> None:
    start = datetime(2026, 7, 1, tzinfo=UTC)
    berlin = app("Europe/Berlin")
    assert crontab(0, 9, app=berlin).next_after(start) == datetime(2026, 7, 1, 7, tzinfo=UTC)
    assert crontab(0, 9, app=berlin, tz="Asia/Tokyo").next_after(start) == datetime(2026, 7, 2, tzinfo=UTC)
    assert crontab(0, 9, tz="UTC+05:30").next_after(start) == datetime(2026, 7, 1, 3, 30, tzinfo=UTC)


def test_equal_ones_match_the_same_minutes_in_the_same_zone_by_the_same_clock() -> None:
    assert crontab(minute="*/30") == crontab(minute={0, 30})
    assert crontab(minute=0) != crontab(minute=1)
    assert crontab(minute=0) != crontab(minute=0, tz="Asia/Tokyo")
    assert crontab(minute=0) != crontab(minute=0, nowfun=datetime.now)
    assert crontab() != 60
    with pytest.raises(TypeError):
        hash(crontab())


def test_a_pickle_brings_back_fields_zone_and_clock_under_the_name_that_programs_know() -> None:
    made = crontab("*/5", 4, "mon", [1, 15], "jan", tz="Asia/Tokyo", nowfun=datetime.now, app=app())
    data = pickle.dumps(made)
    assert b"celeriac.schedules" in data
    assert b"cron\x94" not in data
    back = pickle.loads(data)
    assert back == made
    assert (back.tz, back.nowfun, repr(back)) == (ZoneInfo("Asia/Tokyo"), datetime.now, repr(made))


class ZonedCrontab(crontab):
    """As schedulers on a database make them: the zone is set before __init__, is_due and __reduce__ are their own."""

    def __init__(self, minute: Any = "*", hour: Any = "*", tz: Any = None, app: Any = None) -> None:
        self.tz = tz
        super().__init__(minute=minute, hour=hour, nowfun=self.nowfunc, app=app)

    def nowfunc(self) -> datetime:
        return datetime(2026, 7, 1, 12, tzinfo=UTC).astimezone(self.tz)

    def is_due(self, last_run_at: datetime) -> schedstate:
        remaining = max(self.remaining_estimate(last_run_at.astimezone(self.tz)).total_seconds(), 0)
        due = remaining == 0
        return schedstate(due, max(self.remaining_estimate(self.now()).total_seconds(), 0) if due else remaining)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._orig_minute, self._orig_hour, self.tz), None


def test_subclasses_of_schedulers_on_a_database_work() -> None:
    made = ZonedCrontab(0, 22, ZoneInfo("Asia/Tokyo"), app())  # 13:00 UTC
    assert made.is_due(datetime(2026, 7, 1, tzinfo=UTC)) == schedstate(False, 3600.0)
    assert made.is_due(datetime(2026, 6, 30, 12, tzinfo=UTC)) == schedstate(True, 3600.0)
    assert pickle.loads(pickle.dumps(made)).tz == ZoneInfo("Asia/Tokyo")


def test_the_remaining_delta_leads_to_the_next_time_on_the_local_clock() -> None:
    now = datetime(2026, 3, 28, 12, tzinfo=UTC)
    made = crontab(0, 4, app=app("Europe/Berlin", now=now))
    last, delta, moment = made.remaining_delta(now)
    assert (last + delta).isoformat() == "2026-03-29T04:00:00+02:00"
    assert moment == now
