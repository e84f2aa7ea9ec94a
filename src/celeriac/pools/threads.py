"""Threads: one process (or several) with N threads, each of which takes its next job from the shared socket.

How far limits go here. The soft limit, a hard limit and a termination are raised in the run's thread as
SoftTimeLimitExceeded, TimeLimitExceeded and Terminated, in its body and in no other run. A thread feels
them when it next executes Python: one that waits in C for longer, holds the GIL, or catches everything,
feels nothing. If a run that is to end does not within a second, its process is killed; what its neighbours
ran is told as lost by no fault of theirs and runs again elsewhere. Use prefork for tasks that hang.
"""

import os
import select
import signal
import socket
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Final

from celeriac.core.errors import SoftTimeLimitExceeded, Terminated, TimeLimitExceeded
from celeriac.execution import limits
from celeriac.process import crash
from celeriac.process.packets import REDELIVERED, REPORT_START, WAKE, Job, receive

from . import reports
from .child import ChildKit, Quota, deaf, no_part_in_forks, take_signals
from .pool import PoolSettings, Runner
from .spread import SpreadPool

_STACK: Final = 16 * 1024  # bytes of asks read at once


class ThreadsPool(SpreadPool):
    """Threads."""

    name = "threads"

    def __init__(self, settings: PoolSettings) -> None:
        super().__init__(settings, threads_child)


def threads_child(kit: ChildKit, index: int, sock: socket.socket) -> None:
    """The main thread listens for asks, the others work."""
    settings = kit.settings
    sock.setblocking(True)
    take_signals(deaf)
    no_part_in_forks(sock, kit.far)
    settings.on_child_start(index)
    crew = Crew(kit, sock, index, settings.make_runner())
    crew.start()
    crew.report(reports.note(reports.UP))
    crew.listen()
    settings.on_child_exit(os.getpid(), 0)


class Crew:
    """N threads that take turns at the socket: one waits there, takes a job, hands the place on and runs it."""

    def __init__(self, kit: ChildKit, sock: socket.socket, index: int, runner: Runner) -> None:
        self._kit = kit
        self._sock = sock
        self._runner = runner
        self._first = index * kit.slots_each
        self._quota = Quota(kit.settings)
        self._place = threading.Lock()  # at the socket
        self._sending = threading.Lock()
        self._counting = threading.Lock()
        self._threads: dict[int, int] = {}  # slot -> thread
        self._working = kit.slots_each
        self._leaving = False
        self._bell, self._ringer = os.pipe()  # ends the wait of whoever is at the socket
        self._wait = _waiter(kit.far.fileno(), self._bell)

    def start(self) -> None:
        for slot in range(self._first, self._first + self._kit.slots_each):
            name = f"celeriac-{slot - self._first}"
            threading.Thread(target=self._work, args=(slot,), name=name, daemon=True).start()

    def report(self, frame: bytes) -> None:
        with self._sending:
            self._sock.sendall(frame)

    # -- working ------------------------------------------------------------------------------------

    def _work(self, slot: int) -> None:
        """A thread's whole life. Should the runner itself fail, the process ends and its runs are lost."""
        self._threads[slot] = threading.get_ident()
        try:
            while (job := self._take()) is not None:
                self._do(job, slot)
            self._retire_thread()
        except BaseException as exc:  # noqa: BLE001 - the last frame of a thread: tell why the process ends
            if not isinstance(exc, (ConnectionError, SystemExit)):
                threading.excepthook(threading.ExceptHookArgs((type(exc), exc, exc.__traceback__, None)))
            os._exit(1)

    def _take(self) -> Job | None:
        """The next job; None: there is nothing more for this process to take."""
        far = self._kit.far
        with self._place:
            while not self._leaving:
                try:
                    job = receive(far, socket.MSG_DONTWAIT)
                except EOFError:
                    self._leaving = True
                    return None
                if job is None:
                    self._wait()
                elif not job.flags & WAKE:
                    return job
            return None

    def _do(self, job: Job, slot: int) -> None:
        crash.point("after_dispatch")
        run, flags, slots = job.run, job.flags, self._kit.slots
        slots.begin(slot, run, time.monotonic())
        begun = partial(self.report, reports.note(reports.BEGUN, run)) if flags & REPORT_START else None
        again = flags & REDELIVERED != 0
        outcome = self._runner.run(job.raw, redelivered=again, deliveries=job.deliveries, begun=begun)
        crash.point("after_run_before_report")
        if not self._quota.unlimited:  # before the report: what the parent sends upon it goes to another process
            with self._counting:
                used_up = self._quota.used_up()
            if used_up:
                self.leave()
        self.report(reports.ended(run, outcome))
        slots.end(slot)

    def leave(self) -> None:
        """Take no more jobs; the process ends when the last run has."""
        if not self._leaving:
            self._leaving = True
            self.report(reports.note(reports.LEAVING))
            os.write(self._ringer, b"\0")

    def _retire_thread(self) -> None:
        with self._counting:
            self._working -= 1
            last = self._working == 0
        if last:
            self._sock.shutdown(socket.SHUT_RD)  # the main thread need not listen any longer

    # -- listening ----------------------------------------------------------------------------------

    def listen(self) -> None:
        """Until all threads are done, or the parent is gone."""
        reader = reports.AskReader()
        while data := self._heard():
            for kind, number, run in reader.feed(data):
                if kind == reports.RETIRE:
                    self.leave()
                else:
                    self._raise_in(run, error_for(kind, number))
        if self._working:
            raise ConnectionResetError("the parent is gone")

    def _heard(self) -> bytes:
        try:
            return self._sock.recv(_STACK)
        except OSError:
            if self._working:
                raise
            return b""  # the last thread closed this end: where threads are green, whoever reads is told by an error

    def _raise_in(self, run: int, error: BaseException) -> None:
        for slot, found in self._kit.slots.occupied(self._first, self._kit.slots_each):
            if found == run:
                # Order matters: a body that was in the thread before the slot still showed this run
                # belongs to this run or to one that is over, which can't be interrupted.
                body = limits.body_in(self._threads[slot])
                if body is not None and self._kit.slots.look(slot)[0] == run:
                    limits.interrupt(body, error)


def _waiter(*fds: int) -> Callable[[], object]:
    """Waits until one of them can be read."""
    if not hasattr(select, "poll"):  # eventlet takes it away
        return lambda: select.select(fds, (), ())
    poll = select.poll()
    for fd in fds:
        poll.register(fd, select.POLLIN)
    return poll.poll


def error_for(kind: int, number: int) -> BaseException:
    """What is raised in a run for an ask."""
    if kind == reports.SOFT:
        return SoftTimeLimitExceeded()
    return TimeLimitExceeded() if number == signal.SIGKILL else Terminated(number)
