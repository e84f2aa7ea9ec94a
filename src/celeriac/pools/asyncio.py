"""Asyncio: one process (or several) whose event loop runs N tasks at a time.

How far limits go here. The soft limit, a hard limit and a termination are raised in exactly one run's
coroutine, at the place where it waits, as SoftTimeLimitExceeded, TimeLimitExceeded and Terminated. A task
that blocks the loop, or catches everything, feels nothing: if a run that is to end does not within a
second, its process is killed; what its neighbours ran is told as lost by no fault of theirs and runs again.
"""

import asyncio
import os
import socket
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Final

from celeriac.execution import limits
from celeriac.execution.loops import new_event_loop
from celeriac.process import crash
from celeriac.process.packets import REDELIVERED, REPORT_START, WAKE, Job, receive

from . import reports
from .child import ChildKit, Quota, deaf, no_part_in_forks, take_signals
from .pool import PoolSettings, Runner
from .spread import SpreadPool
from .threads import error_for

_TAKE_AT_ONCE: Final = 256  # jobs per turn of the loop: what runs must get its turn too
_MOST_UNSENT: Final = 4 * 1024 * 1024  # bytes of reports the parent has not read: take no more jobs
_ASKS: Final = 64 * 1024


class AsyncioPool(SpreadPool):
    """Coroutines."""

    name = "asyncio"

    def __init__(self, settings: PoolSettings) -> None:
        super().__init__(settings, asyncio_child)


def asyncio_child(kit: ChildKit, index: int, sock: socket.socket) -> None:
    """The main thread's event loop does everything."""
    take_signals(deaf)
    no_part_in_forks(sock, kit.far)
    kit.settings.on_child_start(index)
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        # Not runner.run: that would put a SIGINT handler in the place of ours.
        runner.get_loop().run_until_complete(_live(kit, index, sock))
    kit.settings.on_child_exit(os.getpid(), 0)


async def _live(kit: ChildKit, index: int, sock: socket.socket) -> None:
    await Stage(kit, index, sock, kit.settings.make_runner()).play()


class Outbox:
    """Reports on their way to the parent: one write for all of one turn of the loop."""

    def __init__(self, sock: socket.socket, on_sent: Callable[[list[int]], None]) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._loop = asyncio.get_running_loop()
        self._on_sent = on_sent  # called with the slots whose runs are reported now
        self._frames: list[bytes] = []
        self._slots: list[int] = []
        self._sending = memoryview(b"")
        self._sending_slots: list[int] = []
        self._scheduled = False
        self.unsent = 0

    def add(self, frame: bytes, slot: int | None = None) -> None:
        self._frames.append(frame)
        self.unsent += len(frame)
        if slot is not None:
            self._slots.append(slot)
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        if not self._sending:
            self._sending = memoryview(b"".join(self._frames))
            self._sending_slots, self._slots = self._slots, []
            self._frames.clear()
        try:
            sent = self._sock.send(self._sending)
        except BlockingIOError:
            sent = 0
        except ConnectionError:
            os._exit(1)  # the parent is gone: nobody is left to tell
        self._sending = self._sending[sent:]
        self.unsent -= sent
        if self._sending:
            self._loop.add_writer(self._sock, self._again)
            return
        slots, self._sending_slots = self._sending_slots, []
        self._scheduled = bool(self._frames)
        if self._scheduled:
            self._loop.call_soon(self._flush)
        self._on_sent(slots)

    def _again(self) -> None:
        self._loop.remove_writer(self._sock)
        self._flush()


class Stage:
    """Takes jobs while slots are free, plays them, reports them."""

    def __init__(self, kit: ChildKit, index: int, sock: socket.socket, runner: Runner) -> None:
        self._far = kit.far
        self._memory = kit.slots
        self._runner = runner
        self._quota = Quota(kit.settings)
        first = index * kit.slots_each
        self._free = deque(range(first, first + kit.slots_each))
        self._all = kit.slots_each
        self._sock = sock
        self._loop = asyncio.get_running_loop()
        self._outbox = Outbox(sock, self._reported)
        self._asks = reports.AskReader()
        self._tasks: dict[int, asyncio.Task[None]] = {}  # run -> task
        self._taking = False
        self._leaving = False
        self._over = asyncio.Event()

    async def play(self) -> None:
        """Until told to leave and everything is reported."""
        self._loop.add_reader(self._sock, self._listen)
        self._outbox.add(reports.note(reports.UP))
        self._watch()
        await self._over.wait()
        self._loop.remove_reader(self._sock)

    # -- jobs ---------------------------------------------------------------------------------------

    def _watch(self) -> None:
        """Listen for jobs if there is room for one, and not otherwise."""
        wanted = bool(self._free) and not self._leaving and self._outbox.unsent < _MOST_UNSENT
        if wanted and not self._taking:
            self._loop.add_reader(self._far, self._take)
        elif self._taking and not wanted:
            self._loop.remove_reader(self._far)
        self._taking = wanted

    def _take(self) -> None:
        for _ in range(min(_TAKE_AT_ONCE, len(self._free))):
            try:
                job = receive(self._far, socket.MSG_DONTWAIT)
            except EOFError:
                self._leave()
                return
            if job is None:
                break
            if not job.flags & WAKE:
                self._begin(job)
        if not self._free:
            self._watch()

    def _begin(self, job: Job) -> None:
        crash.point("after_dispatch")
        slot, run = self._free.popleft(), job.run
        self._memory.begin(slot, run, time.monotonic())
        self._tasks[run] = self._loop.create_task(self._do(job, slot))

    async def _do(self, job: Job, slot: int) -> None:
        run, flags = job.run, job.flags
        begun = partial(self._outbox.add, reports.note(reports.BEGUN, run)) if flags & REPORT_START else None
        try:
            outcome = await self._runner.arun(
                job.raw, redelivered=flags & REDELIVERED != 0, deliveries=job.deliveries, begun=begun
            )
        except BaseException:  # noqa: BLE001 - the runner itself failed: as in the other pools, the process ends
            self._loop.call_exception_handler({"message": "a runner failed", "task": self._tasks[run]})
            os._exit(1)
        crash.point("after_run_before_report")
        del self._tasks[run]
        self._outbox.add(reports.ended(run, outcome), slot)
        if not self._quota.unlimited and self._quota.used_up():
            self._leave()

    def _reported(self, slots: list[int]) -> None:
        """The parent has been told: these slots are free."""
        for slot in slots:
            self._memory.end(slot)
        self._free.extend(slots)
        if not self._taking:
            self._watch()
        self._end_if_done()

    # -- asks ---------------------------------------------------------------------------------------

    def _listen(self) -> None:
        try:
            data = self._sock.recv(_ASKS)
        except BlockingIOError:
            return
        except ConnectionError:
            data = b""
        if not data:
            os._exit(1)  # the parent is gone
        for kind, number, run in self._asks.feed(data):
            if kind == reports.RETIRE:
                self._leave()
            elif run in self._tasks:
                limits.interrupt_task(self._tasks[run], error_for(kind, number))

    def _leave(self) -> None:
        """Take no more; the loop ends when the last run is reported."""
        if not self._leaving:
            self._leaving = True
            self._outbox.add(reports.note(reports.LEAVING))
            self._watch()

    def _end_if_done(self) -> None:
        if self._leaving and not self._outbox.unsent and len(self._free) == self._all:
            self._over.set()
