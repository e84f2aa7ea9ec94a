"""The prefork pool: limits that hit one run, signals, and the processes that tasks start."""

import signal
import time

import pytest

from living import alive
from patience import in_time

from .driving import HELD_UP, PATIENCE, Drive, drive, gone, kill


def test_a_hard_stop_at_the_end_of_a_run_never_hits_the_next():
    async def play(d: Drive) -> None:
        for _ in range(100):
            run, following = await d.send("sleep 0.001"), await d.send("sleep 0.004")
            await d.told.until(lambda run=run: run in d.told.ends or d.pool.hard_stop(run, signal.SIGKILL), 0)
            await d.told.until(lambda run=run: run in d.told.ends or run in d.told.losses)
            await d.end(following)

    drive("prefork", play, concurrency=1)


@pytest.mark.parametrize("word", ["hold_gil 3000", "stubborn 60", "sleep 60"])
def test_a_hard_stop_ends_whatever_runs(word):
    async def play(d: Drive) -> None:
        run = await d.send(word)
        await d.begin(run)
        begun = time.monotonic()
        await d.hard_stop(run)
        assert (await d.loss(run))[::2] == (-signal.SIGKILL, False)
        assert in_time(time.monotonic() - begun, 1 + HELD_UP)
        assert await d.say("echo on") == "on"

    drive("prefork", play, concurrency=1)


def test_a_hard_stop_of_a_run_that_has_ended_is_refused():
    async def play(d: Drive) -> None:
        run = await d.send("echo done")
        await d.end(run)
        await d.told.until(lambda: not d.pool.running(), 0.005)
        assert not d.pool.hard_stop(run, signal.SIGKILL)

    drive("prefork", play)


def test_a_run_is_ended_by_sigterm_when_the_parent_means_it():
    async def play(d: Drive) -> None:
        run = await d.send("sleep 60")
        await d.begin(run)
        await d.hard_stop(run, signal.SIGTERM)
        assert (await d.loss(run))[0] == -signal.SIGTERM

    drive("prefork", play, end_grace=PATIENCE)


def test_a_run_that_does_not_heed_sigterm_is_killed_after_the_grace():
    async def play(d: Drive) -> None:
        run = await d.send("hold_gil 5000")
        await d.begin(run)
        await d.hard_stop(run, signal.SIGTERM)
        assert (await d.loss(run))[0] in (-signal.SIGKILL, -signal.SIGTERM)

    drive("prefork", play, end_grace=0.2)


def test_a_task_may_answer_sigterm_itself():
    async def play(d: Drive) -> None:
        run = await d.send(f"on_term {d.released}")
        pid = (await d.begin(run))[run]
        await d.inside(1)
        await d.hard_stop(run, signal.SIGTERM)
        assert (await d.loss(run))[0] == -signal.SIGTERM
        assert alive(pid)

    drive("prefork", play, end_grace=PATIENCE)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP, signal.SIGUSR1])
def test_a_signal_to_the_whole_group_does_not_disturb_children(number):
    async def play(d: Drive) -> None:
        run = await d.send(f"sleep {d.released}")
        await d.begin(run)
        for pid in await d.children(2):
            kill(pid, number)
        d.release()
        (outcome,) = await d.end(run)
        assert outcome.result == "slept"

    assert drive("prefork", play).losses == {}


def test_programs_started_by_a_task_can_be_terminated():
    async def play(d: Drive) -> None:
        assert await d.say("program") == "SIG_DFL default_int_handler"

    drive("prefork", play)


def test_a_process_forked_by_a_task_can_be_terminated():
    async def play(d: Drive) -> None:
        grandchild = int(await d.say("fork 60"))
        kill(grandchild, signal.SIGTERM)
        await gone([grandchild])

    drive("prefork", play)


def test_a_process_forked_by_a_task_does_not_keep_the_pool_from_seeing_a_death():
    async def play(d: Drive) -> None:
        grandchild = int(await d.say("fork 60"))
        assert (await d.loss(await d.send("kill 9")))[0] == -9
        assert await d.say("echo on") == "on"
        assert await d.pool.stop(d.loop_time(PATIENCE))
        kill(grandchild)

    drive("prefork", play, concurrency=1)


def test_a_task_that_reads_standard_input_finds_its_end():
    async def play(d: Drive) -> None:
        assert await d.say("stdin") == "b''"

    drive("prefork", play)
