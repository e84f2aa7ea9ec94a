"""Ends deliveries at the broker in batches: at once when idle, coalesced while a batch is in flight."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Final

from celeriac.core.delivery import Delivery, Settlement
from celeriac.core.message import Post
from celeriac.core.ports import Broker
from celeriac.core.record import Record
from celeriac.process import crash

from . import tending
from .connection import Connection, ConnectionClosed

logger = logging.getLogger("celeriac.worker")
_BATCH: Final = 500


class Store:
    """Where results go when they can't be stored in the broker's own step."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        results = connection.transport.results
        assert results is not None
        self._results = results

    async def put(self, records: Sequence[Record]) -> None:
        await self._connection.run(lambda: self._results.store(records))


class Settler:
    """Takes settlements at any rate; `busy` tells the claimer to hold back."""

    def __init__(self, connection: Connection, broker: Broker, store: Store | None) -> None:
        self._connection = connection
        self._broker = broker
        self._store = store  # None: the broker's own step stores the records
        self._waiting: deque[Settlement] = deque()
        self._afterwards: list[tuple[Record | None, tuple[Post, ...]]] = []
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._task: asyncio.Task[None] | None = None
        self.on_broken = tending.nobody
        self.owner: Callable[[], str] = lambda: ""
        self.on_fenced: Callable[[Delivery], None] = lambda delivery: None
        self.settled = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def start(self) -> None:
        self._task = tending.start(self._run(), "settler", lambda: self.on_broken)

    def add(self, settlement: Settlement) -> None:
        self._waiting.append(settlement)
        self._wake.set()

    def add_result(self, record: Record | None, posts: tuple[Post, ...]) -> None:
        """The end of a run whose message was acknowledged when it began."""
        if record is not None or posts:
            self._afterwards.append((record, posts))
            self._wake.set()

    def tags(self) -> set[str]:
        """Claims that are ended here but not yet at the broker."""
        return {settlement.delivery.tag for settlement in self._waiting}

    async def drain(self, deadline: float) -> bool:
        """Until all is settled or the deadline (loop time) has passed; True if all is."""
        try:
            async with asyncio.timeout_at(deadline):
                while self._waiting or self._afterwards or not self._idle.is_set():
                    self._idle.clear()
                    self._wake.set()
                    await self._idle.wait()
        except TimeoutError:
            return False
        return True

    async def close(self) -> None:
        await tending.end(self._task)

    async def _run(self) -> None:
        try:
            while True:
                if not self._waiting and not self._afterwards:
                    self._idle.set()
                    self._wake.clear()
                    await self._wake.wait()
                self._idle.clear()
                if self._waiting:
                    await self._flush()
                if self._afterwards:
                    await self._flush_afterwards()
        except ConnectionClosed:
            self._idle.set()

    async def _flush(self) -> None:
        """One batch; it stays first in line until the broker has answered."""
        waiting = self._waiting
        batch = list(islice(waiting, _BATCH))
        crash.point("after_report_before_settle")
        if self._store is not None:
            batch = await self._store_first(batch, self._store)
        owner, broker = self.owner(), self._broker
        ours = await self._connection.run(lambda: broker.settle(owner, batch))
        crash.point("after_settle")
        for settlement, was_ours in zip(batch, ours, strict=True):
            waiting.popleft()
            if not was_ours:
                self.on_fenced(settlement.delivery)
        self.settled += len(batch)

    async def _store_first(self, batch: list[Settlement], store: Store) -> list[Settlement]:
        records = [settlement.record for settlement in batch if settlement.record is not None]
        if not records:
            return batch
        await store.put(records)
        crash.point("after_result_before_ack")
        return [
            Settlement(s.delivery, s.action, None, s.posts, s.raw, s.due, s.reason) if s.record is not None else s
            for s in batch
        ]

    async def _flush_afterwards(self) -> None:
        items, self._afterwards = self._afterwards, []
        records = [record for record, _ in items if record is not None]
        posts = [post for _, some in items for post in some]
        results = self._store
        if records and results is not None:
            await results.put(records)
        elif records:
            stores = self._connection.transport.results
            assert stores is not None
            await self._connection.run(lambda: stores.store(records))
        if posts:
            await self._connection.run(lambda: self._broker.publish(posts))
