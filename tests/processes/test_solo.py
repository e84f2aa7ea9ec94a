"""The solo pool: one run at a time in this process, beside the event loop."""

import os
import signal

from celeriac.process.packets import REPORT_START

from .driving import PATIENCE, Drive, drive


def test_runs_happen_in_this_process_one_after_the_other():
    async def play(d: Drive) -> None:
        runs = [await d.send("pid") for _ in range(2000)]
        assert {end.result for end in await d.end(*runs)} == {str(os.getpid())}

    assert drive("solo", play).losses == {}


def test_the_event_loop_lives_on_while_a_task_runs():
    async def play(d: Drive) -> None:
        run = await d.send(f"sleep {d.released}", REPORT_START)
        await d.told.until(lambda: d.told.begins == [run])
        (running,) = d.pool.running()
        assert (running.run, running.pid) == (run, os.getpid())
        assert run not in d.told.ends
        d.release()
        await d.end(run)

    drive("solo", play)


def test_jobs_nobody_began_are_taken_back_in_order():
    async def play(d: Drive) -> None:
        running = await d.send(f"sleep {d.released}")
        await d.begin(running)
        waiting = [await d.send(f"echo {n}") for n in range(20)]
        assert [job.run for job in d.pool.take_back()] == waiting
        d.release()
        await d.end(running)

    drive("solo", play)


def test_a_hard_stop_ends_a_run_that_feels_it():
    async def play(d: Drive) -> None:
        run = await d.send("sleep 60")
        await d.begin(run)
        await d.hard_stop(run)
        assert await d.loss(run) == (-signal.SIGKILL, os.getpid(), False)
        assert await d.say("echo on") == "on"

    drive("solo", play)


def test_a_run_that_let_the_soft_limit_pass_is_ended_by_a_hard_stop():
    async def play(d: Drive) -> None:
        run = await d.send("patient 60")
        await d.begin(run)
        assert d.pool.soft_stop(run)
        await d.hard_stop(run)
        assert await d.loss(run) == (-signal.SIGKILL, os.getpid(), False)
        assert await d.say("echo on") == "on"

    drive("solo", play)


def test_stop_waits_for_the_run_and_kill_gives_it_up():
    async def play(d: Drive) -> None:
        run = await d.send(f"stubborn {d.released}")
        await d.begin(run)
        assert not await d.pool.stop(d.loop_time(0.1))
        await d.pool.kill()  # it does not wait for the run's end
        assert d.told.losses[run][2]
        assert not d.pool.offer(None)
        d.release()

    drive("solo", play)


def test_stop_without_a_run_is_at_once():
    async def play(d: Drive) -> None:
        assert await d.say("echo on") == "on"
        assert await d.pool.stop(d.loop_time(PATIENCE))
        assert await d.pool.stop(d.loop_time(PATIENCE))

    drive("solo", play)
