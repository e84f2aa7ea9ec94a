"""The bell: hears that a queue changed, through the server's client tracking, without polling.

Connections that claim report, for every key they read, its first change to one subscribed connection.
A claim that came back with less than was wanted has read all its lists, so the next message rings.
"""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from redis import exceptions

from ...core.errors import CeleriacWarning, OperationalError
from ...core.flow import Flow
from ...core.message import Queue
from .fanout import Fanout
from .keys import Keys
from .packing import Command
from .subscribed import PATIENCE, Subscribed

if TYPE_CHECKING:
    from .async_link import RedisAsyncLink

_INVALIDATE = "__redis__:invalidate"
_POLL_SECONDS = 0.25


def _probe() -> Flow[None]:
    yield (("PING",),)


def _ask_all(commands: tuple[Command, ...]) -> Flow[list[int]]:
    return (yield commands) if commands else []


class TrackingBell:
    """Rings on the first change of anything the link has read since it rang last."""

    def __init__(self, link: RedisAsyncLink, keys: Keys, queues: Sequence[Queue]) -> None:
        self._link = link
        self._rung = asyncio.Event()
        self._ears = Subscribed(link, self._hear)
        self._ears.on_end = self._rung.set  # the next wait starts again, and claims once to be sure
        self._client_id = 0
        # What must be read for the next change of it to ring.
        self._watched = tuple(
            command
            for queue in queues
            for command in (
                *(("LLEN", key) for key in keys.lines(queue.name)),
                ("ZCARD", keys.delayed(queue.name)),
            )
        )
        self._fanout = Fanout(keys, queues)

    async def wait(self, timeout: float) -> bool:
        if not self._ears.listening or self._link.ringer != self._client_id:
            self._link.watching = False
            await self._start()
            # What came while nobody listened did not ring.
            self._rung.set()
        if not self._rung.is_set() and not self._link.watching:
            await self._watch()
        if not self._rung.is_set():
            try:
                async with asyncio.timeout(timeout):
                    await self._rung.wait()
            except TimeoutError:
                return False
        self._rung.clear()
        self._link.watching = False
        return True

    async def close(self) -> None:
        self._link.report_to(0)
        await self._ears.close()

    async def ring_works(self) -> bool:
        """False where the server refuses client tracking (some managed ones do)."""
        try:
            await self._start()
            await self._link.run(_probe(), PATIENCE)
        except OperationalError as error:
            if not isinstance(error.__cause__, exceptions.ResponseError):
                raise
            self._link.refusal = error
        if self._link.refusal is None:
            return True
        warnings.warn(
            f"Redis at {self._link.place} refuses CLIENT TRACKING ({self._link.refusal}): "
            f"its queues are looked at {1 / _POLL_SECONDS:.0f} times a second instead",
            CeleriacWarning,
            stacklevel=3,
        )
        return False

    async def _start(self) -> None:
        listen = (("CLIENT", "ID"), ("SUBSCRIBE", _INVALIDATE), *self._fanout.subscription)
        replies = await self._ears.open(listen)
        self._client_id = int(replies[0])
        self._link.report_to(self._client_id)

    async def _hear(self, reply: list[Any]) -> None:
        if reply[0] == b"message":
            self._rung.set()
        elif reply[0] == b"pmessage":
            await self._link.run(self._fanout.forward(reply), PATIENCE)

    async def _watch(self) -> None:
        """Does what a claim on this link would have done: reads everything, so that a change rings."""
        lengths = await self._link.run(_ask_all(self._watched), PATIENCE)
        self._link.watching = True
        if any(lengths):
            self._rung.set()


class PollingBell:
    """For servers without client tracking: rings four times a second; fanout messages are heard all the same."""

    def __init__(self, link: RedisAsyncLink, keys: Keys, queues: Sequence[Queue]) -> None:
        self._link = link
        self._fanout = Fanout(keys, queues)
        self._ears = Subscribed(link, self._hear)

    async def wait(self, timeout: float) -> bool:
        await self.listen()
        await asyncio.sleep(min(timeout, _POLL_SECONDS))
        return True

    async def listen(self) -> None:
        """To the fanout exchanges, if there are any."""
        if self._fanout.subscription and not self._ears.listening:
            await self._ears.open(self._fanout.subscription)

    async def close(self) -> None:
        await self._ears.close()

    async def _hear(self, reply: list[Any]) -> None:
        if reply[0] == b"pmessage":
            await self._link.run(self._fanout.forward(reply), PATIENCE)
