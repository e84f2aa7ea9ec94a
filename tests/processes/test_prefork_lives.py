"""The prefork pool: stopping, births that fail, and the death of what makes the children."""

import asyncio
import itertools
import os
import pathlib
import signal
import time

import pytest

from celeriac.core.errors import WorkerLostError
from celeriac.pools import forked
from living import alive
from patience import stretched, until

from .driving import PATIENCE, POOLS, Drive, Told, drive, gone, kill, settings


def test_stop_lets_running_jobs_end_and_begins_none():
    async def play(d: Drive) -> None:
        running = await d.send(f"sleep {d.released}")
        await d.begin(running)
        waiting = [await d.send("echo never") for _ in range(10)]
        stopping = asyncio.ensure_future(d.pool.stop(d.loop_time(PATIENCE)))
        await asyncio.sleep(0)  # it has begun to stop
        d.release()
        assert await stopping
        assert set(d.told.ends) == {running}
        assert [job.run for job in d.pool.take_back()] == waiting
        assert d.pids() == []

    drive("prefork", play, concurrency=1)


def test_stop_gives_up_at_its_deadline_and_kill_ends_the_rest():
    async def play(d: Drive) -> None:
        run = await d.send("sleep 60")
        await d.begin(run)
        assert not await d.pool.stop(d.loop_time(0.1))
        await d.pool.kill()
        assert d.told.losses[run][2]
        await d.pool.kill()
        assert await d.pool.stop(d.loop_time(1))

    drive("prefork", play)


def test_jobs_nobody_began_are_taken_back_in_order():
    async def play(d: Drive) -> None:
        running = await d.send(f"sleep {d.released}")
        await d.begin(running)
        waiting = [await d.send(f"echo {n}") for n in range(20)]
        assert [job.run for job in d.pool.take_back()] == waiting
        d.release()
        await d.end(running)

    drive("prefork", play, concurrency=1)


def test_a_full_socket_refuses_and_tells_when_there_is_room():
    async def play(d: Drive) -> None:
        run = await d.send(f"sleep {d.released}")
        await d.begin(run)
        asyncio.get_running_loop().call_later(0.3, d.release)  # when there is no room any more
        runs = [await d.send("length " + "x" * 20_000) for _ in range(100)]
        assert {end.result for end in await d.end(*runs)} == {"20000"}

    drive("prefork", play, concurrency=1)


def test_the_death_of_the_forking_process_is_told_with_all_that_ran():
    async def play(d: Drive) -> None:
        runs = [await d.send("sleep 60"), await d.send("sleep 60"), await d.send("echo waits")]
        pids = await d.begin(*runs[:2])
        kill(d.pool._zygote.pid)
        await d.told.until(lambda: d.told.breaks)
        assert {run: loss[2] for run, loss in d.told.losses.items()} == dict.fromkeys(runs, True)
        await gone(pids.values())

    drive("prefork", play)


def test_a_child_that_never_comes_up_is_tried_ever_more_slowly(tmp_path):
    births = tmp_path / "births"
    births.touch()

    def only_the_first_comes_up(index: int) -> None:
        with births.open("a") as file:
            file.write(f"{time.monotonic()}\n")
        if len(stamps()) > 1:
            os._exit(7)

    def stamps() -> list[float]:
        return [float(line) for line in births.read_text().split()]

    async def play(d: Drive) -> None:
        kill((await d.children(1))[0])
        await d.told.until(lambda: len(stamps()) >= 6, 0.02)

    drive("prefork", play, concurrency=1, on_child_start=only_the_first_comes_up)
    gaps = [later - earlier for earlier, later in itertools.pairwise(stamps())]
    assert gaps[4] > min(gaps[:3]) * 2
    assert gaps[4] > 0.5


