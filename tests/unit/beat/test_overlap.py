"""Runs that must not overlap: the next one waits or is left out while the one before goes on."""

import logging

from celeriac import Celeriac, states

from .desk import Desk


def entry(name="x", **more):
    return {"task": "t.add", "schedule": 10, "args": (name,), **more}


def end(desk: Desk, name: str) -> None:
    """As if a worker had finished the run that was sent last."""
    desk.app.backend.store_result(desk.app.schedules.get(name).task_id, 1, states.SUCCESS)


def test_by_default_runs_may_overlap(make_desk) -> None:
    desk = make_desk({"a": entry("a")})
    assert desk.run(desk.scheduler(), 30) == ["a"] * 3


def test_skip_leaves_ticks_out_while_the_run_before_goes_on(make_desk, caplog) -> None:
    caplog.set_level(logging.INFO)
    desk = make_desk({"a": entry("a", overlap="skip"), "b": entry("b")})
    scheduler = desk.scheduler()
    assert sorted(desk.run(scheduler, 30)) == ["a", "b", "b", "b"]
    assert "a is left out" in caplog.text
    end(desk, "a")
    assert desk.run(scheduler, 9.9) == []
    assert sorted(desk.run(scheduler, 0.1)) == ["a", "b"]


def test_queue_starts_the_next_run_when_the_one_before_has_ended(make_desk) -> None:
    desk = make_desk({"a": entry("a", overlap="queue"), "b": entry("b")})
    scheduler = desk.scheduler()
    assert sorted(desk.run(scheduler, 35)) == ["a", "b", "b", "b"]
    end(desk, "a")
    assert desk.run(scheduler, 1) == ["a"]
    end(desk, "a")
    assert desk.run(scheduler, 1) == []
    assert sorted(desk.run(scheduler, 4)) == ["a", "b"]


def test_queue_with_all_runs_every_tick_one_after_the_other(make_desk) -> None:
    desk = make_desk({"a": entry("a", overlap="queue", missed="all")})
    scheduler = desk.scheduler()
    assert desk.run(scheduler, 35) == ["a"]
    for _ in range(2):
        end(desk, "a")
        assert desk.run(scheduler, 1) == ["a"]
    end(desk, "a")
    assert desk.run(scheduler, 1) == []


def test_a_run_without_a_result_is_waited_for_no_longer_than_its_timeout(make_desk) -> None:
    desk = make_desk({"a": entry("a", overlap="skip", overlap_timeout=25)})
    assert desk.run(desk.scheduler(), 60) == ["a", "a"]


def test_it_needs_results(make_desk, caplog) -> None:
    desk = make_desk({"a": entry("a", overlap="skip", options={"ignore_result": True}), "b": entry("b")})
    assert desk.run(desk.scheduler(), 10) == ["b"]
    assert "'a': overlap='skip' needs the results of t.add" in caplog.text
    bare = Celeriac("bare", broker=desk.url, backend="disabled://", set_as_current=False)
    bare.conf.beat_schedule = {"c": entry("c", overlap="queue")}
    scheduler = desk.scheduler(bare)
    scheduler.tick()
    assert "'c': overlap='queue' needs the results" in caplog.text
    assert scheduler.schedule == {}
