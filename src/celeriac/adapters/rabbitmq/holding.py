"""What one owner holds: every unacknowledged message of its channel, in order, and which of them wait for a moment."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Sequence
from typing import Final

from ...core.errors import DecodeError
from . import methods
from .contents import COUNT, Arrival, read_header
from .requests import Taken

_REMEMBERED: Final = 5000
_WAITED: Final = 1 << 30  # it never went back at all


class Given:
    """What was given back from here without having been run: that is no mark against a message that comes again."""

    def __init__(self) -> None:
        self._headers: list[bytes] = []  # not looked at before something comes again
        self._times: dict[str, int] = {}

    def __bool__(self) -> bool:
        return bool(self._headers or self._times)

    def add(self, arrival: Arrival) -> None:
        self._headers.append(arrival.header)
        if len(self._headers) > _REMEMBERED:
            self._read()

    def times(self, arrival: Arrival) -> int:
        """How often this message was given back. Classic queues do not count, so for them it is told once."""
        self._read()
        id = _id(arrival.header)
        if COUNT.encode() in arrival.header:
            return self._times.get(id, 0)
        return self._times.pop(id, 0)

    def _read(self) -> None:
        for header in self._headers:
            id = _id(header)
            self._times[id] = self._times.get(id, 0) + 1
        self._headers.clear()
        while len(self._times) > _REMEMBERED:
            del self._times[next(iter(self._times))]


def _id(header: bytes) -> str:
    try:
        return str(read_header(header).get("correlation_id"))
    except DecodeError:
        return ""


class Holding:
    """State only. Tags are `<owner>.<number>`: the number of the channel's delivery, never used again."""

    def __init__(self, owner: str, channel: int, given: Given) -> None:
        self.owner = owner
        self._channel = channel
        self._outstanding: dict[int, str] = {}  # everything unacknowledged, taken or not: number -> group
        self.pushed: dict[str, int] = {}
        self._taken: dict[str, Taken] = {}
        self._numbers: dict[str, int] = {}
        self._waiting: list[tuple[float, int, int, Taken]] = []
        self._again = 0
        self._given = given

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
        innocent = self._given.times(arrival) if arrival.redelivered and self._given else 0
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
                self._given.add(taken.arrival)
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
            self._given.add(arrival)
        return self.give_back([arrival.tag for arrival in arrivals])

    def return_all(self, innocent: bool) -> list[bytes]:
        """Everything goes back; `innocent`: nobody died with it in hand."""
        if innocent:
            for taken in self._taken.values():
                self._given.add(taken.arrival)
        self._taken.clear()
        self._waiting.clear()
        return self.give_back(list(self._outstanding))

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
            made = self._taken[tag] = Taken(tag, taken.queue, taken.arrival, innocent=_WAITED)
            self._numbers[tag] = number
            found.append(made)
        for entry in kept:
            heapq.heappush(self._waiting, entry)
        return found
