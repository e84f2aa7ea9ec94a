"""Celery's Scheduler: in memory, with a file, and subclassed the way third-party schedulers do it."""

import heapq
import os
import pickle
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from celeriac.beat import PersistentScheduler, ScheduleEntry, Scheduler, SchedulingError, event_t
from celeriac.beat.file import StateFile
from celeriac.schedules import crontab

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
# Overdue, and not due again before years have passed: with an hour, the next tick may come within a test.
SELDOM = timedelta(days=1000, milliseconds=200)


def due(name="x", every=SELDOM, **more):
    return {"task": "t.add", "schedule": every, "args": (name,), "last_run_at": LONG_AGO, **more}


def tick_all(scheduler: Scheduler, most: int = 50) -> None:
    for _ in range(most):
        if scheduler.tick() > 0:
            return
    raise AssertionError("there is always something due")


# -- entries


def test_an_entry_after_a_run_has_run_once_more() -> None:
    entry = ScheduleEntry("a", "t", schedule=10, args=(1,), last_run_at=LONG_AGO)
    following = next(entry)
    assert type(following) is ScheduleEntry
    assert (following.name, following.args, following.total_run_count) == ("a", (1,), 1)
    assert following.last_run_at > entry.last_run_at
    assert entry.next(last_run_at=LONG_AGO).last_run_at == LONG_AGO


def test_an_intervals_runs_are_noted_at_their_ticks() -> None:
    start = datetime.now(UTC) - timedelta(minutes=25)
    assert next(ScheduleEntry("a", "t", schedule=600, last_run_at=start)).last_run_at == start + timedelta(minutes=20)


def test_entries_are_equal_if_they_do_the_same() -> None:
    one, other = ScheduleEntry("a", "t", schedule=10), ScheduleEntry("a", "t", schedule=10, total_run_count=5)
    assert one == other
    assert one != ScheduleEntry("a", "t", schedule=11)
    assert heapq.nsmallest(2, [one, other])
    assert not (one < other and other < one)


def test_updating_keeps_how_far_an_entry_has_come() -> None:
    entry = ScheduleEntry("a", "t", schedule=10, last_run_at=LONG_AGO, total_run_count=7)
    entry.update(ScheduleEntry("a", "u", schedule=crontab("5"), args=(1,)))
    assert (entry.task, entry.schedule, entry.args) == ("u", crontab("5"), (1,))
    assert (entry.last_run_at, entry.total_run_count) == (LONG_AGO, 7)


def test_an_entry_can_be_pickled() -> None:
    entry = ScheduleEntry("a", "t", schedule=crontab("5"), args=(1,), last_run_at=LONG_AGO, missed="skip")
    again = pickle.loads(pickle.dumps(entry))
    assert again == entry
    assert (again.last_run_at, again.policy) == (LONG_AGO, entry.policy)


def test_an_entry_says_what_it_is() -> None:
    entry = ScheduleEntry("a", "t", schedule=30, args=(1,), kwargs={"x": 2})
    assert repr(entry) == "<ScheduleEntry: a t(1, x=2) <freq: 30.00 seconds>"
    assert dict(entry)["name"] == "a"


# -- in memory


def test_what_is_due_is_sent_and_then_waits_for_its_next_tick(make_desk) -> None:
    desk = make_desk({"a": due("a"), "later": {"task": "t.add", "schedule": 3600}})
    scheduler = Scheduler(desk.app)
    tick_all(scheduler)
    assert desk.sent() == ["a"]
    assert scheduler.schedule["a"].total_run_count == 1
    assert 0 < scheduler.tick() <= 300


def test_an_empty_schedule_sleeps_its_longest(make_desk) -> None:
    assert Scheduler(make_desk().app, max_interval=77).tick() == 77
    assert Scheduler(make_desk(beat_max_loop_interval=5).app).tick() == 5


def test_entries_can_be_added_while_it_runs(make_desk) -> None:
    desk = make_desk()
    scheduler = Scheduler(desk.app)
    scheduler.tick()
    scheduler.add(name="new", **due("new"))
    tick_all(scheduler)
    assert desk.sent() == ["new"]


def test_a_message_that_cant_be_made_is_told_and_the_entry_goes_on(make_desk, caplog) -> None:
    desk = make_desk({"bad": due("bad", args=(1, 2, 3)), "good": due("good")})
    scheduler = Scheduler(desk.app)
    tick_all(scheduler)
    assert desk.sent() == ["good"]
    assert "Couldn't apply scheduled task bad" in caplog.text
    assert scheduler.schedule["bad"].total_run_count == 1
    with pytest.raises(SchedulingError, match="bad"):
        scheduler.apply_async(scheduler.schedule["bad"])


def test_merging_makes_the_schedule_what_it_is_given(make_desk) -> None:
    desk = make_desk({"a": due("a"), "b": due("b")})
    scheduler = Scheduler(desk.app)
    scheduler.schedule["a"].total_run_count = 9
    scheduler.merge_inplace({"a": due("changed"), "c": due("c"), "bad": {"task": "x", "schedule": "?"}})
    assert sorted(scheduler.schedule) == ["a", "c"]
    assert (scheduler.schedule["a"].args, scheduler.schedule["a"].total_run_count) == (("changed",), 9)


