"""The default pool: one process per slot, one run at a time in each, in the process's main thread."""

import os
import signal
import socket
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from celeriac.execution import limits
from celeriac.process import crash, slots
from celeriac.process.packets import REDELIVERED, REPORT_START, Job, receive_some

from . import reports
from .child import ChildKit, Quota, no_part_in_forks, take_signals
from .forked import ForkedPool
from .pool import PoolSettings, Runner


class PreforkPool(ForkedPool):
    """`concurrency` children. Time limits hold whatever the task does: soft by a signal, hard by SIGKILL."""

    name = "prefork"

    def __init__(self, settings: PoolSettings) -> None:
        super().__init__(settings, prefork_child, children=settings.concurrency, slots_each=1, shared=False)


def prefork_child(kit: ChildKit, index: int, sock: socket.socket) -> None:
    """One slot: the main thread runs one job at a time."""
    settings = kit.settings
    sock.setblocking(True)
    _take_signals(kit.slots, index)
    no_part_in_forks(sock, kit.far)
    settings.on_child_start(index)
    loop = JobLoop(kit, sock, index, settings.make_runner(), Quota(settings))
    sock.sendall(reports.note(reports.UP))
    loop.run()
    sock.sendall(reports.note(reports.LEAVING))
    settings.on_child_exit(os.getpid(), 0)


class JobLoop:
    """Take, run, report, until told to stop or the quota is used up."""

    def __init__(self, kit: ChildKit, sock: socket.socket, slot: int, runner: Runner, quota: Quota) -> None:
        self._far = kit.far
        self._slots = kit.slots
        self._slot = slot
        self._sock = sock
        self._runner = runner
        self._quota = quota

    def run(self) -> None:
        """Packet by packet. What is called back from a packet of several jobs is not begun."""
        far, slot = self._far, self._slot
        took, retired, end, one = self._slots.took, self._slots.retired, self._slots.end, self._one()
        go_on = True
        while go_on:
            try:
                jobs = receive_some(far)
            except EOFError:
                return
            if jobs:
                crash.point("after_dispatch")
                several = len(jobs) > 1
                if several:
                    took(slot, jobs[-1].run)
                for job in jobs:
                    go_on = one(job, several)
                end(slot)
            if retired(slot):
                return

    def _one(self) -> Callable[[Job, bool], bool]:
        """What runs one job from begin to report, False when the quota is used up: a function of locals,
        because it is the innermost loop of a child."""
        slot, send, ended, monotonic, point = self._slot, self._sock.sendall, reports.ended, time.monotonic, crash.point
        begin, recalled, execute = self._slots.begin, self._slots.recalled, self._runner.run
        used_up, unlimited = self._quota.used_up, self._quota.unlimited

        def one(job: Job, several: bool) -> bool:
            run, flags = job.run, job.flags
            begin(slot, run, monotonic())
            if several and recalled(slot, run):
                send(reports.note(reports.SKIPPED, run))
                return True
            begun = partial(send, reports.note(reports.BEGUN, run)) if flags & REPORT_START else None
            outcome = execute(job.raw, redelivered=flags & REDELIVERED != 0, deliveries=job.deliveries, begun=begun)
            point("after_run_before_report")
            send(ended(run, outcome))
            return unlimited or not used_up()

        return one


def _take_signals(memory: slots.Slots, slot: int) -> None:
    """What the parent means for the run in the slot is done to it; what anybody else sends is nothing."""

    def on_soft(number: int, frame: Any) -> None:
        if memory.wished(slot) == slots.SOFT:
            limits.raise_here()

    def on_group(number: int, frame: Any) -> None:
        if memory.wished(slot) == slots.END:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

    take_signals(on_group, on_soft)
