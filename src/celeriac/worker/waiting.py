"""Tells whoever waits for a revoked task that it will not run, without waiting until its message comes.

Every worker that hears of a revocation could say so, and one of them may be running the task. So the worker that runs
it tells the others at once, over the bus; and they wait a moment before they store REVOKED. Each waits for another
time, so that as a rule one of them stores it and the others find it stored.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any, Final

import msgspec

from celeriac.core import states
from celeriac.core.errors import ContentDisallowed, DecodeError, OperationalError, SecurityError
from celeriac.core.record import Record

from .connection import Connection, ConnectionClosed

logger = logging.getLogger("celeriac.worker")

_PAUSE: Final = 0.5  # seconds at least, twice that at most: longer than a busy worker takes to hear of it
_REMEMBERED: Final = 10.0  # seconds
_AT_ONCE: Final = 500
_OPEN: Final = (states.PENDING, states.RECEIVED, states.RETRY, states.REJECTED)


class Waiting:
    """Of one worker. `connection` is that of the result store."""

    def __init__(self, app: Any, connection: Connection, record: Callable[[str], Record]) -> None:
        self._backend = app.backend
        transport = app.transports.results
        self._results: Any = None if transport is None else transport.results
        self._connection = connection
        self._record = record
        # What runs somewhere and tells its end itself, by when that was heard: it may come before the command itself.
        self._elsewhere: dict[str, float] = {}
        self._pending: set[asyncio.Task[None]] = set()
        self.tell_others: Callable[[bytes], Coroutine[Any, Any, None]] | None = None

    def tell(self, ids: Iterable[str], running: frozenset[str]) -> None:
        """These were revoked; some of them run here."""
        asked = dict.fromkeys(ids)
        here = [id for id in asked if id in running]
        if here and self.tell_others is not None:
            self._start(self.tell_others(msgspec.json.encode(here)))
        rest = [id for id in asked if id not in running]
        if rest and self._results is not None:
            self._start(self._store_soon(rest))

    def hear(self, payload: bytes) -> None:
        """Another worker runs these."""
        now = time.monotonic()
        self._elsewhere = {id: heard for id, heard in self._elsewhere.items() if heard > now - _REMEMBERED}
        try:
            self._elsewhere.update(dict.fromkeys(msgspec.json.decode(payload, type=list[str]), now))
        except msgspec.MsgspecError as exc:
            logger.error("What came as a list of running tasks is none: %s", exc)

    async def close(self) -> None:
        for task in self._pending:
            task.cancel()
        await asyncio.gather(*self._pending, return_exceptions=True)

    def _start(self, telling: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(self._told(telling))
        self._pending.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._pending.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            logger.error("Whoever waits for revoked tasks was not told yet", exc_info=error)

    async def _told(self, telling: Coroutine[Any, Any, None]) -> None:
        try:
            await telling
        except (OperationalError, ConnectionClosed) as exc:
            logger.warning("Whoever waits for revoked tasks was not told yet: %s", exc)

    async def _store_soon(self, ids: Sequence[str]) -> None:
        await asyncio.sleep(_PAUSE * (1 + random.random()))
        for start in range(0, len(ids), _AT_ONCE):
            await self._store([id for id in ids[start : start + _AT_ONCE] if id not in self._elsewhere])

    async def _store(self, ids: Sequence[str]) -> None:
        payloads = await self._connection.run(lambda: self._results.fetch(ids))
        records = [self._record(id) for id, payload in zip(ids, payloads, strict=True) if self._is_open(payload)]
        if records:
            await self._connection.run(lambda: self._results.store(records))

    def _is_open(self, payload: bytes | None) -> bool:
        """Nothing is stored that says how the task ended, or that it runs."""
        if payload is None:
            return True
        try:
            return self._backend.decode_meta(payload)["status"] in _OPEN
        except (DecodeError, ContentDisallowed, SecurityError):
            return False  # whatever it is, it is not ours to replace
