"""Waiting for results in async code: one ear and one batched reader for all waiters of an event loop."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final

from celeriac.core.clock import SYSTEM_CLOCK, Clock
from celeriac.core.errors import OperationalError
from celeriac.core.ports import AsyncLink, ResultStore, Transport
from celeriac.core.states import READY_STATES

from .async_many import AsyncMany
from .gathering import CHUNK, Gathering
from .hall import Hall, fail
from .patience import REREAD, Patience, trouble_of
from .source import Meta, Wait
from .waiting import Decode

_BATCH: Final = 500  # ids read in one round trip


class Reader:
    """Reads that are asked for in the same turn of the loop go in one round trip."""

    def __init__(self, link: AsyncLink, store: ResultStore, timeout: float) -> None:
        self._link = link
        self._store = store
        self._timeout = timeout
        self._wanted: dict[str, asyncio.Future[bytes | None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def read(self, task_id: str) -> bytes | None:
        """The payload, or None if nothing is stored."""
        future = self._wanted.get(task_id)
        if future is None:
            loop = asyncio.get_running_loop()
            if not self._wanted:
                loop.call_soon(self._flush)
            future = self._wanted[task_id] = loop.create_future()
        return await asyncio.shield(future)

    def _flush(self) -> None:
        wanted, self._wanted = list(self._wanted.items()), {}
        for start in range(0, len(wanted), _BATCH):
            task = asyncio.ensure_future(self._fetch(wanted[start : start + _BATCH]))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _fetch(self, wanted: list[tuple[str, "asyncio.Future[bytes | None]"]]) -> None:
        try:
            payloads = await self._link.run(self._store.fetch([task_id for task_id, _ in wanted]), self._timeout)
        except BaseException as exc:
            for _, future in wanted:
                fail(future, exc)
            if not isinstance(exc, Exception):
                raise
            return
        for (_, future), payload in zip(wanted, payloads, strict=True):
            if not future.done():
                future.set_result(payload)


class AsyncWaiter:
    """Reads and awaits result documents for one event loop."""

    def __init__(
        self, transport: Transport, link: AsyncLink, decode: Decode, timeout: float, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        assert transport.results is not None
        self._store: ResultStore = transport.results
        self._link = link
        self._decode = decode
        self._timeout = timeout
        self._clock = clock
        self._reader = Reader(link, transport.results, timeout)
        self._hall = Hall(link) if transport.bus is not None else None

    async def read(self, task_id: str) -> Meta | None:
        """The document, or None if nothing is stored."""
        payload = await self._reader.read(task_id)
        return None if payload is None else self._decode(payload)

    async def read_many(self, ids: Sequence[str]) -> list[tuple[str, Meta]]:
        """(id, document) of those of which something is stored, in few round trips."""
        found: list[tuple[str, Meta]] = []
        for start in range(0, len(ids), CHUNK):
            some = ids[start : start + CHUNK]
            payloads = await self._link.run(self._store.fetch(some), self._timeout)
            for id, payload in zip(some, payloads, strict=True):
                if payload is not None:
                    found.append((id, self._decode(payload)))
        return found

    def wait_many(self, ids: Sequence[str], how: Wait) -> AsyncIterator[tuple[str, Meta]]:
        """(id, document) of each task as it becomes ready."""
        listens = self._hall is not None
        gathering = Gathering(ids, self._store.channel, self._decode, how, listens)
        reread = REREAD if listens else how.interval
        patience = Patience(gathering.describe, how, self._clock, self._timeout, reread)
        return AsyncMany(self._link, self._store, self._hall).gather(gathering, patience)

    async def wait(self, task_id: str, how: Wait) -> Meta:
        """The document of the task once it is ready."""
        channel = self._store.channel(task_id)
        patience = Patience(task_id, how, self._clock, self._timeout)
        found = self._ready(await self._patiently(task_id, patience), how)
        try:
            while found is None:
                patience.check()
                found = await self._turn(task_id, channel, patience, how)
        finally:
            if self._hall is not None:
                self._hall.leave(channel)
        return found

    async def _turn(self, task_id: str, channel: str, patience: Patience, how: Wait) -> Meta | None:
        """Listen, look, and wait for a word or for the time to look again."""
        if self._hall is None:
            await asyncio.sleep(min(patience.slice(), how.interval))
            return self._ready(await self._patiently(task_id, patience), how)
        try:
            async with asyncio.timeout(patience.io_timeout):
                await self._hall.enter(channel)
        except (OperationalError, TimeoutError) as exc:
            await asyncio.sleep(patience.pause(trouble_of(exc)))
            return None
        word = self._hall.word(channel)
        found = self._ready(await self._patiently(task_id, patience), how)
        if found is None:
            found = await self._hear(word, patience, how)
        word.cancel()
        return found

    async def _hear(self, word: "asyncio.Future[bytes | None]", patience: Patience, how: Wait) -> Meta | None:
        await asyncio.wait([word], timeout=patience.slice())
        payload = word.result() if word.done() else None
        return self._ready(self._decode(payload), how) if payload else None

    async def _patiently(self, task_id: str, patience: Patience) -> Meta | None:
        try:
            async with asyncio.timeout(patience.io_timeout):
                meta = await self.read(task_id)
        except (OperationalError, TimeoutError) as exc:
            await asyncio.sleep(patience.pause(trouble_of(exc)))
            return None
        patience.looked()
        return meta

    def _ready(self, meta: Meta | None, how: Wait) -> Meta | None:
        if meta is None:
            return None
        if how.on_message is not None:
            how.on_message(meta)
        return meta if meta["status"] in READY_STATES else None

    async def close(self) -> None:
        if self._hall is not None:
            await self._hall.close()
