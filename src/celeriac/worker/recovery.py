"""Brings back what dead workers had claimed, and keeps long claims of this one from looking dead."""

import asyncio
import logging
import random
import time
from typing import Final

from celeriac.core.ports import Broker
from celeriac.process import crash
from celeriac.wire import envelope

from . import tending
from .connection import Connection, ConnectionClosed
from .hands import Hands

logger = logging.getLogger("celeriac.worker")
_PROBE: Final = "celeriac.probe"  # a queue that is not there
_PROMPT: Final = 0.5  # seconds: a server that needs longer for a small question is in trouble


def _mark(raw: bytes) -> bytes:
    """In the middle of a recovery, when owners are set apart and their messages not yet back."""
    crash.point("during_recovery")
    return envelope.redelivered(raw)


class Recoverer:
    """Every worker sweeps now and then; any number of them may at the same time."""

    def __init__(self, connection: Connection, broker: Broker, every: float, grace: float) -> None:
        self._connection = connection
        self._broker = broker
        self._every = every
        self._grace = grace
        self._not_before = 0.0
        self._task: asyncio.Task[None] | None = None
        self.on_broken = tending.nobody
        self.recovered = 0

    async def greet(self) -> None:
        """After an outage every lease may look run out: let the others renew theirs first. A mere blip is
        none: if it were, a connection that is cut again and again would keep us from ever recovering anything.
        """
        since = self._connection.away_since
        if since is None or time.monotonic() - since > self._grace / 4:
            self._wait_for_others()

    def _wait_for_others(self) -> None:
        self._not_before = asyncio.get_running_loop().time() + self._grace

    def start(self) -> None:
        if getattr(self._broker, "recovers_itself", False):
            return  # claims there end with the connection that holds them
        self._task = tending.start(self._run(), "recoverer", lambda: self.on_broken)

    async def close(self) -> None:
        await tending.end(self._task)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while True:
                pause = self._every * (0.8 + 0.4 * random.random())
                await asyncio.sleep(max(pause, self._not_before - loop.time()))
                if loop.time() >= self._not_before and await self._is_awake():
                    await self.sweep()
        except ConnectionClosed:
            return

    async def _is_awake(self) -> bool:
        """A server that has just stood still shows leases as run out whose renewals wait in its sockets."""
        asked = time.monotonic()
        await self._connection.run(lambda: self._broker.count((_PROBE,)))
        if time.monotonic() - asked < _PROMPT:
            return True
        self._wait_for_others()
        return False

    async def sweep(self) -> int:
        """Once, now."""
        found = await self._connection.run(lambda: self._broker.recover(_mark))
        if found:
            self.recovered += found
            logger.warning("Recovered %s unfinished task(s) of workers that are gone", found)
        return found


class Toucher:
    """Other systems on the same broker judge a claim by its age: keep long ones young."""

    def __init__(self, connection: Connection, broker: Broker, hands: Hands) -> None:
        self._connection = connection
        self._touch = getattr(broker, "touch", None)
        self._every: float = getattr(broker, "touch_every", 0.0)
        self._hands = hands
        self._task: asyncio.Task[None] | None = None
        self.on_broken = tending.nobody

    def start(self, owner: str) -> None:
        if self._touch is not None:
            self._task = tending.start(self._run(owner), "toucher", lambda: self.on_broken)

    async def close(self) -> None:
        await tending.end(self._task)

    async def _run(self, owner: str) -> None:
        touch = self._touch
        assert touch is not None
        try:
            while True:
                await asyncio.sleep(self._every)
                tags = list(self._hands.tags())
                if tags:
                    await self._connection.run(lambda tags=tags: touch(owner, tags))  # type: ignore[misc]
        except ConnectionClosed:
            return
