"""Drives a pool through its life for a test: forks before the loop, offers words, waits for what is told."""

import asyncio
import contextlib
import os
import signal
import tempfile
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

from celeriac.core.outcome import Outcome
from celeriac.pools.asyncio import AsyncioPool
from celeriac.pools.pool import PoolSettings
from celeriac.pools.prefork import PreforkPool
from celeriac.pools.solo import SoloPool
from celeriac.pools.threads import ThreadsPool
from celeriac.process.packets import Job
from living import alive

from .words import WordRunner

PATIENCE = 100.0  # for what takes a second or two at most on an idle machine
HELD_UP = 4.0  # seconds that single processes may stand still now and then, on a machine that is not slow otherwise


class Told:
    """A listener that remembers, and can be waited on."""

    def __init__(self) -> None:
        self.begins: list[int] = []
        self.ends: dict[int, Outcome] = {}
        self.losses: dict[int, tuple[int, int, bool]] = {}
        self.breaks: list[str] = []
        self.twice: list[int] = []
        self._changed = asyncio.Event()

    def begun(self, run: int) -> None:
        self.begins.append(run)
        self._changed.set()

    def ended(self, run: int, outcome: Outcome) -> None:
        if run in self.ends or run in self.losses:
            self.twice.append(run)
        self.ends[run] = outcome
        self._changed.set()

    def lost(self, run: int, exitcode: int, pid: int, bystander: bool = False) -> None:
        if run in self.ends or run in self.losses:
            self.twice.append(run)
        self.losses[run] = (exitcode, pid, bystander)
        self._changed.set()

    def room(self) -> None:
        self._changed.set()

    def broken(self, reason: str) -> None:
        self.breaks.append(reason)
        self._changed.set()

    async def until(self, true: Callable[[], Any], poll: float | None = None) -> None:
        """Looks after everything that is told (and every `poll` seconds, for what nobody tells)."""
        async with asyncio.timeout(PATIENCE):
            while not true():
                self._changed.clear()
                try:
                    async with asyncio.timeout(poll):
                        await self._changed.wait()
                except TimeoutError:
                    continue


class Drive:
    """A started pool, what it told, and runs numbered in order."""

    def __init__(self, pool: Any, folder: Path) -> None:
        self.pool = pool
        self.told = Told()
        self._folder = folder
        self._run = 0

    @property
    def released(self) -> str:
        """For words that go on until something is over: that is when the test says `release`."""
        return str(self._folder / "released")

    def release(self) -> None:
        Path(self.released).touch()

    async def inside(self, count: int) -> None:
        """Until so many bodies that wait to be released have been entered."""
        await self.told.until(lambda: len(list(self._folder.glob("inside*"))) >= count, 0.005)

    async def send(self, word: str, flags: int = 0) -> int:
        """Offer a word; waits for room if there is none."""
        self._run += 1
        job = Job(self._run, flags, 0, word.encode())
        await self.told.until(lambda: self.pool.offer(job))
        return self._run

    async def end(self, *runs: int) -> list[Outcome]:
        """Until these have ended."""
        await self.told.until(lambda: all(run in self.told.ends or run in self.told.losses for run in runs))
        return [self.told.ends[run] for run in runs]

    async def loss(self, run: int) -> tuple[int, int, bool]:
        """Until this is lost: (exit code, pid, bystander)."""
        await self.told.until(lambda: run in self.told.losses or run in self.told.ends)
        return self.told.losses[run]

    async def begin(self, *runs: int) -> dict[int, int]:
        """Until these are in their slots: run -> pid."""
        await self.told.until(lambda: set(runs) <= {found.run for found in self.pool.running()}, 0.005)
        return {found.run: found.pid for found in self.pool.running()}

    async def hard_stop(self, run: int, number: int = signal.SIGKILL) -> None:
        """Of a run that surely goes on: a machine that does not let it stand still at once is asked again."""
        await self.told.until(lambda: self.pool.hard_stop(run, number), 0.01)

    async def say(self, word: str) -> str:
        """Run one word and give its result."""
        (outcome,) = await self.end(await self.send(word))
        return outcome.result

    async def children(self, count: int) -> list[int]:
        """Until there are so many processes: their numbers."""
        await self.told.until(lambda: len(self.pids()) == count, 0.01)
        return self.pids()

    def pids(self) -> list[int]:
        return list(self.pool.describe()["processes"])

    def loop_time(self, seconds: float) -> float:
        return asyncio.get_running_loop().time() + seconds


POOLS = {"prefork": PreforkPool, "threads": ThreadsPool, "asyncio": AsyncioPool, "solo": SoloPool}


def settings(**options: Any) -> PoolSettings:
    return PoolSettings(**{"concurrency": 2, "make_runner": WordRunner, **options})


def drive(name: str, play: Callable[[Drive], Awaitable[None]], **options: Any) -> Told:
    """Fork the pool, start it, play, kill what is left, and see that no process outlives it."""
    pool = POOLS[name](settings(**options))
    pool.fork()

    async def main(folder: Path) -> Drive:
        driven = Drive(pool, folder)
        try:
            await pool.start(driven.told)
            await play(driven)
        finally:
            pids = driven.pids()
            await pool.kill()
        await gone(pids)
        return driven

    with tempfile.TemporaryDirectory(prefix="celeriac-pool-") as folder:
        told = asyncio.run(main(Path(folder))).told
    assert told.twice == []
    return told


async def gone(pids: Iterable[int]) -> None:
    """Until none of these processes is there."""
    told = Told()
    await told.until(lambda: not any(alive(pid) for pid in pids if pid != os.getpid()), 0.01)


def kill(pid: int, number: int = signal.SIGKILL) -> None:
    """It may have ended already."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
