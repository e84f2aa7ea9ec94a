"""The shared scheduler on a memory broker and a clock moved by hand: what is sent when, by whom, and what is missed."""

import logging
from datetime import UTC, datetime, timedelta

from celeriac import Celeriac
from celeriac.beat import BeatLazyFunc, SharedScheduler
from celeriac.schedules import BaseSchedule, crontab, schedstate, schedule

from .desk import START, Desk


def entry(every, name="x", **more):
    return {"task": "t.add", "schedule": every, "args": (name,), **more}


def test_intervals_are_sent_at_their_ticks(make_desk) -> None:
    desk = make_desk({"a": entry(10, "a"), "b": entry(timedelta(seconds=25), "b")})
    assert desk.run(desk.scheduler(), 49) == ["a", "a", "b", "a", "a"]


def test_crontabs_are_sent_at_their_minutes(make_desk) -> None:
    desk = make_desk({"a": entry(crontab("*/10"), "a")})
    assert desk.run(desk.scheduler(), 3600) == ["a"] * 6


def test_no_tick_drifts(make_desk) -> None:
    desk = make_desk({"a": entry(0.7, "a")})
    scheduler = desk.scheduler()
    scheduler.tick()
    for _ in range(200):
        desk.clock.advance(0.7013)  # whoever comes a little late each time
        scheduler.tick()
    planned = desk.app.schedules.get("a")
    assert planned.next_run_at - datetime.fromtimestamp(START, UTC) == 201 * timedelta(seconds=0.7)
    assert planned.total_run_count == 200


def test_messages_say_that_they_come_from_beat_and_keep_the_options(make_desk) -> None:
    options = {"queue": "other", "headers": {"mine": 1}, "expires": 100}
    desk = make_desk({"a": entry(10, "a", kwargs={"y": 2}, options=options)})
    scheduler = desk.scheduler()
    scheduler.tick()
    desk.clock.advance(10)
    scheduler.tick()
    (message,) = desk.messages()
    assert message.headers["celery_beat_task"] is True
    assert message.headers["mine"] == 1
    assert message.headers["expires"] is not None
    assert message.properties["delivery_info"]["routing_key"] == "other"


def test_arguments_may_be_made_when_they_are_sent(make_desk) -> None:
    made = iter(["one", "two"])
    desk = make_desk({"a": entry(10, BeatLazyFunc(lambda: next(made)))})
    assert desk.run(desk.scheduler(), 20) == ["one", "two"]


def test_a_task_nobody_knows_here_is_sent_by_its_name(make_desk) -> None:
    desk = make_desk({"a": {"task": "elsewhere.task", "schedule": 10}})
    assert desk.run(desk.scheduler(), 10) == ["elsewhere.task"]


def test_one_bad_entry_is_named_and_the_others_go_on(make_desk, caplog) -> None:
    desk = make_desk(
        {
            "good": entry(10, "good"),
            "no schedule": {"task": "t.add"},
            "nothing known": entry(10, oops=1),
            "no interval": entry(0),
            "wrong arguments": {"task": "t.add", "schedule": 10, "args": (1, 2, 3, 4)},
            "no function": entry(10, BeatLazyFunc(lambda: 1 / 0)),
        }
    )
    assert desk.run(desk.scheduler(), 20) == ["good", "good"]
    for name in ("no schedule", "nothing known", "no interval", "wrong arguments", "no function"):
        assert name in caplog.text


def test_what_is_missed_runs_once_by_default(make_desk) -> None:
    desk = make_desk({"a": entry(10, "a"), "c": entry(crontab(), "c")})
    scheduler = desk.scheduler()
    scheduler.tick()
    desk.clock.advance(3600)
    assert sorted(desk.run(scheduler, 0)) == ["a", "c"]


def test_what_is_missed_is_skipped_or_run_so_many_times_if_the_entry_says_so(make_desk) -> None:
    desk = make_desk({"skip": entry(10, "skip", missed="skip"), "all": entry(10, "all", missed="all", missed_limit=4)})
    scheduler = desk.scheduler()
    scheduler.tick()
    desk.clock.advance(3615)  # five seconds behind a tick: that one is late, not missed
    assert sorted(desk.run(scheduler, 0)) == ["all", "all", "all", "all", "skip"]


def test_a_missed_tick_is_passed_over_with_skip(make_desk) -> None:
    desk = make_desk({"a": entry(crontab("0", "4"), "a", missed="skip")})
    scheduler = desk.scheduler()
    scheduler.tick()
    desk.clock.advance(2 * 86_400)
    assert desk.run(scheduler, 0) == []
    assert desk.run(scheduler, 86_400) == ["a"]


