"""The ears and the bell of the memory transport."""

import asyncio
import threading
from collections.abc import Iterable, Sequence

from celeriac.core.errors import OperationalError
from celeriac.core.message import Queue

from .listeners import Listeners, Mailbox, loop_waker


def take(mailbox: Mailbox) -> tuple[str, bytes] | None:
    """The oldest letter. Raises if some did not fit in, so that the listener re-reads what it waits for."""
    if mailbox.overflowed:
        mailbox.overflowed = False
        raise OperationalError("The ear was told more than it could keep: read again what you wait for.")
    return mailbox.letters.popleft() if mailbox.letters else None


class MemoryEar:
    """A listener in sync code."""

    def __init__(self, listeners: Listeners) -> None:
        self._listeners = listeners
        self._channels: set[str] = set()
        self._event = threading.Event()
        self._mailbox = Mailbox(self._event.set)

    def add(self, channels: Iterable[str], wait: bool = True) -> None:
        new = set(channels)
        self._channels |= new
        self._listeners.add(self._mailbox, new)

    def discard(self, channels: Iterable[str]) -> None:
        gone = set(channels)
        self._channels -= gone
        self._listeners.discard(self._mailbox, gone)

    def next(self, timeout: float | None) -> tuple[str, bytes] | None:
        # cleared before looking: a letter that comes after the look sets the event again
        self._event.clear()
        letter = take(self._mailbox)
        if letter is None and self._event.wait(timeout):
            letter = take(self._mailbox)
        return letter

    def close(self) -> None:
        self.discard(tuple(self._channels))


class MemoryAsyncEar:
    """The same listener in async code."""

    def __init__(self, listeners: Listeners) -> None:
        self._listeners = listeners
        self._channels: set[str] = set()
        self._event = asyncio.Event()
        self._mailbox = Mailbox(loop_waker(self._event))

    async def add(self, channels: Iterable[str]) -> None:
        new = set(channels)
        self._channels |= new
        self._listeners.add(self._mailbox, new)

    async def discard(self, channels: Iterable[str]) -> None:
        gone = set(channels)
        self._channels -= gone
        self._listeners.discard(self._mailbox, gone)

    async def next(self, timeout: float | None) -> tuple[str, bytes] | None:
        self._event.clear()
        letter = take(self._mailbox)
        if letter is None and await set_within(self._event, timeout):
            letter = take(self._mailbox)
        return letter

    async def close(self) -> None:
        await self.discard(tuple(self._channels))


class MemoryBell:
    """Rings when a message comes into one of its queues."""

    def __init__(self, listeners: Listeners, queues: Sequence[Queue]) -> None:
        self._listeners = listeners
        self._event = asyncio.Event()
        self._mailbox = Mailbox(loop_waker(self._event))
        self._names = tuple(queue.name for queue in queues)
        listeners.watch(self._mailbox, self._names)

    async def wait(self, timeout: float) -> bool:
        rang = await set_within(self._event, timeout)
        self._event.clear()
        return rang

    async def close(self) -> None:
        self._listeners.discard(self._mailbox, self._names)


async def set_within(event: asyncio.Event, timeout: float | None) -> bool:
    """True if the event is set in time."""
    try:
        async with asyncio.timeout(timeout):
            return await event.wait()
    except TimeoutError:
        return False
