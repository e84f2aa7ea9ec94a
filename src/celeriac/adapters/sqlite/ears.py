"""The ears of the SQLite transport: a Listener each, in two colours, and a look at the table when it is long quiet."""

import asyncio
import os
import select
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from celeriac.core.flow import Flow

from .pool import Pool
from .request import Read
from .session import Session
from .wake import SUPPORTED, Listener, result_channel

Letter = tuple[str, bytes]
# How long to wait before looking for oneself: who is killed between commit and datagram leaves listeners asleep.
QUIET = 1.0 if SUPPORTED else 0.05
_OPENING = 5.0


class Post:
    """What both colours share: the listener of this process, and what it heard and nobody has read yet."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._channels: set[str] = set()
        self._listener: Listener | None = None
        self._process = 0
        self.pending: deque[tuple[str, bytes | int]] = deque()

    @property
    def listener(self) -> Listener:
        """Made at first use, and anew in a forked child."""
        listener = self._listener
        if listener is None or self._process != os.getpid():
            self._pool.give(self._pool.take(_OPENING))  # the file must be there
            listener = self._listener = Listener(self._pool.place.path)
            self._process = os.getpid()
            listener.add(self._channels)
        return listener

    def add(self, channels: Iterable[str]) -> None:
        new = set(channels)
        self._channels |= new
        self.listener.add(new)

    def discard(self, channels: Iterable[str]) -> None:
        gone = set(channels)
        self._channels -= gone
        self.listener.discard(gone)
        self.pending = deque(heard for heard in self.pending if heard[0] not in gone)

    def take(self) -> tuple[str, bytes | int] | None:
        """The next thing heard, without waiting."""
        listener = self.listener
        while not self.pending:
            heard = listener.receive()
            if heard is None:
                return None
            self.pending.extend(heard)
        return self.pending.popleft()

    def close(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None


def parcel(number: int) -> Flow[bytes]:
    """The payload that was too large for a datagram; empty if it was not fetched within a minute."""

    def read(session: Session) -> bytes:
        row = session.execute("SELECT payload FROM parcels WHERE id = ?", (number,)).fetchone()
        return row[0] if row else b""

    payload: bytes = yield Read(read)
    return payload


def stored(ids: list[str]) -> Flow[list[str]]:
    """Which of these records are there."""

    def read(session: Session) -> list[str]:
        return [id for id in ids if session.execute("SELECT 1 FROM results WHERE id = ? LIMIT 1", (id,)).fetchone()]

    found: list[str] = yield Read(read)
    return found


def announce(post: Post, ids: list[str]) -> None:
    post.pending.extend((result_channel(id), b"") for id in ids)


class SQLiteEar:
    """A listener in sync code."""

    def __init__(self, pool: Pool, run: Callable[[Flow[Any], float], Any]) -> None:
        self._post = Post(pool)
        self._run = run

    def add(self, channels: Iterable[str], wait: bool = True) -> None:
        self._post.add(channels)

    def discard(self, channels: Iterable[str]) -> None:
        self._post.discard(channels)

    def next(self, timeout: float | None) -> Letter | None:
        deadline = None if timeout is None else time.monotonic() + timeout
        while (heard := self._post.take()) is None:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0.0:
                return None
            if not _readable(self._post.listener, QUIET if left is None else min(left, QUIET)):
                ids = self._post.listener.results()
                if ids and (left is None or left > QUIET):
                    announce(self._post, self._run(stored(ids), _OPENING))
        channel, payload = heard
        return channel, self._run(parcel(payload), _OPENING) if isinstance(payload, int) else payload

    def close(self) -> None:
        self._post.close()


def _readable(listener: Listener, timeout: float) -> bool:
    if listener.socket is None:
        time.sleep(timeout)  # a platform without UNIX sockets: asking is all there is
        return False
    poll = select.poll()
    poll.register(listener.socket, select.POLLIN)
    return bool(poll.poll(timeout * 1000.0))


class SQLiteAsyncEar:
    """The same listener in async code."""

    def __init__(self, pool: Pool, run: Callable[[Flow[Any], float], Any]) -> None:
        self._post = Post(pool)
        self._run = run

    async def add(self, channels: Iterable[str]) -> None:
        self._post.add(channels)

    async def discard(self, channels: Iterable[str]) -> None:
        self._post.discard(channels)

    async def next(self, timeout: float | None) -> Letter | None:
        loop = asyncio.get_running_loop()
        deadline = None if timeout is None else loop.time() + timeout
        while (heard := self._post.take()) is None:
            left = None if deadline is None else deadline - loop.time()
            if left is not None and left <= 0.0:
                return None
            if not await readable(self._post.listener, QUIET if left is None else min(left, QUIET)):
                ids = self._post.listener.results()
                if ids and (left is None or left > QUIET):
                    announce(self._post, await self._run(stored(ids), _OPENING))
        channel, payload = heard
        return channel, await self._run(parcel(payload), _OPENING) if isinstance(payload, int) else payload

    async def close(self) -> None:
        self._post.close()


async def readable(listener: Listener, timeout: float) -> bool:
    """True once there is a datagram; the kernel keeps the rest, so an ear nobody reads grows no buffer."""
    if listener.socket is None:
        await asyncio.sleep(timeout)
        return False
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[bool] = loop.create_future()
    loop.add_reader(listener.socket, _set, ready)
    timer = loop.call_later(timeout, _set, ready, False)
    try:
        return await ready
    finally:
        timer.cancel()
        loop.remove_reader(listener.socket)


def _set(ready: "asyncio.Future[bool]", value: bool = True) -> None:
    if not ready.done():
        ready.set_result(value)