def test_a_crontab_that_is_too_late_for_the_starting_deadline_is_passed_over(make_desk) -> None:
    desk = make_desk({"a": entry(crontab("0", "4"), "a"), "b": entry(3600, "b")}, beat_cron_starting_deadline=60)
    scheduler = desk.scheduler()
    scheduler.tick()
    desk.clock.advance(2 * 86_400)
    assert desk.run(scheduler, 0) == ["b"]


def test_a_new_leader_goes_on_where_the_old_one_stopped(make_desk) -> None:
    desk = make_desk({"a": entry(10, "a")})
    first = desk.scheduler()
    assert desk.run(first, 25) == ["a", "a"]
    first.close()
    second = desk.scheduler()
    assert desk.run(second, 25) == ["a"] * 3
    assert desk.app.schedules.get("a").total_run_count == 5


def test_of_two_one_leads_and_the_other_sends_nothing(make_desk, caplog) -> None:
    caplog.set_level(logging.INFO)
    desk = make_desk({"a": entry(10, "a")})
    first, second = desk.scheduler(), desk.scheduler()
    first.tick()
    second.tick()
    assert (first.leads, second.leads) == (True, False)
    desk.clock.advance(10)
    second.tick()
    assert desk.sent() == []
    first.tick()
    assert desk.sent() == ["a"]
    assert "Standing by" in caplog.text
    first.close()
    desk.clock.advance(10)
    second.tick()
    assert second.leads
    assert desk.sent() == ["a"]


def test_who_has_lost_the_lease_sends_nothing_and_nothing_is_sent_twice(make_desk) -> None:
    desk = make_desk({"a": entry(1.5, "a")})
    old, new = desk.scheduler(), desk.scheduler()
    old.tick()
    transport = desk.app.transports.write
    link = transport.link()
    holder = link.run(transport.lease.holder("beat/proj"), 5.0)
    link.run(transport.lease.release("beat/proj", holder), 5.0)  # as if it had run out
    new.tick()
    assert (old.leads, new.leads) == (True, True)
    desk.clock.advance(1.5)  # it is due before the old one looks at its lease again
    old.tick()
    assert desk.sent() == []
    new.tick()
    old.tick()
    assert desk.sent() == ["a"]
    assert (old.leads, new.leads) == (False, True)


def test_an_entry_with_a_new_schedule_counts_from_now(make_desk) -> None:
    desk = make_desk({"a": entry(86_400, "a")})
    first = desk.scheduler()
    desk.run(first, 40_000)
    first.close()
    desk.app.conf.beat_schedule = {"a": entry(3600, "a")}
    second = desk.scheduler()
    assert desk.run(second, 1) == []
    assert desk.run(second, 3600) == ["a"]


def test_an_entry_the_program_no_longer_has_is_gone(make_desk) -> None:
    desk = make_desk({"a": entry(10, "a"), "b": entry(10, "b")})
    first = desk.scheduler()
    first.tick()
    first.close()
    desk.app.conf.beat_schedule = {"b": entry(10, "b")}
    assert desk.run(desk.scheduler(), 10) == ["b"]
    assert [planned.name for planned in desk.app.schedules.list()] == ["b"]


def test_a_clock_set_back_does_not_stop_intervals(make_desk, caplog) -> None:
    desk = make_desk({"a": entry(10, "a"), "c": entry(crontab("0"), "c")})
    scheduler = desk.scheduler()
    assert desk.run(scheduler, 30) == ["a"] * 3
    desk.set_clock(-3600)
    assert desk.run(scheduler, 40) == ["a"] * 3  # after it has noticed, within two seconds
    assert "jumped by -36" in caplog.text


def test_a_clock_set_forward_makes_up_by_the_policy(make_desk, caplog) -> None:
    desk = make_desk({"a": entry(10, "a")})
    scheduler = desk.scheduler()
    scheduler.tick()
    desk.set_clock(3600)
    assert desk.run(scheduler, 30) == ["a"] * 4
    assert "jumped by +36" in caplog.text


def test_marks_from_the_future_do_not_stop_a_new_leader(make_desk) -> None:
    desk = make_desk({"a": entry(10, "a")})
    first = desk.scheduler()
    desk.set_clock(86_400)
    first.tick()
    first.close()
    desk.set_clock(-86_400)
    assert desk.run(desk.scheduler(), 20) == ["a", "a"]


def test_schedules_of_two_apps_on_one_broker_do_not_meet(make_desk) -> None:
    desk = make_desk({"a": entry(10, "a")})
    other = Celeriac("other", broker=desk.url, set_as_current=False)
    other.conf.beat_schedule = {"b": entry(10, "b")}
    mine, theirs = desk.scheduler(), desk.scheduler(other)
    for scheduler in (mine, theirs):
        scheduler.tick()
    assert mine.leads
    assert theirs.leads
    desk.clock.advance(10)
    for scheduler in (mine, theirs):
        scheduler.tick()
    assert desk.sent() == ["a", "b"]


