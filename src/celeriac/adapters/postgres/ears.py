"""The ears of the bus in both colours: one listening connection each; what others are told is sorted out here."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final

from .channels import Channels, heard
from .connections import AsyncLine, SyncLine
from .listeners import AsyncListener, Listener
from .place import Place
from .request import Answer, Statement

Letter = tuple[str, bytes]
_FOREVER: Final = float("inf")


class Inbox:
    """What was heard on the channels that are wanted, and nobody has read yet."""

    def __init__(self) -> None:
        self.wanted: set[str] = set()
        self._heard: deque[tuple[str, bytes | int]] = deque()

    def __bool__(self) -> bool:
        return bool(self._heard)

    def hear(self, word: str) -> None:
        self._heard.extend(letter for letter in heard(word) if letter[0] in self.wanted)

    def discard(self, channels: Iterable[str]) -> None:
        self.wanted.difference_update(channels)
        self._heard = deque(letter for letter in self._heard if letter[0] in self.wanted)

    def first(self) -> tuple[str, bytes | int]:
        return self._heard[0]

    def drop(self) -> None:
        self._heard.popleft()


def _fetch(parcel: int) -> tuple[Statement, ...]:
    return (Statement("SELECT payload FROM parcels WHERE id = %s", (parcel,)),)


def _payload(answers: Sequence[Answer]) -> bytes:
    """Empty if it was not fetched within a minute."""
    rows = answers[0].rows
    return bytes(rows[0][0]) if rows else b""


class PostgresEar:
    """For one thread."""

    def __init__(self, connect: Callable[[float], SyncLine], channels: Channels, place: Place, timeout: float) -> None:
        self._channels = channels
        self._inbox = Inbox()
        self._listener = Listener(connect, place, timeout, self._inbox.hear)

    def add(self, channels: Iterable[str], wait: bool = True) -> None:
        names = list(channels)
        self._inbox.wanted.update(names)
        self._listener.add(map(self._channels.bus, names))

    def discard(self, channels: Iterable[str]) -> None:
        self._inbox.discard(list(channels))

    def next(self, timeout: float | None) -> Letter | None:
        deadline = _FOREVER if timeout is None else time.monotonic() + timeout
        looked = False
        while not self._inbox:
            left = deadline - time.monotonic()
            if left <= 0.0 and looked:
                return None
            self._listener.wait(max(left, 0.0))
            looked = True
        channel, payload = self._inbox.first()
        if isinstance(payload, int):
            payload = _payload(self._listener.ask(_fetch(payload)))
        self._inbox.drop()
        return channel, payload

    def close(self) -> None:
        self._listener.close()


class PostgresAsyncEar:
    """For one coroutine at a time."""

    def __init__(
        self, connect: Callable[[float], Awaitable[AsyncLine]], channels: Channels, place: Place, timeout: float
    ) -> None:
        self._channels = channels
        self._inbox = Inbox()
        self._listener = AsyncListener(connect, place, timeout, self._inbox.hear)

    async def add(self, channels: Iterable[str]) -> None:
        names = list(channels)
        self._inbox.wanted.update(names)
        await self._listener.add(map(self._channels.bus, names))

    async def discard(self, channels: Iterable[str]) -> None:
        self._inbox.discard(list(channels))

    async def next(self, timeout: float | None) -> Letter | None:
        clock = asyncio.get_running_loop().time
        deadline = _FOREVER if timeout is None else clock() + timeout
        looked = False
        while not self._inbox:
            left = deadline - clock()
            if left <= 0.0 and looked:
                return None
            await self._listener.wait(max(left, 0.0))
            looked = True
        channel, payload = self._inbox.first()
        if isinstance(payload, int):
            payload = _payload(await self._listener.ask(_fetch(payload)))
        self._inbox.drop()
        return channel, payload

    async def close(self) -> None:
        self._listener.close()
