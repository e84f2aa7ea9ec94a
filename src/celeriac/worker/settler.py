"""Ends deliveries at the broker in batches: at once when idle, coalesced while a batch is in flight."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Final, NamedTuple

import msgspec

from celeriac.core.delivery import Settlement
from celeriac.core.errors import Unsent
from celeriac.core.join import Sequel
from celeriac.core.message import Post
from celeriac.core.outcome import Outcome
from celeriac.core.ports import Broker
from celeriac.core.ports.burial import burial_of
from celeriac.core.record import Record
from celeriac.process import crash

from . import tending
from .connection import Connection, ConnectionClosed
from .sequels import Elsewhere, Payer

logger = logging.getLogger("celeriac.worker")
_BATCH: Final = 500
_TOGETHER: Final = 4  # so many batches of results are on their way to a store that is not the broker
_PROBE: Final = "celeriac.probe"  # a task that never was


class Store:
    """Where results and joins are kept; `apart` if that is not where the broker's own step can reach."""

    def __init__(self, connection: Connection, apart: bool) -> None:
        results = connection.transport.results
        assert results is not None
        self.apart = apart
        self.elsewhere = Elsewhere(connection)
        self._connection = connection
        self._results = results

    async def greet(self) -> None:
        """Is it there? Raises OperationalError."""
        await self._connection.attempt(self._results.fetch([_PROBE]))

    async def put(self, records: Sequence[Record]) -> None:
        if records:
            await self._connection.run(lambda: self._results.store(records))


class _Stored(NamedTuple):
    """A batch whose results are stored: what is left for the broker; sequels to close, by place; how many had some."""

    batch: list[Settlement]
    closing: dict[int, list[Sequel]]
    followed: int


async def _ended(tasks: Sequence[asyncio.Task[_Stored]]) -> None:
    """None of them goes on; who gives up for one of them need not hear of the others."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class Settler:
    """Takes settlements at any rate; `busy` tells the claimer to hold back."""

    def __init__(self, connection: Connection, broker: Broker, store: Store | None, payer: Payer) -> None:
        self._connection = connection
        self._broker = broker
        burial = burial_of(broker)
        self._send = broker.publish if burial is None else burial.publish_or_bury
        self._store = store  # None: results are disabled
        self._payer = payer
        self._waiting: deque[Settlement] = deque()
        self._followed = 0  # how many of them have sequels
        self._afterwards: list[Outcome] = []
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._task: asyncio.Task[None] | None = None
        self.on_broken = tending.nobody
        self.owner: Callable[[], str] = lambda: ""
        self.on_fenced: Callable[[Settlement], None] = lambda settlement: None
        self.on_unsent: Callable[[Post, str], None] = lambda post, why: None
        self.settled = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def start(self) -> None:
        self._task = tending.start(self._run(), "settler", lambda: self.on_broken)

    def add(self, settlement: Settlement) -> None:
        self._waiting.append(settlement)
        if settlement.sequels:
            self._followed += 1
        self._wake.set()

    def add_result(self, outcome: Outcome) -> None:
        """The end of a run whose message was acknowledged when it began."""
        if outcome.record is not None or outcome.posts or outcome.sequels:
            self._afterwards.append(outcome)
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
        """One batch, or several; each stays first in line until the broker has answered."""
        store = self._store
        if store is None or not store.apart or self._followed or len(self._waiting) <= _BATCH:
            await self._end(await self._stored(list(islice(self._waiting, _BATCH))))
            return
        # Much is waiting: the next results are on their way while the store confirms the former ones.
        waiting = list(islice(self._waiting, _TOGETHER * _BATCH))
        parts = [waiting[start : start + _BATCH] for start in range(0, len(waiting), _BATCH)]
        storing = [asyncio.ensure_future(self._stored(part)) for part in parts]
        try:
            for one in storing:
                await self._end(await one)
        finally:
            await _ended(storing)

    async def _stored(self, batch: list[Settlement]) -> _Stored:
        """What the broker can't do is done, as far as it comes before the acknowledgement."""
        followed = sum(1 for settlement in batch if settlement.sequels) if self._followed else 0
        if followed:
            batch = await self._payer.paid(batch)
        crash.point("after_report_before_settle")
        closing: dict[int, list[Sequel]] = {}
        if self._store is not None and self._store.apart:
            batch, closing = await self._store_first(batch, self._store)
        return _Stored(batch, closing, followed)

    async def _end(self, stored: _Stored) -> None:
        """The first in line."""
        batch, closing = stored.batch, stored.closing
        owner, broker = self.owner(), self._broker
        try:
            ours = await self._connection.run(lambda: broker.settle(owner, batch))
        except Unsent as trouble:
            ours = trouble.ended
            self._tell(trouble)
        if closing and self._store is not None:
            done = [sequel for number, some in closing.items() if ours[number] for sequel in some]
            await self._store.elsewhere.close(done)
        crash.point("after_settle")
        for settlement, was_ours in zip(batch, ours, strict=True):
            self._waiting.popleft()
            if not was_ours:
                self.on_fenced(settlement)
        self._followed -= stored.followed
        self.settled += len(batch)

    async def _store_first(
        self, batch: list[Settlement], store: Store
    ) -> tuple[list[Settlement], dict[int, list[Sequel]]]:
        """The batch without what the broker can't do; and, by place, the sequels whose joins are to be closed."""
        records: list[Record] = []
        closing: dict[int, list[Sequel]] = {}
        rest = list(batch)
        for number, settlement in enumerate(batch):
            if settlement.record is not None:
                records.append(settlement.record)
                rest[number] = msgspec.structs.replace(settlement, record=None)
            if settlement.sequels:
                rest[number], closing[number], more = await store.elsewhere.merged(rest[number])
                records += more
        if records:
            await store.put(records)
            crash.point("after_result_before_ack")
        return rest, closing

    async def _flush_afterwards(self) -> None:
        """There is no claim left that could fence: results first, then what follows, then joins are closed."""
        outcomes, self._afterwards = self._afterwards, []
        posts = [post for outcome in outcomes for post in outcome.posts]
        records = [outcome.record for outcome in outcomes if outcome.record is not None]
        sequels: list[Sequel] = []
        for outcome in outcomes:
            if outcome.sequels:
                more, found = await self._payer.paid_afterwards(outcome.sequels)
                posts += more
                sequels += found
        if sequels and self._store is not None:
            sequels = await self._store.elsewhere.held(sequels)
        posts += [post for sequel in sequels for post in sequel.posts]
        records += [record for sequel in sequels for record in sequel.records]
        if self._store is not None:
            await self._store.put(records)
        if posts:
            await self._follow(posts)
        if sequels and self._store is not None:
            await self._store.elsewhere.close(sequels)

    async def _follow(self, posts: list[Post]) -> None:
        """Nobody else can send these: a broker that may refuse one for ever knows what to do with it."""
        try:
            await self._connection.run(lambda: self._send(posts))
        except Unsent as trouble:
            self._tell(trouble)

    def _tell(self, trouble: Unsent) -> None:
        for post, why in trouble.posts:
            self.on_unsent(post, why)
