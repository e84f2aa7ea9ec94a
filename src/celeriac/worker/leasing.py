"""Keeps this worker's lease alive, and starts a new incarnation when it was lost."""

import asyncio
import logging
import random
from collections.abc import Callable

from celeriac.core import ids
from celeriac.core.errors import OperationalError
from celeriac.core.ports import Lease

from . import tending
from .connection import Connection, ConnectionClosed

logger = logging.getLogger("celeriac.worker")


class LeaseKeeper:
    """Owns the incarnation: the id under which this start of this worker claims messages."""

    def __init__(self, connection: Connection, lease: Lease, ttl: float, renew_every: float) -> None:
        self._connection = connection
        self._lease = lease
        self._ttl = ttl
        self._every = renew_every
        self._task: asyncio.Task[None] | None = None
        self._lock = asyncio.Lock()
        self.incarnation = ids.incarnation()
        self.on_broken = tending.nobody
        self.on_replaced: Callable[[], None] = lambda: None  # what was claimed is no longer ours

    @property
    def name(self) -> str:
        return f"worker/{self.incarnation}"

    async def greet(self) -> None:
        """The server is reached: hold the lease again, under a new name if the old one was swept."""
        if await self._connection.attempt(self._lease.renew(self.name, self.incarnation, self._ttl)):
            return
        await self._begin()

    async def _begin(self) -> None:
        self._renounce()
        await self._connection.attempt(self._lease.acquire(self.name, self.incarnation, self._ttl))

    def _renounce(self) -> None:
        """A new name: nothing claimed under the old one can be settled any more."""
        self.incarnation = ids.incarnation()
        self.on_replaced()

    def start(self) -> None:
        self._task = tending.start(self._run(), "lease keeper", lambda: self.on_broken)

    async def replace(self, lost: str) -> None:
        """The broker no longer knows `lost`: go on under a new incarnation (once, whoever notices first)."""
        async with self._lock:
            if self.incarnation != lost:
                return
            logger.warning(
                "The lease of this worker ran out (it was stopped or cut off for over %.0f s): its unfinished "
                "tasks may have been given to other workers; their results from here will not be stored.",
                self._ttl,
            )
            self._renounce()
            await self._connection.run(lambda: self._lease.acquire(self.name, self.incarnation, self._ttl))

    async def _run(self) -> None:
        try:
            while True:
                await asyncio.sleep(self._every * (0.9 + 0.2 * random.random()))
                incarnation, name = self.incarnation, self.name
                kept = await self._connection.run(
                    lambda name=name, holder=incarnation: self._lease.renew(name, holder, self._ttl)  # type: ignore[misc]
                )
                if not kept:
                    await self.replace(incarnation)
        except ConnectionClosed:
            return

    async def close(self) -> None:
        """Give the lease up, so that nothing waits for it to run out."""
        await tending.end(self._task)
        try:
            await self._connection.attempt(self._lease.release(self.name, self.incarnation), timeout=2.0)
        except (OperationalError, ConnectionClosed) as exc:
            logger.info("The lease was not given up (%s): it runs out in %.0f s", exc, self._ttl)
