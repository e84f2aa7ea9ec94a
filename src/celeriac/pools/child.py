"""What every executing process has: what it inherits, its quota, its report socket, its signal handlers."""

import os
import resource
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any, Final

from celeriac.process.forking import GROUP_SIGNALS
from celeriac.process.slots import Slots

from .pool import PoolSettings

_KIB: Final = 1 if sys.platform != "darwin" else 1024  # ru_maxrss: KiB on Linux, bytes on macOS
_PAGE_KIB: Final = resource.getpagesize() // 1024

Handler = Callable[[int, Any], None]


class ChildKit:
    """What every child of a pool inherits."""

    def __init__(self, settings: PoolSettings, far: socket.socket, slots: Slots, slots_each: int) -> None:
        self.settings = settings
        self.far = far  # the reading end of the job socket
        self.slots = slots
        self.slots_each = slots_each


class Quota:
    """When a child has done enough: after so many runs, or grown beyond so much memory."""

    def __init__(self, settings: PoolSettings) -> None:
        self._left = settings.max_tasks_per_child or -1
        self._memory = settings.max_memory_per_child
        self.unlimited = settings.max_tasks_per_child is None and self._memory is None

    def used_up(self) -> bool:
        """Count one run; True if it was the last (or there had been a last before)."""
        if self._left == 0:
            return True
        self._left -= 1
        if self._left == 0:
            return True
        return self._memory is not None and resident_kib() > self._memory


def resident_kib() -> int:
    """The memory this process holds now (where the system tells; else the most it ever held)."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * _PAGE_KIB
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // _KIB


def take_signals(on_group: Handler, on_soft: Handler | None = None) -> None:
    """Answer the signals that may be meant for the whole process group with handlers of our own.

    Ignoring them would be simpler, but what is ignored stays ignored in every program a task starts: it
    could not be terminated. A handler is not inherited by an exec, and forks are seen to below.
    """
    for number in GROUP_SIGNALS:
        handler = on_soft if on_soft is not None and number == signal.SIGUSR1 else on_group
        signal.signal(number, handler)
        signal.siginterrupt(number, False)  # a task's system calls go on as if nothing had happened


def no_part_in_forks(*sockets: socket.socket) -> None:
    """A process that a task forks (multiprocessing) is none of our children: it gets the signals' defaults
    back, and holds none of our sockets open."""
    ours = {number: signal.getsignal(number) for number in GROUP_SIGNALS}

    def in_fork() -> None:
        for number, handler in ours.items():
            if signal.getsignal(number) is handler:  # else the task has set one of its own
                signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        for sock in sockets:
            sock.close()

    os.register_at_fork(after_in_child=in_fork)


def deaf(number: int, frame: Any) -> None:
    """Only the parent decides when a child ends."""
