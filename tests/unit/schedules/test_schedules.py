"""What all schedules share: the app, clock and zone; schedules of one's own; previews; the form in JSON."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import celeriac.schedules
from celeriac import Celeriac
from celeriac.current import get_current_app, set_current_app
from celeriac.schedules import (
    BaseSchedule,
    crontab,
    foresees,
    from_plain,
    maybe_schedule,
    schedstate,
    schedule,
    solar,
    to_plain,
    upcoming,
)

from .celery57 import app

START = datetime(2026, 7, 1, 12, tzinfo=UTC)


class Once(BaseSchedule):
    """Due at one moment; written for Celery."""

    def __init__(self, moment: datetime, app: Any = None) -> None:
        self.moment = moment
        super().__init__(app=app)

    def remaining_estimate(self, last_run_at: datetime) -> timedelta:
        return self.moment - self.now()

    def is_due(self, last_run_at: datetime) -> schedstate:
        remaining = self.remaining_estimate(last_run_at).total_seconds()
        return schedstate(remaining <= 0, max(remaining, 60))


class Weekdays(crontab):
    """Thinks twice before it is due."""

    def is_due(self, last_run_at: datetime) -> schedstate:
        state = super().is_due(last_run_at)
        return schedstate(state.is_due and self.now().isoweekday() < 6, state.next)


class Doubling(BaseSchedule):
    """Written for us: says when."""

    def next_after(self, when: datetime, anchor: datetime | None = None) -> datetime:
        return when + (when - datetime(2026, 1, 1, tzinfo=UTC))


def test_numbers_and_timedeltas_are_intervals_and_schedules_stay_what_they_are() -> None:
    ours = app()
    assert maybe_schedule(30, app=ours).app is ours
    assert maybe_schedule(timedelta(hours=1), relative=True) == schedule(3600)
    nightly = crontab(0, 4)
    assert maybe_schedule(nightly, app=ours) is nightly
    assert nightly.app is ours
    assert maybe_schedule(nightly).app is ours
    assert maybe_schedule(None) is None


@pytest.mark.parametrize("wrong", ["*/5 * * * *", True, object()])
def test_what_is_no_schedule_is_refused_with_the_forms_there_are(wrong: object) -> None:
    with pytest.raises(TypeError, match=r"is no schedule: give seconds, a timedelta, crontab\(...\) or solar\(...\)"):
        maybe_schedule(wrong)


def test_one_without_an_app_goes_by_the_current_app() -> None:
    before = get_current_app()
    with Celeriac("zoned", set_as_current=False) as here:
        here.conf.timezone = "Asia/Tokyo"
        set_current_app(here)
        try:
            assert crontab(0, 9).next_after(START) == datetime(2026, 7, 2, tzinfo=UTC)
            assert schedule(30).now().tzinfo == ZoneInfo("Asia/Tokyo")
        finally:
            set_current_app(before)


def test_a_program_without_any_app_has_schedules_in_utc() -> None:
    program = """
import sys
from datetime import UTC, datetime
from celeriac.schedules import crontab, schedule
assert crontab(0, 9).next_after(datetime(2026, 7, 1, tzinfo=UTC)) == datetime(2026, 7, 1, 9, tzinfo=UTC)
assert schedule(30).is_due(datetime(2026, 7, 1, tzinfo=UTC)) == (True, 30.0)
assert crontab().is_due(datetime.now(UTC)).next <= 60
heavy = [name for name in ("asyncio", "celeriac.app", "celeriac.wire", "ephem", "msgspec") if name in sys.modules]
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_moments_without_a_zone_are_utc_or_local_as_asked() -> None:
    made = BaseSchedule(app=app("Europe/Berlin"))
    naive = datetime(2026, 7, 1, 12)
    assert made.maybe_make_aware(naive) == START
    assert made.maybe_make_aware(naive, naive_as_utc=False) == START - timedelta(hours=2)
    elsewhere = START.astimezone(ZoneInfo("Asia/Tokyo"))
    assert made.maybe_make_aware(elsewhere) is elsewhere
    assert made.to_local(elsewhere) is elsewhere
    assert BaseSchedule(app=app(enable_utc=False)).to_local(elsewhere) == START


