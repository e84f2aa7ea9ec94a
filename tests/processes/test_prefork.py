"""The prefork pool: runs reported, children killed, stopped and recycled in every state."""

import select
import signal

import pytest

from celeriac.process.packets import REPORT_START

from .driving import PATIENCE, Drive, drive, kill


def test_runs_are_reported_with_their_results():
    async def play(d: Drive) -> None:
        runs = [await d.send(f"echo {n}") for n in range(500)]
        assert [end.result for end in await d.end(*runs)] == [str(n) for n in range(500)]

    told = drive("prefork", play)
    assert told.losses == {}


def test_both_children_work_while_one_is_busy():
    async def play(d: Drive) -> None:
        long = await d.send("sleep 60")
        await d.begin(long)
        assert await d.say("echo quick") == "quick"
        assert long not in d.told.ends

    drive("prefork", play)


def test_begin_is_told_only_when_asked_for():
    async def play(d: Drive) -> None:
        quiet, loud = await d.send("echo a"), await d.send("echo b", REPORT_START)
        await d.end(quiet, loud)
        assert d.told.begins == [loud]

    drive("prefork", play)


@pytest.mark.parametrize(("word", "code"), [("exit 0", 0), ("exit 3", 3), ("kill 9", -9), ("kill 11", -11)])
def test_a_run_that_ends_its_process_is_lost_and_the_others_are_done(word, code):
    async def play(d: Drive) -> None:
        bad = await d.send(word)
        good = [await d.send(f"echo {n}") for n in range(50)]
        assert (await d.loss(bad))[::2] == (code, False)
        await d.end(*good)
        await d.children(2)

    told = drive("prefork", play)
    assert len(told.losses) == 1


def test_an_idle_child_that_is_killed_is_replaced_and_nothing_is_lost():
    async def play(d: Drive) -> None:
        (first, second) = await d.children(2)
        long = await d.send(f"sleep {d.released}")
        busy = (await d.begin(long))[long]
        idle = second if busy == first else first
        kill(idle)
        await d.told.until(lambda: idle not in d.pids(), 0.01)
        d.release()
        await d.end(long)
        await d.children(2)

    assert drive("prefork", play).losses == {}


def test_a_child_killed_again_and_again_loses_no_run_silently():
    async def play(d: Drive) -> None:
        runs = []
        for n in range(300):
            runs.append(await d.send(f"echo {n}"))
            if n % 20 == 0 and d.pids():
                kill(d.pids()[0])
        await d.told.until(lambda: all(run in d.told.ends or run in d.told.losses for run in runs))

    drive("prefork", play)


def test_a_stopped_child_holds_up_nobody_else():
    async def play(d: Drive) -> None:
        (first, _) = await d.children(2)
        kill(first, signal.SIGSTOP)
        runs = [await d.send(f"echo {n}") for n in range(20)]
        await d.told.until(lambda: len(d.told.ends) >= 19)
        kill(first, signal.SIGCONT)
        await d.end(*runs)

    drive("prefork", play)


def test_a_run_in_a_stopped_child_can_be_ended():
    async def play(d: Drive) -> None:
        run = await d.send("sleep 60")
        pid = (await d.begin(run))[run]
        kill(pid, signal.SIGSTOP)
        await d.hard_stop(run)
        assert (await d.loss(run))[0] == -signal.SIGKILL
        await d.children(2)

    drive("prefork", play)


def test_results_and_jobs_of_fifty_megabytes_pass():
    async def play(d: Drive) -> None:
        size = 50 * 1024 * 1024
        assert len(await d.say(f"big {size}")) == size
        assert await d.say("length " + "y" * size) == str(size)

    drive("prefork", play)


def test_a_child_killed_in_the_middle_of_a_large_report_loses_its_run():
    async def play(d: Drive) -> None:
        run = await d.send(f"big_when {d.released}")
        pid = (await d.begin(run))[run]
        (reports,) = (child.sock for child in d.pool._brood if child.pid == pid)
        d.release()
        # The loop stands still meanwhile: nobody reads, so the child can't come to the end of it.
        assert select.select([reports], [], [], PATIENCE)[0]
        kill(pid)
        await d.loss(run)
        assert await d.say("echo on") == "on"

    drive("prefork", play)


def test_a_child_leaves_after_its_quota_and_no_run_is_lost():
    async def play(d: Drive) -> None:
        runs = [await d.send("pid") for _ in range(60)]
        pids = [end.result for end in await d.end(*runs)]
        assert max(pids.count(pid) for pid in pids) <= 2
        assert len(set(pids)) >= 30

    told = drive("prefork", play, max_tasks_per_child=2)
    assert told.losses == {}


def test_a_child_that_grew_too_large_leaves():
    async def play(d: Drive) -> None:
        before = await d.say("pid")
        await d.say("hoard 300")
        assert await d.say("pid") != before

    drive("prefork", play, concurrency=1, max_memory_per_child=250 * 1024)