def test_the_schedule_shows_how_far_entries_have_come(make_desk) -> None:
    desk = make_desk({"a": entry(10, "a")})
    scheduler = desk.scheduler()
    desk.run(scheduler, 20)
    shown = scheduler.schedule["a"]
    assert shown.total_run_count == 2
    assert shown.last_run_at == datetime.fromtimestamp(START + 20, UTC)


class Counted(crontab):
    """Counts how often it is asked."""

    asked = 0

    def next_after(self, when, anchor=None):
        Counted.asked += 1
        return super().next_after(when, anchor)


def test_thousands_of_idle_entries_cost_a_tick_nothing(make_desk) -> None:
    desk = make_desk({f"e{number}": entry(Counted("0", "4"), f"{number}") for number in range(3_000)})
    scheduler = desk.scheduler()
    scheduler.tick()
    before = Counted.asked
    assert before >= 3_000
    for _ in range(1000):
        desk.clock.advance(1)
        scheduler.tick()
    assert Counted.asked == before
    desk.clock.advance(86_400)
    assert len(set(desk.run(scheduler, 0))) == 3_000


def test_a_short_name_a_path_or_celerys_path_name_a_scheduler(make_desk) -> None:
    from celeriac.beat import PersistentScheduler, Service
    from celeriac.beat.service import scheduler_class

    assert scheduler_class("shared") is SharedScheduler
    assert scheduler_class("persistent") is PersistentScheduler
    assert scheduler_class("celery.beat:PersistentScheduler") is PersistentScheduler
    assert scheduler_class("celeriac.beat.PersistentScheduler") is PersistentScheduler
    assert Service(make_desk().app).scheduler_cls is SharedScheduler


def test_relative_intervals_are_rounded(make_desk) -> None:
    desk = make_desk({"a": entry(60, "a", relative=True), "b": {"task": "t.add", "schedule": schedule(60, True)}})
    scheduler = desk.scheduler()
    scheduler.tick()
    assert desk.app.schedules.get("a").next_run_at.second == 0
    assert desk.app.schedules.get("b").next_run_at.second == 0


def test_its_info_names_the_book(make_desk) -> None:
    desk: Desk = make_desk(beat_name="mine")
    assert "schedule -> mine in memory://" in desk.scheduler().info


def test_a_store_that_lost_everything_is_filled_anew(make_desk, caplog) -> None:
    desk = make_desk({"a": entry(10, "a")})
    scheduler = desk.scheduler()
    assert desk.run(scheduler, 10) == ["a"]
    store = desk.app.transports.write.store
    with store.lock:
        store.books.clear()
        store.leases.clear()
    assert desk.run(scheduler, 25) == ["a", "a"]
    assert scheduler.leads


def test_a_message_for_no_queue_is_a_dead_letter_and_the_others_go_on(make_desk) -> None:
    lost = {"exchange": "nowhere", "routing_key": "x", "exchange_type": "topic"}
    desk = make_desk({"a": entry(10, "a"), "b": entry(10, "b", options=lost)})
    assert desk.run(desk.scheduler(), 20) == ["a", "a"]
    transport = desk.app.transports.write
    assert len(transport.link().run(transport.dead.letters(), 5.0)) == 2


class Broken(crontab):
    """Raises, from its second answer on."""

    def next_after(self, when, anchor=None):
        if when.timestamp() > START + 60:
            raise RuntimeError("no idea")
        return super().next_after(when, anchor)


class Asked(BaseSchedule):
    """Raises when it is asked whether it is due."""

    def is_due(self, last_run_at):
        if self.now() > datetime.now(UTC) - timedelta(days=1):
            raise RuntimeError("no idea")
        return schedstate(False, 10)


def test_a_schedule_that_raises_is_named_and_the_others_go_on(make_desk, caplog) -> None:
    desk = make_desk({"a": entry(30, "a"), "broken": entry(Broken(), "broken"), "asked": entry(Asked(), "asked")})
    sent = desk.run(desk.scheduler(), 300)
    assert sent.count("a") == 10
    assert "broken" in caplog.text
    assert "asked" in caplog.text
    assert "no idea" in caplog.text


def test_any_number_of_missed_ticks_is_made_up_for_in_order(make_desk) -> None:
    desk = make_desk({"a": entry(1, "a", missed="all", missed_limit=10_000), "b": entry(1, "b")})
    scheduler = desk.scheduler()
    scheduler.tick()
    desk.clock.advance(1800)
    sent = desk.run(scheduler, 0)
    assert (sent.count("a"), sent.count("b")) == (1800, 1)
    assert desk.app.schedules.get("a").total_run_count == 1800
