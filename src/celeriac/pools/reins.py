"""How a parent's wish reaches a run in a child: by signal and shared memory, or by message to the child.

A child that runs one job at a time in its main thread can't listen while it runs: it gets signals. One
that runs many has a thread or a loop that listens to its report socket.
"""

import signal
from collections.abc import Callable
from typing import Protocol

from celeriac.process import ending, slots
from celeriac.process.packets import PacketQueue
from celeriac.process.slots import Slots

from . import reports
from .brood import Brood, Child

IsOut = Callable[[Child, int], bool]  # True if that run, in that child, is still not reported


class Reins(Protocol):
    """Each is safe to pull again."""

    def soft(self, child: Child, slot: int, run: int) -> bool:
        """Raise SoftTimeLimitExceeded in that run; False if it can't be told."""
        ...

    def end(self, child: Child, slot: int, run: int, number: int) -> bool:
        """Make that run end the way of this pool; False if it is over, or can't be told."""
        ...

    def retire(self, child: Child) -> None:
        """Let the child leave when it is done with what it runs."""
        ...


def end_process(memory: Slots, child: Child, slot: int, run: int, is_out: IsOut, number: int = signal.SIGKILL) -> bool:
    """End the child, if it is in that run in very truth; True if it was done."""
    if not child.pid:
        return False
    done = ending.end_if(child.pid, number, lambda: memory.look(slot)[0] == run and is_out(child, run))
    if done:
        child.guilty = {run, *(child.guilty or ())}
    return done


class BySignal:
    """For children with one slot, whose main thread runs the tasks."""

    def __init__(self, memory: Slots, packets: PacketQueue, brood: Brood, is_out: IsOut) -> None:
        self._memory = memory
        self._packets = packets
        self._brood = brood
        self._is_out = is_out

    def soft(self, child: Child, slot: int, run: int) -> bool:
        if not child.pid:
            return False
        self._memory.wish(slot, run, slots.SOFT)
        return ending.send(child.pid, signal.SIGUSR1)

    def end(self, child: Child, slot: int, run: int, number: int) -> bool:
        self._memory.wish(slot, run, slots.END)
        return end_process(self._memory, child, slot, run, self._is_out, number)

    def retire(self, child: Child) -> None:
        self._memory.retire(child.index)
        if self._brood.is_idle(child):
            self._packets.put_wake()


class ByMessage:
    """For children with many slots, which listen to their report socket."""

    def soft(self, child: Child, slot: int, run: int) -> bool:
        return _tell(child, reports.ask(reports.SOFT, run))

    def end(self, child: Child, slot: int, run: int, number: int) -> bool:
        _tell(child, reports.ask(reports.END, run, number))
        return True  # should it not hear, its process is ended a little later

    def retire(self, child: Child) -> None:
        _tell(child, reports.ask(reports.RETIRE))


def _tell(child: Child, ask: bytes) -> bool:
    """False if the child does not listen: it hangs, or is gone. An ask is never sent in part."""
    if child.hung_up:
        return False
    try:
        return child.sock.send(ask) == len(ask)
    except (BlockingIOError, ConnectionError):
        return False
