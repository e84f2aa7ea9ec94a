"""Waiting for results in async code: one ear and one batched reader for all waiters of an event loop."""

import asyncio
from typing import Any, Final

from celeriac.core.clock import SYSTEM_CLOCK, Clock
from celeriac.core.errors import OperationalError
from celeriac.core.ports import AsyncEar, AsyncLink, ResultStore, Transport
from celeriac.core.states import READY_STATES

from .patience import Patience
from .source import Meta, Wait
from .waiting import Decode

_LISTEN: Final = 5.0  # the deadline of one listening
_STALE: Final = 100  # so many channels that nobody waits for any more are left in one go
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
                _fail(future, exc)
            if not isinstance(exc, Exception):
                raise
            return
        for (_, future), payload in zip(wanted, payloads, strict=True):
            if not future.done():
                future.set_result(payload)


def _fail(future: "asyncio.Future[Any]", exc: BaseException) -> None:
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
        self._stale: set[str] = set()
        self._wake = asyncio.Event()
        self._porter: asyncio.Task[None] | None = None

    async def enter(self, channel: str) -> None:
        """From the return on, nothing said on the channel is missed, until `leave`."""
        if channel in self._waiting:
            return
        joined = self._joining.get(channel)
        if joined is None:
            joined = self._joining[channel] = asyncio.get_running_loop().create_future()
        self._wake.set()
        if self._porter is None or self._porter.done():
            self._porter = asyncio.ensure_future(self._attend())
        await asyncio.shield(joined)

    def word(self, channel: str) -> "asyncio.Future[bytes | None]":
        """The next thing said on the channel."""
        future: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(channel, []).append(future)
        return future

    def leave(self, channel: str) -> None:
        """This waiter waits no longer; channels that nobody needs are left together, some time."""
        futures = self._waiting.get(channel)
        if futures is not None and all(future.done() for future in futures):
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

    def _turn_away(self, trouble: OperationalError) -> None:
        joining, self._joining = self._joining, {}
        for joined in joining.values():
            _fail(joined, trouble)

    def _send_home(self) -> None:
        waiting, self._waiting = self._waiting, {}
        self._stale = set()
        for futures in waiting.values():
            for future in futures:
                if not future.done():
                    future.set_result(None)

    async def close(self) -> None:
        """Let the ear go; it comes back with the next waiter."""
        porter, self._porter = self._porter, None
        if porter is not None:
            porter.cancel()
            await asyncio.wait((porter,))


class AsyncWaiter:
    """Reads and awaits result documents for one event loop."""

    def __init__(
        self, transport: Transport, link: AsyncLink, decode: Decode, timeout: float, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        assert transport.results is not None
        self._store: ResultStore = transport.results
        self._decode = decode
        self._timeout = timeout
        self._clock = clock
        self._reader = Reader(link, transport.results, timeout)
        self._hall = Hall(link) if transport.bus is not None else None

    async def read(self, task_id: str) -> Meta | None:
        """The document, or None if nothing is stored."""
        payload = await self._reader.read(task_id)
        return None if payload is None else self._decode(payload)

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
            await asyncio.sleep(patience.pause(_trouble(exc)))
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
            await asyncio.sleep(patience.pause(_trouble(exc)))
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


def _trouble(exc: OperationalError | TimeoutError) -> OperationalError:
    if isinstance(exc, OperationalError):
        return exc
    return OperationalError("The result store does not answer: is it overloaded, or the network down?")
