"""The parent's side of every pool of child processes: forks them, feeds them, hears them, buries them."""

import asyncio
import contextlib
import math
import signal
from collections.abc import Sequence
from typing import Final

from celeriac.core.errors import WorkerLostError
from celeriac.core.outcome import Ending
from celeriac.process import ending
from celeriac.process.forking import Born, Died
from celeriac.process.packets import Job, Offered, PacketQueue
from celeriac.process.slots import Slots
from celeriac.process.zygote import Zygote

from . import reports
from .births import SPAWNED, Life, Program, check, child_main
from .brood import Brood, Child
from .endings import SHARED_GRACE, Endings, is_soft
from .missing import PATIENCE, MissingRuns
from .pool import Listener, PoolSettings, Running
from .population import Population
from .reins import ByMessage, BySignal

_CHUNK: Final = 64 * 1024  # more, and every read would map and unmap memory
_START_PATIENCE: Final = 30.0
_KILL_PATIENCE: Final = 5.0
DEATH_NOTICE: Final = 10.0  # seconds in which the forking process tells of a death
_FELT_AFTER: Final = 0.002  # seconds after which what the parent wrote into shared memory is surely seen


class ForkedPool:
    """N children, each with the same number of slots; they share one job socket."""

    name = "prefork"

    def __init__(
        self,
        settings: PoolSettings,
        life: Life,
        *,
        children: int,
        slots_each: int,
        shared: bool,
        program: Program = SPAWNED,
    ) -> None:
        check(settings)
        self.settings = settings
        self._each = slots_each
        self._shared = shared
        self._packets = PacketQueue()
        capacity = max(children * 2 + 2, settings.most_children * 2 + 2, 64 if slots_each == 1 else 0) * slots_each
        spawn = settings.start_method == "spawn"
        self._memory = Slots.in_file(capacity) if spawn else Slots(capacity)
        main = child_main(settings, life, program, self._packets, self._memory, slots_each)
        self._zygote = Zygote(main, self._packets.close_near, settings.before_child)
        self._brood = Brood(self._memory, slots_each)
        alive_timeout = max(settings.alive_timeout, _START_PATIENCE if spawn else 0.0)
        self._population = Population(self._zygote, self._brood, children, alive_timeout)
        self._population.on_added = self._listen
        reins = ByMessage() if shared else BySignal(self._memory, self._packets, self._brood, self._is_out)
        self._population.reins = reins
        grace = SHARED_GRACE if shared else settings.end_grace
        self._endings = Endings(self._memory, self._brood, reins, self._is_out, grace)
        self._missing = MissingRuns(self._packets)
        self._listener: Listener
        self._held: list[Job] = []  # what stop kept from being begun
        self._writer = -1  # the descriptor watched for room, while the socket is full
        self._zygote_fd = -1
        self._closed = False

    @property
    def slots(self) -> int:
        return self._population.wanted * self._each

    # -- life ---------------------------------------------------------------------------------------

    def fork(self) -> None:
        self._zygote.start()

    async def start(self, listener: Listener) -> None:
        self._listener = listener
        self._zygote_fd = self._zygote.fileno()
        asyncio.get_running_loop().add_reader(self._zygote_fd, self._on_zygote)
        self._population.fill()
        patience = max(_START_PATIENCE, self.settings.alive_timeout)
        try:
            async with asyncio.timeout(patience):
                await self._brood.first_up.wait()
        except TimeoutError:
            raise WorkerLostError(
                f"no child process of the {self.name} pool came up within {patience:.0f} seconds; "
                f"the last one that ended had exit code {self._population.last_exit}: see the log above"
            ) from None

    async def stop(self, deadline: float) -> bool:
        self._population.stopping = True
        self._held += self.take_back()
        self._unwatch_room()
        self._packets.close_near()  # every child finds the end of its jobs when it has done its own
        try:
            async with asyncio.timeout_at(None if math.isinf(deadline) else deadline):
                await self._brood.empty.wait()
        except TimeoutError:
            return False
        self._close()
        return True

    async def kill(self) -> None:
        self._population.stopping = self._population.killing = True
        if self._closed:
            return
        self._held += self.take_back()
        for child in self._brood:
            child.guilty = child.guilty or set()
            if child.pid:
                ending.send(child.pid, signal.SIGKILL)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_KILL_PATIENCE):
                await self._brood.empty.wait()
        self._close()
        self._bury_all()

    def _close(self) -> None:
        self._closed = True
        self._unwatch_room()
        self._unwatch_zygote()
        self._zygote.end()
        self._packets.close()
        self._memory.close()

    # -- jobs ---------------------------------------------------------------------------------------

    def offer(self, job: Offered) -> bool:
        if self._population.stopping:
            return False
        if self._packets.put(job.run, job.flags, job.deliveries, job.raw):
            self._missing.sent(job.run)
            return True
        self._watch_room()
        return False

    @property
    def batches(self) -> bool:
        """Quick jobs may be offered together: one process a slot, and no quota that a batch could overrun."""
        settings = self.settings
        return not self._shared and settings.max_tasks_per_child is None and settings.max_memory_per_child is None

    def offer_batch(self, jobs: Sequence[Offered]) -> bool:
        if self._population.stopping:
            return False
        if self._packets.put_batch(jobs):
            for job in jobs:
                self._missing.sent(job.run)
            return True
        self._watch_room()
        return False

    def _watch_room(self) -> None:
        if self._writer >= 0:
            return
        loop = asyncio.get_running_loop()
        if self._packets.short:
            loop.call_later(0.1, self._on_room)  # no event will tell when files are to be had again
            return
        self._writer = self._packets.fileno()
        loop.add_writer(self._writer, self._on_room)

    def _unwatch_room(self) -> None:
        if self._writer >= 0:
            asyncio.get_running_loop().remove_writer(self._writer)
            self._writer = -1

    def _on_room(self) -> None:
        self._unwatch_room()
        if not self._population.stopping:
            self._listener.room()

    def take_back(self) -> list[Job]:
        jobs, self._held = [*self._held, *self._packets.take_back()], []
        for job in jobs:
            self._missing.settled(job.run)
        if not self._closed:
            self.call_back(math.inf)
        return jobs

    def call_back(self, before: float) -> None:
        look = self._memory.look
        holding = [held for held in self._brood.holding() if look(held[0])[1] < before]
        for slot, run, last in holding:
            self._memory.recall(slot, run, last)
        if holding:
            asyncio.get_running_loop().call_later(_FELT_AFTER, self._collect, holding)

    def _collect(self, holding: list[tuple[int, int, int]]) -> None:
        """A child that is still in the same run has begun none of what is behind it, and by now it sees the
        recall before it begins any. One that has got on tells itself which it skips."""
        if self._closed:
            return
        back: list[int] = []
        for slot, run, last in holding:
            if self._memory.look(slot)[0] == run:
                back += [one for one in range(run + 1, last + 1) if self._missing.settled(one)]
        if back:
            self._listener.returned(back)

    def running(self) -> list[Running]:
        return self._brood.running()

    def soft_stop(self, run: int) -> bool:
        return run in self._missing and self._endings.soft(run)

    def hard_stop(self, run: int, signal: int) -> bool:
        if is_soft(signal):
            return self.soft_stop(run)
        return run in self._missing and self._endings.hard(run, signal)

    def describe(self) -> dict[str, object]:
        return {
            "implementation": f"celeriac.pools.{self.name}",
            "max-concurrency": self.slots,
            "processes": [child.pid for child in self._brood if child.pid],
            "max-tasks-per-child": self.settings.max_tasks_per_child or "N/A",
        }

    # -- size ---------------------------------------------------------------------------------------

    def grow(self, n: int) -> None:
        self._population.resize(n)

    def shrink(self, n: int) -> None:
        self._population.resize(-n)

    def restart(self) -> None:
        self._population.renew()

    # -- hearing ------------------------------------------------------------------------------------

    def _listen(self, child: Child) -> None:
        asyncio.get_running_loop().add_reader(child.sock, self._hear, child)

    def _hear(self, child: Child) -> bool:
        """Read one chunk of reports; False if there is none now."""
        try:
            data = child.sock.recv(_CHUNK)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        if not data:
            self._hang_up(child)
            asyncio.get_running_loop().call_later(DEATH_NOTICE, self._check_buried, child)
            return False
        self._heed(child, data)
        return True

    def _hear_out(self, child: Child) -> None:
        """All it has said so far."""
        while not child.hung_up and self._hear(child):
            pass

    def _hang_up(self, child: Child) -> None:
        if not child.hung_up:
            child.hung_up = True
            asyncio.get_running_loop().remove_reader(child.sock)
            child.sock.close()

    def _heed(self, child: Child, data: bytes) -> None:
        forget, ended, asked = self._missing.forget, self._listener.ended, self._endings.asked
        for kind, run, outcome in child.reader.feed(data):
            if outcome is not None:
                child.worked = True
                if forget(run, False) is None:
                    number = asked.pop(run, 0) if asked else 0
                    if number and outcome.ending is not Ending.RETURNED:
                        self._listener.lost(run, -number, child.pid)  # it ended because it was made to
                    else:
                        ended(run, outcome)
            elif kind == reports.BEGUN:
                self._listener.begun(run)
            elif kind == reports.SKIPPED:
                if self._missing.settled(run):
                    self._listener.returned((run,))
            elif kind == reports.UP:
                self._brood.up(child)
            elif kind == reports.LEAVING:
                child.leaving = True
                self._population.fill()

    def _is_out(self, child: Child, run: int) -> bool:
        """Is the run not reported yet, even when the child has been heard out?"""
        self._hear_out(child)
        return run in self._missing

    # -- deaths -------------------------------------------------------------------------------------

    def _on_zygote(self) -> None:
        found = self._zygote.reports()
        if found is None:
            self._unwatch_zygote()
            self._bury_all()
            if not self._population.stopping:
                self._population.stopping = True
                self._listener.broken("the forking process died: no child process can be replaced")
            return
        for report in found:
            if isinstance(report, Born):
                self._population.born(report)
            else:
                self._on_death(report)

    def _unwatch_zygote(self) -> None:
        if self._zygote_fd >= 0:
            asyncio.get_running_loop().remove_reader(self._zygote_fd)
            self._zygote_fd = -1

    def _on_death(self, died: Died) -> None:
        """Hear its last words, then tell which runs died with it, then replace it."""
        child = self._brood.get(died.index)
        if child is None:
            return
        self._bury(child, died)
        suspects = self._missing.suspect(self._brood.runs())
        if suspects:
            asyncio.get_running_loop().call_later(PATIENCE, self._tell_missing, died, suspects)
        self._population.died(child, died)

    def _bury(self, child: Child, died: Died) -> None:
        self._hear_out(child)
        self._hang_up(child)
        guilty = child.guilty
        runs, held = self._brood.bury(child)
        if runs:
            child.worked = True  # its end says something about what it ran, not about the next child's chances
        for run in runs:
            if self._missing.settled(run):
                self._endings.settled(run)
                self._listener.lost(run, died.exitcode, died.pid, guilty is not None and run not in guilty)
        for run in held:
            if self._missing.settled(run):
                self._listener.lost(run, died.exitcode, died.pid, True)

    def _bury_all(self) -> None:
        """No child can be left: the forking process is gone, and it took them with it."""
        for child in self._brood:
            if child.pid:
                ending.send(child.pid, signal.SIGKILL)
            child.guilty = child.guilty or set()
            self._bury(child, Died(child.index, child.pid, -signal.SIGKILL))
        for run in self._missing.clear():
            self._listener.lost(run, -signal.SIGKILL, 0, True)

    def _check_buried(self, child: Child) -> None:
        """It ended, and the forking process, which should have said so, does not."""
        if self._brood.get(child.index) is child and not self._population.stopping:
            self._population.stopping = True
            self._listener.broken("the forking process does not answer: no child process can be replaced")

    def _tell_missing(self, died: Died, suspects: set[int]) -> None:
        """A job that a dead child took from the socket before it could write its slot."""
        running = self._brood.runs()
        for child in self._brood:
            self._hear_out(child)  # what ended meanwhile must not be taken for missing
        for run in self._missing.confirm(suspects, running):
            self._listener.lost(run, died.exitcode, died.pid, True)
