"""The agenda: all entries a leader knows, in the order of their next ticks. No I/O, no clock of its own."""

import heapq
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from celeriac.core.ports.plans import Mark, Plan

from .policy import DEFAULT, Policy
from .ticks import Ticks, ticks_of


class Item(msgspec.Struct, eq=False):
    """One entry on the agenda."""

    entry: Any
    plan: Plan  # as it is stored
    ticks: Ticks
    mark: Mark
    place: int = 0  # which of its places in the heap is the true one
    refused: int = 0  # how often in a row it could not be sent
    held: bool = False  # it waits for the run before
    stencil: Any = None  # of its runs, if they have one; False if they have none

    @property
    def name(self) -> str:
        return self.plan.name

    @property
    def policy(self) -> Policy:
        return self.entry.policy or DEFAULT


class Agenda:
    """Only what is due is touched: an idle entry costs nothing."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._items: dict[str, Item] = {}
        self._heap: list[tuple[int, int, Item]] = []
        self._places = itertools.count(1)

    def __iter__(self) -> Iterator[Item]:
        return iter(self._items.values())

    def __len__(self) -> int:
        return len(self._items)

    def get(self, name: str) -> Item | None:
        return self._items.get(name)

    def put(self, entry: Any, plan: Plan, mark: Mark) -> Item:
        """Add or replace an entry. Raises what its schedule raises, with the entry left out."""
        self.drop(plan.name)
        item = Item(entry, plan, ticks_of(entry.schedule, self._now), mark)
        first = None if plan.paused else item.ticks.next(mark.last)
        self._items[plan.name] = item
        self.at(item, first)
        return item

    def drop(self, name: str) -> None:
        item = self._items.pop(name, None)
        if item is not None:
            item.place = 0

    def follow(self, item: Item, mark: Mark) -> None:
        """The entry has come as far as `mark`: it is looked at again at its next tick."""
        item.mark = mark
        self.at(item, item.ticks.next(mark.last))

    def at(self, item: Item, when: int | None) -> None:
        """Look at it at this moment; None is never. One that was dropped meanwhile stays so."""
        if self._items.get(item.name) is not item:
            return
        item.place = next(self._places)
        if when is not None:
            heapq.heappush(self._heap, (when, item.place, item))
        if len(self._heap) > 2 * len(self._items) + 64:
            self._heap = [slot for slot in self._heap if slot[2].place == slot[1]]
            heapq.heapify(self._heap)

    def first(self) -> int | None:
        """When the next entry is to be looked at."""
        heap = self._heap
        while heap and heap[0][2].place != heap[0][1]:
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def due(self, now: int, most: int) -> list[Item]:
        """Take up to `most` of those whose time has come, earliest first; each needs a new time (`follow` or `at`)."""
        found: list[Item] = []
        while len(found) < most:
            when = self.first()
            if when is None or when > now:
                break
            found.append(heapq.heappop(self._heap)[2])
        return found