@pytest.mark.parametrize("made", [schedule(30), crontab()])
def test_a_last_run_that_is_no_moment_is_refused(made: BaseSchedule) -> None:
    with pytest.raises(TypeError, match="last_run_at must be a datetime, not None: take now"):
        made.is_due(None)  # type: ignore[arg-type]


def test_a_bare_one_says_what_to_define() -> None:
    for ask in (BaseSchedule().is_due, BaseSchedule().remaining_estimate, BaseSchedule().next_after):
        with pytest.raises(NotImplementedError, match="define"):
            ask(START)
    assert BaseSchedule() == BaseSchedule()
    assert BaseSchedule() != BaseSchedule(nowfun=datetime.now)


def test_schedules_that_decide_in_is_due_are_not_foreseen() -> None:
    assert [foresees(made) for made in (crontab(), schedule(1), solar("sunset", 0, 0), Doubling())] == [True] * 4
    assert [foresees(made) for made in (Weekdays(), Once(START), BaseSchedule())] == [False] * 3
    with pytest.raises(TypeError, match="Once decides in is_due what is due"):
        upcoming(Once(START))


def test_a_schedule_of_ones_own_may_say_when_and_that_is_all_it_takes_for_a_preview() -> None:
    assert upcoming(Doubling(app=app()), datetime(2026, 1, 2, tzinfo=UTC), 3) == [
        datetime(2026, 1, day, tzinfo=UTC) for day in (3, 5, 9)
    ]


def test_previews_are_in_the_schedules_zone_across_the_change_of_the_clock() -> None:
    made = crontab(30, 2, tz="Europe/Berlin")
    assert [due.isoformat() for due in upcoming(made, datetime(2026, 3, 28), 3)] == [
        "2026-03-28T02:30:00+01:00",
        "2026-03-29T03:00:00+02:00",
        "2026-03-30T02:30:00+02:00",
    ]
    assert upcoming(schedule(60), START, 2) == [START + timedelta(minutes=1), START + timedelta(minutes=2)]


@pytest.mark.parametrize(
    "made",
    [
        schedule(timedelta(minutes=90), relative=True),
        schedule(0.25),
        crontab("*/5", [1, 2], "mon-fri", {31, 1}, range(1, 12)),
        crontab(0, 4, tz="Asia/Tokyo"),
        crontab(0, 4, tz="UTC-03:30"),
        solar("dawn_civil", -37.81, 144.96),
    ],
    ids=repr,
)
def test_the_plain_form_goes_through_json_and_back(made: BaseSchedule) -> None:
    back = from_plain(json.loads(json.dumps(to_plain(made))))
    assert (back, type(back), getattr(back, "relative", None)) == (made, type(made), getattr(made, "relative", None))


@pytest.mark.parametrize(
    "made", [crontab(nowfun=datetime.now), Weekdays(), Once(START)], ids=["a clock", "a subclass", "a schedule"]
)
def test_what_can_not_be_written_down_is_refused(made: BaseSchedule) -> None:
    with pytest.raises(TypeError, match="can't be written as JSON"):
        to_plain(made)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({}, "its type must be one of crontab, solar, interval"),
        ({"type": "crontab", "minutes": 5}, "is no schedule: .*minutes"),
        ({"type": "interval"}, "is no schedule: .*every"),
        ({"type": "crontab", "minute": 99}, "99 is out of range"),
        ({"type": "solar", "event": "noon", "lat": 0, "lon": 0}, "the event must be one of"),
    ],
)
def test_a_plain_form_that_is_wrong_is_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        from_plain(wrong)


def test_the_room_has_the_names_of_celerys_module_and_no_others_by_mistake() -> None:
    assert set(celeriac.schedules.__all__) <= set(dir(celeriac.schedules))
    for name in celeriac.schedules.__all__:
        assert getattr(celeriac.schedules, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'cron_tab'"):
        celeriac.schedules.cron_tab  # type: ignore[attr-defined] # noqa: B018
