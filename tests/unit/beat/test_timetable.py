"""app.schedules: looking at periodic tasks and changing them while a beat runs."""

from datetime import UTC, datetime, timedelta

import pytest

from celeriac.beat.timetable import Schedules, UnknownEntry
from celeriac.core.errors import ImproperlyConfigured
from celeriac.schedules import BaseSchedule, crontab, schedstate


@pytest.fixture
def desk(make_desk):
    return make_desk({"mine": {"task": "t.add", "schedule": 10, "args": ("mine",)}})


@pytest.fixture
def schedules(desk) -> Schedules:
    return Schedules(desk.app, desk.clock)


def test_what_was_added_runs_without_a_restart(desk, schedules) -> None:
    scheduler = desk.scheduler()
    scheduler.tick()
    added = schedules.add("new", desk.app.tasks["t.add"], 4, ["new"])
    assert added.next_run_at == datetime.fromtimestamp(desk.clock.now() + 4, UTC)
    assert desk.run(scheduler, 9) == ["new", "new"]


def test_what_was_added_is_there_for_the_next_beat_and_in_the_list(desk, schedules) -> None:
    schedules.add("new", "t.add", crontab("30", tz="Europe/Berlin"), ["new"], {"y": 1}, options={"priority": 3})
    assert "new" in desk.run(desk.scheduler(), 3600)
    listed = {planned.name: planned for planned in schedules.list()}
    assert (listed["new"].source, listed["mine"].source) == ("stored", "program")
    assert listed["new"].kwargs == {"y": 1}
    assert listed["new"].options == {"priority": 3}
    assert listed["new"].timing == "crontab: 30 * * * * (m/h/dM/MY/d) Europe/Berlin"
    assert listed["mine"].timing == "every 10 s"
    assert listed["new"].total_run_count == 1


def test_what_was_removed_runs_no_more(desk, schedules) -> None:
    schedules.add("new", "t.add", 5, ["new"])
    scheduler = desk.scheduler()
    assert desk.run(scheduler, 5) == ["new"]
    schedules.remove("new")
    assert desk.run(scheduler, 5) == ["mine"]
    assert [planned.name for planned in schedules.list()] == ["mine"]


def test_a_paused_entry_runs_again_when_it_is_resumed_and_makes_up_for_nothing(desk, schedules) -> None:
    scheduler = desk.scheduler()
    scheduler.tick()
    schedules.pause("mine")
    assert desk.run(scheduler, 100) == []
    assert schedules.get("mine").paused
    assert schedules.get("mine").next_run_at is None
    desk.clock.advance(5)
    schedules.resume("mine")
    assert desk.run(scheduler, 9) == []
    assert desk.run(scheduler, 1) == ["mine"]


def test_a_pause_outlives_the_beat(desk, schedules) -> None:
    first = desk.scheduler()
    first.tick()
    schedules.pause("mine")
    first.close()
    assert desk.run(desk.scheduler(), 100) == []


def test_an_entry_can_be_paused_before_the_first_beat_comes(desk, schedules) -> None:
    assert schedules.get("mine").note == "no beat has seen it yet"
    schedules.pause("mine")
    assert desk.run(desk.scheduler(), 100) == []
    schedules.resume("mine")
    assert schedules.get("mine").note == ""


def test_an_entry_can_be_run_at_once(desk, schedules) -> None:
    assert schedules.run("mine").id
    assert desk.sent() == ["mine"]


def test_the_next_times_can_be_seen(desk, schedules) -> None:
    start = datetime.fromtimestamp(desk.clock.now(), UTC)
    scheduler = desk.scheduler()
    desk.run(scheduler, 25)
    assert schedules.next("mine", 2) == [start + timedelta(seconds=30), start + timedelta(seconds=40)]
    schedules.add("cron", "t.add", crontab("0", "12"))
    assert [time.hour for time in schedules.next("cron", 3)] == [12, 12, 12]


@pytest.mark.parametrize(
    ("begin", "days"),
    [
        (datetime(2026, 3, 28, 12, tzinfo=UTC), ["29T01:00", "30T00:30"]),  # 2:30 is skipped: at the end of the gap
        (datetime(2026, 10, 24, 12, tzinfo=UTC), ["25T00:30", "26T01:30"]),  # 2:30 comes twice: the first time
    ],
)
def test_the_next_times_across_a_gap_and_a_fold_are_those_at_which_it_runs(make_desk, begin, days) -> None:
    nightly = crontab("30", "2", tz="Europe/Berlin")
    desk = make_desk({"nightly": {"task": "t.add", "schedule": nightly, "args": ("nightly",)}})
    desk.clock.advance(begin.timestamp() - desk.clock.now())
    scheduler = desk.scheduler()
    scheduler.tick()
    foreseen = Schedules(desk.app, desk.clock).next("nightly", 2)
    assert [f"{time:%dT%H:%M}" for time in foreseen] == days
    for time in foreseen:
        desk.clock.advance(time.timestamp() - desk.clock.now() - 1)
        scheduler.tick()
        assert desk.sent() == []
        desk.clock.advance(1)
        scheduler.tick()
        assert desk.sent() == ["nightly"]


def test_the_programs_entries_are_changed_in_the_program(desk, schedules) -> None:
    for attempt in (lambda: schedules.remove("mine"), lambda: schedules.add("mine", "t.add", 5)):
        with pytest.raises(ValueError, match="beat_schedule"):
            attempt()


def test_an_added_entry_is_replaced_only_if_asked(schedules) -> None:
    schedules.add("new", "t.add", 5)
    with pytest.raises(ValueError, match="already"):
        schedules.add("new", "t.add", 6)
    schedules.add("new", "t.add", 6, replace=True)
    assert schedules.get("new").timing == "every 6 s"


def test_an_unknown_name_is_answered_with_those_there_are(schedules) -> None:
    for attempt in (schedules.get, schedules.remove, schedules.pause, schedules.resume, schedules.run, schedules.next):
        with pytest.raises(UnknownEntry, match="'nope'; there are: mine"):
            attempt("nope")


class Own(BaseSchedule):
    def is_due(self, last_run_at):
        return schedstate(False, 10)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"schedule": 0}, "longer than nothing"),
        ({"schedule": Own()}, "can't be stored"),
        ({"schedule": 5, "args": [object()]}, "plain JSON"),
        ({"schedule": 5, "missed": "what"}, "missed is one of"),
        ({"schedule": None}, "has no 'schedule'"),
    ],
)
def test_what_can_never_run_is_refused(schedules, given, said) -> None:
    with pytest.raises((ImproperlyConfigured, ValueError), match=said):
        schedules.add("new", "t.add", **given)


def test_an_unknown_option_is_refused(schedules) -> None:
    with pytest.raises(TypeError, match="there is no colour"):
        schedules.add("new", "t.add", 5, colour="red")


def test_a_stored_entry_of_a_newer_release_is_shown_and_keeps_nobody_back(desk, schedules, caplog) -> None:
    from celeriac.core.ports.plans import Change

    schedules._register.change([Change("strange", definition=b"{}", start=0)])
    assert desk.run(desk.scheduler(), 10) == ["mine"]
    assert "strange" in caplog.text
    (shown,) = [planned for planned in schedules.list() if planned.name == "strange"]
    assert shown.note
    schedules.remove("strange")
