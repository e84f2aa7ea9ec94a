"""The links of rpc://: requests go over RabbitMQ's own links; listening is listening to the box of this process."""

from __future__ import annotations

import asyncio
import queue
import time
from collections import deque
from collections.abc import Iterable
from typing import TypeVar

from ...core.flow import Flow
from .async_link import RabbitAsyncLink
from .replies import Replies
from .sync_link import SyncLink

T = TypeVar("T")


class BoxEar:
    """One thread's listener. Nothing that is told is lost, whatever becomes of connections."""

    def __init__(self, replies: Replies) -> None:
        self._box = replies.box
        self._reading = replies.reading
        self._channels: set[str] = set()
        self._heard: queue.SimpleQueue[tuple[str, bytes]] = queue.SimpleQueue()

    def _tell(self, channel: str, payload: bytes) -> None:
        self._heard.put((channel, payload))

    def add(self, channels: Iterable[str], wait: bool = True) -> None:
        names = set(channels)
        self._channels |= names
        self._box.listen(names, self._tell)

    def discard(self, channels: Iterable[str]) -> None:
        names = set(channels)
        self._channels -= names
        self._box.leave(names, self._tell)

    def fileno(self) -> int:
        """Of the socket on which results come, if who waits reads it; else -1."""
        return self._reading.fileno()

    def next(self, timeout: float | None) -> tuple[str, bytes] | None:
        end = None if timeout is None else time.monotonic() + timeout
        if timeout == 0.0:
            self._reading.catch_up()
        while True:
            while not self._heard.empty():
                heard = self._heard.get()
                if heard[0] in self._channels:
                    return heard
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0.0:
                return None
            if self._reading.lead(self._some, end):
                continue
            with self._reading.followed():
                try:
                    heard = self._heard.get(timeout=left)
                except queue.Empty:
                    return None
            if heard[0] in self._channels:
                return heard

    def _some(self) -> bool:
        return not self._heard.empty()

    def close(self) -> None:
        self.discard(set(self._channels))


class BoxAsyncEar:
    """One event loop's listener."""

    def __init__(self, replies: Replies) -> None:
        self._box = replies.box
        self._reading = replies.reading
        self._loop = asyncio.get_running_loop()
        self._channels: set[str] = set()
        self._heard: deque[tuple[str, bytes]] = deque()
        self._something = asyncio.Event()

    def _tell(self, channel: str, payload: bytes) -> None:
        """In the reader's thread."""
        self._heard.append((channel, payload))
        try:
            self._loop.call_soon_threadsafe(self._something.set)
        except RuntimeError:  # the loop was closed: nobody listens in it any more
            self._box.leave(set(self._channels), self._tell)

    async def add(self, channels: Iterable[str]) -> None:
        names = set(channels)
        self._channels |= names
        self._box.listen(names, self._tell)

    async def discard(self, channels: Iterable[str]) -> None:
        names = set(channels)
        self._channels -= names
        self._box.leave(names, self._tell)

    async def next(self, timeout: float | None) -> tuple[str, bytes] | None:
        deadline = None if timeout is None else self._loop.time() + timeout
        while True:
            while self._heard:
                heard = self._heard.popleft()
                if heard[0] in self._channels:
                    return heard
            self._something.clear()
            if self._heard:
                continue
            try:
                with self._reading.followed():
                    async with asyncio.timeout_at(deadline):
                        await self._something.wait()
            except TimeoutError:
                return None

    async def close(self) -> None:
        await self.discard(set(self._channels))


class RpcLink:
    """Sync."""

    def __init__(self, link: SyncLink, replies: Replies) -> None:
        self._link = link
        self._replies = replies

    def run(self, flow: Flow[T], timeout: float) -> T:
        return self._link.run(flow, timeout)

    def listen(self) -> BoxEar:
        return BoxEar(self._replies)

    def close(self) -> None:
        self._replies.close()
        self._link.close()


class RpcAsyncLink:
    """Async. The box is the process's: closing this link ends none of its reading."""

    def __init__(self, link: RabbitAsyncLink, replies: Replies) -> None:
        self._link = link
        self._replies = replies

    async def run(self, flow: Flow[T], timeout: float) -> T:
        return await self._link.run(flow, timeout)

    async def bell(self, queues: object) -> None:
        raise NotImplementedError("rpc:// holds results, no queues")

    async def listen(self) -> BoxAsyncEar:
        return BoxAsyncEar(self._replies)

    async def close(self) -> None:
        await self._link.close()
