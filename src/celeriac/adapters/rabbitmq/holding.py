"""What one owner holds: every unacknowledged message of its channel, in order, and which of them wait for a moment."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Sequence

from . import methods
from .contents import Arrival
from .requests import Taken

_REMEMBERED = 5000


class Holding:
    """State only. Tags are `<owner>.<number>`: the number of the channel's delivery, never used again."""

    def __init__(self, owner: str, channel: int) -> None:
        self.owner = owner
        self._channel = channel
        self._outstanding: dict[int, str] = {}  # everything unacknowledged, taken or not: number -> group
        self.pushed: dict[str, int] = {}
        self._taken: dict[str, Taken] = {}
        self._numbers: dict[str, int] = {}
        self._waiting: list[tuple[float, int, int, Taken]] = []
        self._again = 0
        self._given: dict[int, None] = {}  # hashes of what was given back here

    def __len__(self) -> int:
        return len(self._outstanding)

    def taken(self) -> dict[str, Taken]:
        return self._taken

    def came(self, group: str, arrival: Arrival) -> None:
        """The broker says that it is ours until we end it; a group (if it was pushed) is counted by itself."""
        self._outstanding[arrival.tag] = group
        if group:
            self.pushed[group] = self.pushed.get(group, 0) + 1

    def _gone(self, number: int) -> bool:
        group = self._outstanding.pop(number, None)
        if group is None:
            return False
        if group:
            self.pushed[group] -= 1
            if not self.pushed[group]:
                del self.pushed[group]
        return True

    def take(self, queue: str, arrival: Arrival) -> Taken:
        """It is claimed."""
        tag = f"{self.owner}.{arrival.tag}"
        innocent = bool(self._given) and arrival.redelivered and self._given.pop(hash(arrival.header), 0) is None
        made = self._taken[tag] = Taken(tag, queue, arrival, innocent)
        self._numbers[tag] = arrival.tag
        return made

    def mine(self, tags: Sequence[str]) -> tuple[bool, ...]:
        return tuple(tag in self._taken for tag in tags)

    def end(self, endings: Sequence[tuple[str, bool]]) -> tuple[tuple[bool, ...], list[bytes]]:
        """Which of them were ours, and what to say to the server."""
        ours, acks, nacks = [], set(), []
        for tag, requeue in endings:
            taken = self._taken.pop(tag, None)
            ours.append(taken is not None)
            if taken is None:
                continue
            number = self._numbers.pop(tag)
            if requeue:
                nacks.append(number)
                self._remember(taken.arrival)
            else:
                acks.add(number)
        return tuple(ours), self.give_back(nacks) + self._acks(acks)

    def _acks(self, numbers: set[int]) -> list[bytes]:
        """One word for all that is complete from the oldest on, one for each of the others."""
        outstanding, last = self._outstanding, 0
        done = []
        for number in outstanding:
            if number not in numbers:
                break
            done.append(number)
        for last in done:
            self._gone(last)
        words = [methods.ack(self._channel, last, len(done) > 1)] if done else []
        for number in sorted(numbers.difference(done)):
            if self._gone(number):
                words.append(methods.ack(self._channel, number))
        return words

    def give_back(self, numbers: Sequence[int]) -> list[bytes]:
        """Oldest first: the order in which a quorum queue serves them again."""
        words = []
        for number in sorted(numbers):
            if self._gone(number):
                words.append(methods.nack(self._channel, number))
        return words

    def return_unclaimed(self, arrivals: Sequence[Arrival]) -> list[bytes]:
        for arrival in arrivals:
            self._remember(arrival)
        return self.give_back([arrival.tag for arrival in arrivals])

    def _remember(self, arrival: Arrival) -> None:
        self._given[hash(arrival.header)] = None
        if len(self._given) > _REMEMBERED:
            del self._given[next(iter(self._given))]

    # -- for a moment ---------------------------------------------------------------------------------

    def wait(self, dues: Sequence[tuple[str, float]]) -> None:
        """They stay ours, unacknowledged, but taken no more; `ready` takes them again under a new tag."""
        for tag, due in dues:
            taken = self._taken.pop(tag, None)
            if taken is not None:
                self._again += 1
                heapq.heappush(self._waiting, (due, self._again, self._numbers.pop(tag), taken))

    @property
    def next_due(self) -> float | None:
        return self._waiting[0][0] if self._waiting else None

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def ready(self, now: float, queues: Collection[str], limit: int) -> list[Taken]:
        """Those whose moment has come."""
        found: list[Taken] = []
        kept = []
        while self._waiting and len(found) < limit and self._waiting[0][0] <= now:
            entry = heapq.heappop(self._waiting)
            _, again, number, taken = entry
            if taken.queue not in queues:
                kept.append(entry)
                continue
            tag = f"{self.owner}.{number}.{again}"
            made = self._taken[tag] = Taken(tag, taken.queue, taken.arrival, innocent=True)
            self._numbers[tag] = number
            found.append(made)
        for entry in kept:
            heapq.heappush(self._waiting, entry)
        return found
