"""Solo: runs in the worker's own process, one at a time, for debugging and for tests.

The runs have one thread of their own beside the worker's event loop, so that leases are renewed, limits
looked at and commands answered however long a task takes or sits in a debugger (pdb works: it talks to the
terminal from any thread). What can't be had in one process: a run can't be killed. The soft limit, a hard
limit and a termination are raised in the task's body as SoftTimeLimitExceeded, TimeLimitExceeded and
Terminated; a task that waits in C, holds the GIL or catches everything runs on, and one that crashes takes
the worker with it. Python lets only the main thread set signal handlers; a task that needs to wants prefork.
"""

import asyncio
import math
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from celeriac.core.outcome import Ending, Outcome
from celeriac.execution import limits
from celeriac.process.packets import REDELIVERED, REPORT_START, Job, Offered

from . import reports
from .endings import SOFT_AGAIN, is_soft
from .pool import Listener, PoolSettings, Runner, Running
from .threads import error_for

_MOST_WAITING: Final = 1000


class SoloPool:
    """One slot."""

    name = "solo"
    slots = 1

    def __init__(self, settings: PoolSettings) -> None:
        self.settings = settings
        self._jobs: deque[Job] = deque()
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None
        self._now: tuple[int, float] | None = None  # the run and when it began
        self._asked: dict[int, int] = {}  # run -> the signal by which it was asked to end
        self._leaving = False
        self._full = False
        self._abandoned = False
        self._loop: asyncio.AbstractEventLoop
        self._listener: Listener
        self._up: asyncio.Future[None]
        self._over: asyncio.Event

    # -- life ---------------------------------------------------------------------------------------

    def fork(self) -> None:
        """There is nothing to fork."""

    async def start(self, listener: Listener) -> None:
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        self._over = asyncio.Event()
        self._up = self._loop.create_future()
        self._thread = threading.Thread(target=self._work, name="celeriac-solo", daemon=True)
        self._thread.start()
        await self._up

    async def stop(self, deadline: float) -> bool:
        if self._thread is None:
            return True
        with self._wake:
            self._leaving = True
            self._wake.notify()
        try:
            async with asyncio.timeout_at(None if math.isinf(deadline) else deadline):
                await self._over.wait()
        except TimeoutError:
            return False
        self._thread.join()
        self._thread = None
        return True

    async def kill(self) -> None:
        """What runs can't be killed: it is told as lost, and whatever it still does is nobody's any more."""
        if self._thread is None or await self.stop(self._loop.time()):
            return
        now, self._now, self._abandoned = self._now, None, True
        if now is not None:
            self._listener.lost(now[0], -9, os.getpid(), True)

    # -- jobs ---------------------------------------------------------------------------------------

    def offer(self, job: Offered) -> bool:
        if len(self._jobs) >= _MOST_WAITING or self._leaving:
            self._full = True
            return False
        with self._wake:
            self._jobs.append(Job(job.run, job.flags, job.deliveries, job.raw))
            self._wake.notify()
        return True

    def take_back(self) -> list[Job]:
        with self._wake:
            jobs = list(self._jobs)
            self._jobs.clear()
        return jobs

    def running(self) -> list[Running]:
        now = self._now
        return [Running(now[0], now[1], os.getpid(), 0)] if now is not None else []

    def soft_stop(self, run: int) -> bool:
        return self._soft(run, 0)

    def _soft(self, run: int, turn: int) -> bool:
        """Again a little later, as it may not be in its body yet; what has felt it feels nothing."""
        if self._now is None or self._now[0] != run:
            return False
        self._raise_in(run, error_for(reports.SOFT, 0))
        if turn < len(SOFT_AGAIN):
            self._loop.call_later(SOFT_AGAIN[turn], self._soft, run, turn + 1)
        return True

    def hard_stop(self, run: int, signal: int) -> bool:
        if is_soft(signal):
            return self.soft_stop(run)
        if run in self._asked:
            return True
        done = self._raise_in(run, error_for(reports.END, signal))
        if done:
            self._asked[run] = signal
        return done

    def _raise_in(self, run: int, error: BaseException) -> bool:
        """In that run's body; False if it is not in one now."""
        if self._thread is None or self._thread.ident is None:
            return False
        # Order matters: see Crew._raise_in.
        body = limits.body_in(self._thread.ident)
        now = self._now
        return body is not None and now is not None and now[0] == run and limits.interrupt(body, error)

    def describe(self) -> dict[str, object]:
        return {
            "implementation": "celeriac.pools.solo",
            "max-concurrency": 1,
            "processes": [os.getpid()],
            "max-tasks-per-child": "N/A",
        }

    # -- the thread ---------------------------------------------------------------------------------

    def _work(self) -> None:
        try:
            self.settings.on_child_start(0)
            runner = self.settings.make_runner()
            self._tell(self._up.set_result, None)
            while (job := self._take()) is not None:
                self._do(job, runner)
            self.settings.on_child_exit(os.getpid(), 0)
        except BaseException as exc:  # noqa: BLE001 - the worker is told, and ends
            self._tell(self._fail, exc)
        self._tell(self._over.set)

    def _take(self) -> Job | None:
        with self._wake:
            self._wake.wait_for(lambda: self._jobs or self._leaving)
            if self._leaving:
                return None
            job = self._jobs.popleft()
            # Under the lock: a job is always either taken back or seen running.
            self._now = job.run, time.monotonic()
            return job

    def _do(self, job: Job, runner: Runner) -> None:
        run, flags = job.run, job.flags
        begun = partial(self._tell, self._listener.begun, run) if flags & REPORT_START else None
        outcome = runner.run(job.raw, redelivered=flags & REDELIVERED != 0, deliveries=job.deliveries, begun=begun)
        self._tell(self._ended, run, outcome)

    def _tell(self, what: Callable[..., Any], *args: Any) -> None:
        """In the event loop; if that is closed, nobody wants to know."""
        try:
            self._loop.call_soon_threadsafe(what, *args)
        except RuntimeError:
            self._leaving = True

    def _ended(self, run: int, outcome: Outcome) -> None:
        if self._abandoned:
            return
        number = self._asked.pop(run, 0)
        now = self._now
        if now is not None and now[0] == run:
            self._now = None
        if number and outcome.ending is not Ending.RETURNED:
            self._listener.lost(run, -number, os.getpid())
        else:
            self._listener.ended(run, outcome)
        if self._full and not self._leaving:
            self._full = False
            self._listener.room()

    def _fail(self, exc: BaseException) -> None:
        """The runner could not be made, or failed itself."""
        if not self._up.done():
            self._up.set_exception(exc)
        else:
            self._listener.broken(f"the runner failed: {exc!r}")