def test_it_says_that_it_does_not_know_our_policies(make_desk, caplog) -> None:
    Scheduler(make_desk({"a": due("a", overlap="skip")}).app)
    assert "'a': Scheduler does not know the options missed and overlap" in caplog.text


# -- with a file


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "celerybeat-schedule"


def persistent(desk, path: Path) -> PersistentScheduler:
    return PersistentScheduler(desk.app, schedule_filename=str(path))


def test_how_far_entries_have_come_is_there_after_a_restart(make_desk, path) -> None:
    desk = make_desk({"a": {"task": "t.add", "schedule": SELDOM, "args": ("a",)}, "b": due("b")})
    scheduler = persistent(desk, path)
    scheduler.schedule["a"].last_run_at = LONG_AGO
    tick_all(scheduler)
    scheduler.close()
    again = persistent(desk, path)
    assert again.schedule["a"].total_run_count == 1
    assert again.schedule["a"].last_run_at == scheduler.schedule["a"].last_run_at
    assert again.info == f"    . db -> {path}"


@pytest.mark.parametrize("garbage", [b"", b"\0" * 5000, b"celeriac-schedule 1 00000000 2\n{}", b'{"a": 1}'])
def test_a_file_that_cant_be_used_is_moved_aside_and_told(make_desk, path, caplog, garbage) -> None:
    path.write_bytes(garbage)
    desk = make_desk({"a": due("a")})
    scheduler = persistent(desk, path)
    tick_all(scheduler)
    assert desk.sent() == ["a"]
    (aside,) = path.parent.glob("celerybeat-schedule.unreadable-*")
    assert aside.read_bytes() == garbage
    assert str(aside) in caplog.text
    assert set(StateFile(str(path)).read()) == {"a"}


def test_a_celery_shelve_is_moved_aside(make_desk, path, caplog) -> None:
    import dbm.dumb
    import shelve

    with shelve.Shelf(dbm.dumb.open(str(path))) as shelf:
        shelf["entries"] = {}
    os.rename(f"{path}.dat", path)
    persistent(make_desk(), path)
    assert "was not written by Celeriac" in caplog.text


def test_a_file_that_cant_be_written_stops_nothing_and_is_told_once(make_desk, tmp_path, caplog) -> None:
    desk = make_desk({"a": due("a")})
    scheduler = persistent(desk, tmp_path / "missing" / "schedule")
    tick_all(scheduler)
    scheduler.sync()
    assert desk.sent() == ["a"]
    assert caplog.text.count("can't be written") == 1


KILLER = """
import os, signal, sys, time
from celeriac.beat.file import Progress, StateFile

path, turns = sys.argv[1], int(sys.argv[2])
file, runs = StateFile(path), 0
for turn in range(turns):
    ready, tell = os.pipe()
    parent = os.getpid()
    writer = os.fork()
    if not writer:
        number = runs
        while os.getppid() == parent:  # it must not outlive a test that has failed
            number += 1
            file.write({str(name): Progress(number, number) for name in range(2000)})
            os.write(tell, b"x")
    os.read(ready, 1)
    time.sleep(0.0007 * (turn % 29))  # somewhere within a write
    os.kill(writer, signal.SIGKILL)
    os.waitpid(writer, 0)
    file.sweep()
    found = file.read()
    assert {progress.runs for progress in found.values()} == {found["0"].runs}
    assert len(found) == 2000
    assert found["0"].runs > runs
    assert [name for name in os.listdir(os.path.dirname(path)) if name.endswith(".new")] == []
    runs = found["0"].runs
    os.close(ready), os.close(tell)
print("whole", turns, "times")
"""


def test_killing_it_while_it_writes_leaves_a_whole_file(path) -> None:
    """CELERIAC_KILLS=200 for the long run."""
    turns = os.environ.get("CELERIAC_KILLS", "30")
    done = subprocess.run(
        [sys.executable, "-c", KILLER, str(path), turns], capture_output=True, text=True, timeout=250, check=False
    )
    assert done.stdout == f"whole {turns} times\n", done.stderr


class Noting(Scheduler):
    """Keeps how far it has come, so to speak."""

    synced = 0

    def sync(self) -> None:
        self.synced += 1


@pytest.mark.parametrize(("every", "times"), [(1, 9), (3, 3), (None, 0)])
def test_what_it_knows_is_written_down_after_so_many_tasks(make_desk, every, times) -> None:
    desk = make_desk({"a": {"task": "t.add", "schedule": 10}})
    desk.app.conf.beat_sync_every = 0 if every is None else every
    scheduler = Noting(desk.app)
    scheduler._do_sync()  # the time of the last one is now, and the next by time is minutes away
    before = scheduler.synced
    for _ in range(9):
        scheduler.apply_async(scheduler.schedule["a"])
    assert scheduler.synced - before == times
    assert Noting(desk.app, sync_every_tasks=7).sync_every_tasks == 7


def test_places_in_the_heap_can_be_compared() -> None:
    one, other = ScheduleEntry("a", "t", schedule=10), ScheduleEntry("b", "t", schedule=10)
    assert sorted([event_t(2, 5, one), event_t(1, 5, other)])[0].entry is other
    assert sorted([event_t(1, 5, one), event_t(1, 5, other)])
