"""The hall: one ear of an event loop, and everybody there who waits for something that is said."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from celeriac.core.errors import OperationalError
from celeriac.core.ports import AsyncEar, AsyncLink

_LISTEN: Final = 5.0  # the deadline of one listening
_STALE: Final = 100  # so many channels that nobody waits for any more are left in one go

Sink = Callable[[str, bytes | None], None]  # (channel, what was said, or None when something may have been missed)


def fail(future: "asyncio.Future[Any]", exc: BaseException) -> None:
    """Whoever waits for the future gets the exception."""
    if future.done():
        return
    if isinstance(exc, Exception):
        future.set_exception(exc)
        future.exception()  # the waiter may have gone: that is no news then
    else:
        future.cancel()


class Hall:
    """Whoever waits for a channel gets what is heard on it, or None when something may have been missed."""

    def __init__(self, link: AsyncLink) -> None:
        self._link = link
        self._waiting: dict[str, list[asyncio.Future[bytes | None]]] = {}
        self._joining: dict[str, asyncio.Future[None]] = {}
        self._sinks: dict[str, list[Sink]] = {}
        self._stale: set[str] = set()
        self._wake = asyncio.Event()
        self._porter: asyncio.Task[None] | None = None

    async def enter(self, *channels: str) -> None:
        """From the return on, nothing said on the channels is missed, until `leave`."""
        for joined in [self._knock(channel) for channel in channels if channel not in self._waiting]:
            await asyncio.shield(joined)

    def _knock(self, channel: str) -> "asyncio.Future[None]":
        joined = self._joining.get(channel)
        if joined is None:
            joined = self._joining[channel] = asyncio.get_running_loop().create_future()
        self._wake.set()
        if self._porter is None or self._porter.done():
            self._porter = asyncio.ensure_future(self._attend())
        return joined

    def word(self, channel: str) -> "asyncio.Future[bytes | None]":
        """The next thing said on the channel."""
        future: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(channel, []).append(future)
        return future

    def follow(self, channel: str, sink: Sink) -> None:
        """Everything said on the channel is told to the sink, until `unfollow`."""
        self._waiting.setdefault(channel, [])
        self._sinks.setdefault(channel, []).append(sink)

    def unfollow(self, channel: str, sink: Sink) -> None:
        """Tell this sink no more."""
        sinks = self._sinks.get(channel)
        if sinks is not None and sink in sinks:
            sinks.remove(sink)
            if not sinks:
                del self._sinks[channel]
        self.leave(channel)

    def leave(self, channel: str) -> None:
        """This waiter waits no longer; channels that nobody needs are left together, some time."""
        futures = self._waiting.get(channel)
        if futures is not None and channel not in self._sinks and all(future.done() for future in futures):
            del self._waiting[channel]
            self._stale.add(channel)

    async def _attend(self) -> None:
        """The only one who touches the ear."""
        try:
            ear = await self._link.listen()
        except OperationalError as trouble:
            self._turn_away(trouble)
            return
        try:
            while True:
                if self._joining:
                    await self._let_in(ear)
                elif len(self._stale) >= _STALE:
                    stale, self._stale = self._stale, set()
                    await ear.discard(stale)
                else:
                    await self._hear(ear)
        except OperationalError as trouble:
            # What was said meanwhile is lost: everyone looks for himself, and enters again.
            self._turn_away(trouble)
        finally:
            self._send_home()
            await ear.close()

    async def _let_in(self, ear: AsyncEar) -> None:
        self._wake.clear()
        joining = dict(self._joining)
        await ear.add(tuple(joining))
        for channel, joined in joining.items():
            self._waiting.setdefault(channel, [])
            self._stale.discard(channel)
            del self._joining[channel]
            if not joined.done():
                joined.set_result(None)

    async def _hear(self, ear: AsyncEar) -> None:
        """One word, or somebody at the door."""
        listening = asyncio.ensure_future(ear.next(_LISTEN))
        knocking = asyncio.ensure_future(self._wake.wait())
        try:
            await asyncio.wait((listening, knocking), return_when=asyncio.FIRST_COMPLETED)
        finally:
            knocking.cancel()
            if not listening.done():
                listening.cancel()
            await asyncio.wait((listening,))
        heard = None if listening.cancelled() else listening.result()
        if heard is not None:
            self._tell(heard[0], heard[1])

    def _tell(self, channel: str, payload: bytes | None) -> None:
        futures = self._waiting.get(channel)
        if futures:
            self._waiting[channel] = []
            for future in futures:
                if not future.done():
                    future.set_result(payload)
        for sink in self._sinks.get(channel, ()):
            sink(channel, payload)

    def _turn_away(self, trouble: OperationalError) -> None:
        joining, self._joining = self._joining, {}
        for joined in joining.values():
            fail(joined, trouble)

    def _send_home(self) -> None:
        waiting, self._waiting = self._waiting, {}
        self._stale = set()
        for futures in waiting.values():
            for future in futures:
                if not future.done():
                    future.set_result(None)
        following, self._sinks = self._sinks, {}
        for channel, sinks in following.items():
            for sink in sinks:
                sink(channel, None)

    async def close(self) -> None:
        """Let the ear go; it comes back with the next waiter."""
        porter, self._porter = self._porter, None
        if porter is not None:
            porter.cancel()
            await asyncio.wait((porter,))