def test_a_child_that_hangs_while_coming_up_is_killed_and_replaced(tmp_path):
    marker = tmp_path / "first"

    def hang_once(index: int) -> None:
        if not marker.exists():
            marker.touch()
            time.sleep(60)

    async def play(d: Drive) -> None:
        assert await d.say("echo up") == "up"

    drive("prefork", play, concurrency=1, on_child_start=hang_once, alive_timeout=0.3)


def test_children_can_be_added_removed_and_renewed():
    async def play(d: Drive) -> None:
        d.pool.grow(2)
        await d.children(4)
        assert d.pool.slots == 4
        d.pool.shrink(3)
        (left,) = await d.children(1)
        d.pool.restart()
        await d.told.until(lambda: d.pids() and left not in d.pids(), 0.01)
        assert await d.say("echo on") == "on"
        with pytest.raises(ValueError, match="between 1 and"):
            d.pool.shrink(1)

    assert drive("prefork", play).losses == {}


def test_a_busy_child_leaves_when_it_is_done_with_its_run():
    async def play(d: Drive) -> None:
        runs = [await d.send(f"sleep {d.released}") for _ in range(2)]
        pids = set((await d.begin(*runs)).values())
        d.pool.restart()
        d.release()
        assert {end.result for end in await d.end(*runs)} == {"slept"}
        await d.told.until(lambda: len(d.pids()) == 2 and not pids & set(d.pids()), 0.01)

    assert drive("prefork", play).losses == {}


def test_nothing_survives_a_parent_that_is_killed(tmp_path):
    seen = tmp_path / "pids"
    parent = os.fork()
    if parent == 0:
        try:
            _be_killed(str(seen))
        finally:
            os._exit(1)
    _, status = os.waitpid(parent, 0)
    assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL
    pids = [int(pid) for pid in seen.read_text().split()]
    assert len(pids) == 3
    until(lambda: not any(alive(pid) for pid in pids), told=lambda: "a child outlived its parent")


def _be_killed(seen: str) -> None:
    async def play(d: Drive) -> None:
        runs = [await d.send("sleep 60"), await d.send("sleep 60")]
        pids = await d.begin(*runs)
        pathlib.Path(seen).write_text(  # noqa: ASYNC240 - nothing else is to run meanwhile
            " ".join(map(str, [*pids.values(), d.pool._zygote.pid]))
        )
        kill(os.getpid())

    drive("prefork", play)


def test_a_job_taken_by_a_child_that_died_before_it_could_say_so_is_told_as_a_bystander():
    async def play(d: Drive) -> None:
        long = await d.send("sleep 60")
        (busy,) = (await d.begin(long)).values()
        run = await d.send("echo vanishes")
        # Take the job out of the socket as a child does, and let a child die.
        (job,) = d.pool._packets.take_back()
        assert job.run == run
        kill(busy)
        assert (await d.loss(long))[2] is False
        assert (await d.loss(run))[2] is True

    drive("prefork", play, concurrency=1)


def test_a_pool_none_of_whose_children_come_up_says_so(monkeypatch):
    monkeypatch.setattr(forked, "_START_PATIENCE", max(3.0, stretched(1.0)))  # one child at least has come and gone
    pool = POOLS["prefork"](settings(on_child_start=lambda index: os._exit(7), alive_timeout=3.0))
    pool.fork()

    async def main() -> None:
        try:
            with pytest.raises(WorkerLostError, match="exit code 7"):
                await pool.start(Told())
        finally:
            await pool.kill()

    asyncio.run(main())


def test_a_forking_process_that_hangs_is_told_when_it_is_needed(monkeypatch):
    monkeypatch.setattr(forked, "DEATH_NOTICE", 0.1)

    async def play(d: Drive) -> None:
        (first, _) = await d.children(2)
        kill(d.pool._zygote.pid, signal.SIGSTOP)
        kill(first)
        await d.told.until(lambda: d.told.breaks)
        assert "does not answer" in d.told.breaks[0]
        kill(d.pool._zygote.pid, signal.SIGCONT)

    drive("prefork", play)
