"""Pools whose runs share a process: threads and asyncio; limits hit one run, and neighbours come to no blame."""

import asyncio
import os
import signal
import time

import pytest

from celeriac.pools import forked
from patience import in_time

from .driving import HELD_UP, PATIENCE, Drive, drive, kill

both = pytest.mark.parametrize("name", ["threads", "asyncio"])


@pytest.fixture
def gentle(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run is given all the time it needs to feel that it is to end: a process that stands still for a moment is not
    killed for one that does not listen."""
    monkeypatch.setattr(forked, "SHARED_GRACE", PATIENCE)


@both
def test_runs_are_reported_with_their_results(name):
    async def play(d: Drive) -> None:
        runs = [await d.send(f"echo {n}") for n in range(500)]
        assert [end.result for end in await d.end(*runs)] == [str(n) for n in range(500)]

    assert drive(name, play, concurrency=4).losses == {}


@both
def test_as_many_run_at_once_as_the_concurrency_says_and_no_more(name):
    async def play(d: Drive) -> None:
        runs = [await d.send(f"sleep {d.released}") for _ in range(6)]
        await d.begin(*runs[:4])
        assert len(d.pool.running()) == 4
        assert [job.run for job in d.pool.take_back()] == runs[4:]
        d.release()
        await d.end(*runs[:4])

    drive(name, play, concurrency=4)


@both
def test_concurrency_is_spread_over_processes(name):
    async def play(d: Drive) -> None:
        await d.children(2)
        runs = [await d.send("sleep 60") for _ in range(4)]
        pids = await d.begin(*runs)
        assert sorted(pids.values()) == sorted(d.pids() * 2)
        assert d.pool.slots == 4

    drive(name, play, concurrency=4, children=2)


@both
def test_the_soft_limit_hits_exactly_its_run(name):
    async def play(d: Drive) -> None:
        runs = [await d.send(f"clean_up {d.released}") for _ in range(4)]
        await d.begin(*runs)
        assert d.pool.soft_stop(runs[2])
        await d.end(runs[2])
        d.release()
        ends = await d.end(*runs)
        assert [end.result for end in ends].index("cleaned up") == 2
        assert [end.result for end in ends].count("no limit came") == 3

    drive(name, play, concurrency=4)


@both
def test_a_hard_stop_ends_its_run_and_leaves_the_neighbours_alone(name, gentle):
    async def play(d: Drive) -> None:
        runs = [await d.send(f"sleep {d.released}") for _ in range(3)]
        await d.begin(*runs)
        await d.inside(3)
        await d.hard_stop(runs[1], signal.SIGKILL)
        assert (await d.loss(runs[1])) == (-signal.SIGKILL, d.pids()[0], False)
        d.release()
        await d.end(runs[0], runs[2])
        assert await d.say("echo on") == "on"

    assert len(drive(name, play, concurrency=3).losses) == 1


@both
def test_a_run_that_let_the_soft_limit_pass_is_ended_by_a_hard_stop_and_its_process_lives_on(name, gentle):
    async def play(d: Drive) -> None:
        good, patient = [await d.send(f"{word} {d.released}") for word in ("sleep", "patient")]
        await d.begin(good, patient)
        await d.inside(2)
        pid = d.pids()[0]
        assert d.pool.soft_stop(patient)
        await d.hard_stop(patient, signal.SIGKILL)
        assert (await d.loss(patient)) == (-signal.SIGKILL, pid, False)
        d.release()
        (outcome,) = await d.end(good)
        assert (outcome.result, d.pids()) == ("slept", [pid])

    assert len(drive(name, play, concurrency=2).losses) == 1


@pytest.mark.parametrize(("name", "word"), [("threads", "hold_gil 5000"), ("threads", "stubborn 60"),
                                            ("asyncio", "block 60"), ("asyncio", "stubborn 60")])  # fmt: skip
def test_a_run_that_feels_nothing_is_ended_with_its_process_within_a_second_and_neighbours_are_bystanders(name, word):
    async def play(d: Drive) -> None:
        good = await d.send("sleep 60")
        await d.begin(good)
        bad = await d.send(word)
        await d.begin(bad)
        asked = time.monotonic()
        await d.hard_stop(bad, signal.SIGKILL)
        await d.hard_stop(bad, signal.SIGKILL)
        assert (await d.loss(bad))[::2] == (-signal.SIGKILL, False)
        assert (await d.loss(good))[::2] == (-signal.SIGKILL, True)
        assert in_time(time.monotonic() - asked, 1.5 + HELD_UP)
        assert await d.say("echo on") == "on"

    drive(name, play, concurrency=2)


@both
def test_a_process_that_dies_by_itself_leaves_all_its_runs_under_suspicion(name):
    async def play(d: Drive) -> None:
        runs = [await d.send("sleep 60")]
        await d.begin(*runs)
        runs += [await d.send("kill 9")]
        assert [(await d.loss(run))[::2] for run in runs] == [(-9, False), (-9, False)]
        assert await d.say("echo on") == "on"

    drive(name, play, concurrency=2)


@both
def test_a_child_leaves_after_its_quota_and_no_run_is_lost(name):
    async def play(d: Drive) -> None:
        runs = [await d.send("pid") for _ in range(200)]
        pids = [end.result for end in await d.end(*runs)]
        assert len(set(pids)) >= 10

    assert drive(name, play, concurrency=4, max_tasks_per_child=10).losses == {}


@both
def test_results_and_jobs_of_fifty_megabytes_pass(name):
    async def play(d: Drive) -> None:
        size = 50 * 1024 * 1024
        big, length = await d.send(f"big {size}"), await d.send("length " + "y" * size)
        ends = await d.end(big, length)
        assert len(ends[0].result) == size
        assert ends[1].result == str(size)

    drive(name, play)


@both
def test_stop_lets_running_jobs_end_and_begins_none(name):
    async def play(d: Drive) -> None:
        running = [await d.send(f"sleep {d.released}") for _ in range(2)]
        await d.begin(*running)
        waiting = [await d.send("echo never") for _ in range(10)]
        stopping = asyncio.ensure_future(d.pool.stop(d.loop_time(PATIENCE)))
        await asyncio.sleep(0)  # it has begun to stop
        d.release()
        assert await stopping
        assert sorted(d.told.ends) == running
        assert [job.run for job in d.pool.take_back()] == waiting

    drive(name, play, concurrency=2)


@both
def test_children_can_be_renewed_while_they_work(name):
    async def play(d: Drive) -> None:
        run = await d.send(f"sleep {d.released}")
        (old,) = (await d.begin(run)).values()
        d.pool.restart()
        d.release()
        (outcome,) = await d.end(run)
        assert outcome.result == "slept"
        await d.told.until(lambda: d.pids() and old not in d.pids(), 0.01)
        assert await d.say("echo on") == "on"

    assert drive(name, play).losses == {}


@both
def test_a_child_that_has_been_killed_is_replaced(name):
    async def play(d: Drive) -> None:
        (old,) = await d.children(1)
        kill(old)
        assert await d.say("echo on") == "on"
        assert d.pids() != [old]

    drive(name, play)


@both
def test_the_quota_by_memory_counts_for_the_whole_process(name):
    async def play(d: Drive) -> None:
        before = await d.say("pid")
        await d.say("hoard 300")
        assert await d.say("pid") != before

    drive(name, play, max_memory_per_child=250 * 1024)


def test_ten_thousand_coroutines_sleep_at_once():
    async def play(d: Drive) -> None:
        begun = time.monotonic()
        runs = [await d.send("sleep 1") for _ in range(10_000)]
        await d.end(*runs)
        assert in_time(time.monotonic() - begun, 5 + HELD_UP)

    drive("asyncio", play, concurrency=10_000)


def test_a_hundred_soft_limits_at_once_are_all_felt():
    async def play(d: Drive) -> None:
        runs = [await d.send("clean_up 20") for _ in range(100)]
        await d.begin(*runs)
        assert all(d.pool.soft_stop(run) for run in runs)
        assert {end.result for end in await d.end(*runs)} == {"cleaned up"}

    drive("asyncio", play, concurrency=100)


@both
def test_a_runner_that_can_not_be_made_ends_the_child_with_its_traceback(name, capfd, tmp_path):
    marker = tmp_path / "tried"

    def make() -> object:
        from .words import WordRunner

        if marker.exists():
            return WordRunner()
        marker.touch()
        raise RuntimeError("no runner today")

    async def play(d: Drive) -> None:
        assert await d.say("echo up") == "up"

    drive(name, play, make_runner=make)
    assert "no runner today" in capfd.readouterr().err
    assert os.path.exists(marker)
