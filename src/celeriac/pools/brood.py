"""The children a parent knows: their sockets, pids, slots and how far each has come."""

import asyncio
import socket
from collections.abc import Iterator

from celeriac.process.slots import Slots

from .pool import Running
from .reports import ReportReader


class Child:
    """One executing process."""

    __slots__ = ("asked_for_at", "guilty", "hung_up", "index", "leaving", "pid", "reader", "sock", "up", "worked")

    def __init__(self, index: int, sock: socket.socket, at: float) -> None:
        self.index = index
        self.sock = sock
        self.asked_for_at = at  # loop time
        self.pid = 0  # 0: not born yet
        self.reader = ReportReader()
        self.up = False
        self.worked = False  # it has ended a run
        self.leaving = False  # it takes no more jobs, or will not when it is done with what it runs
        self.hung_up = False  # nothing more will be heard of it
        # The runs for whose sake it was killed; None: it was not. With one, other runs in it are bystanders.
        self.guilty: set[int] | None = None


class Brood:
    """The living children by index; an index is used again when its child is buried."""

    def __init__(self, memory: Slots, slots_each: int) -> None:
        self._memory = memory
        self._each = slots_each
        self._children: dict[int, Child] = {}
        self.capacity = memory.capacity // slots_each
        self.first_up = asyncio.Event()
        self.empty = asyncio.Event()
        self.empty.set()

    def __len__(self) -> int:
        return len(self._children)

    def __iter__(self) -> Iterator[Child]:
        return iter(list(self._children.values()))

    def get(self, index: int) -> Child | None:
        return self._children.get(index)

    def staying(self) -> list[Child]:
        """Those that will take jobs for as long as they live."""
        return [child for child in self._children.values() if not child.leaving]

    def free_index(self) -> int | None:
        return next((i for i in range(self.capacity) if i not in self._children), None)

    def add(self, child: Child) -> None:
        self._children[child.index] = child
        self.empty.clear()

    def up(self, child: Child) -> None:
        child.up = True
        self.first_up.set()

    def bury(self, child: Child) -> tuple[list[int], list[int]]:
        """Forget the child; returns the runs its slots show (one that was reported may be among them), and
        those it held behind them."""
        slots = self._slots_of(child)
        runs = [run for _, run in self._memory.occupied(slots.start, self._each)]
        held = [run for first, last in map(self._memory.waiting, slots) for run in range(first + 1, last + 1)]
        for slot in slots:
            self._memory.clear(slot)
        del self._children[child.index]
        if not self._children:
            self.empty.set()
        return runs, held

    def running(self) -> list[Running]:
        """What every living child is in at this moment."""
        look, each = self._memory.look, self._each
        found = []
        for child in self._children.values():
            if child.pid:
                for slot, run in self._memory.occupied(child.index * each, each):
                    found.append(Running(run, look(slot)[1], child.pid, slot))
        return found

    def runs(self) -> set[int]:
        """The numbers of all that children are in, or hold behind that."""
        found = {run for _, run in self._memory.occupied(0, self._memory.capacity)}
        for _, after, last in self.holding():
            found.update(range(after + 1, last + 1))
        return found

    def holding(self) -> list[tuple[int, int, int]]:
        """(slot, run, last) of the children that hold a batch: they are in `run`, and up to `last` wait behind it."""
        found = []
        for slot, _ in self._memory.occupied(0, self._memory.capacity):
            run, last = self._memory.waiting(slot)
            if last > run:
                found.append((slot, run, last))
        return found

    def find(self, run: int) -> tuple[Child, int] | None:
        """The child that is in this run, and the slot."""
        for child in self._children.values():
            slot = self._memory.where(child.index * self._each, self._each, run)
            if slot is not None:
                return child, slot
        return None

    def is_idle(self, child: Child) -> bool:
        return not self._memory.occupied(child.index * self._each, self._each)

    def _slots_of(self, child: Child) -> range:
        return range(child.index * self._each, (child.index + 1) * self._each)
