"""The async link and its bell: the work is done by a writer and a teller thread, the waiting by the event loop."""

import asyncio
from collections.abc import Sequence
from typing import Any, TypeVar

from celeriac.core.flow import Flow, adrive
from celeriac.core.message import Queue

from .connection import data_version
from .ears import QUIET, SQLiteAsyncEar, readable
from .pool import Pool
from .request import Read, Tell
from .session import Session
from .wake import Listener, queue_channel
from .writer import Writer

T = TypeVar("T")
_OPENING = 5.0


class SQLiteAsyncLink:
    """Belongs to one event loop."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._loop = asyncio.get_running_loop()
        self._writer = Writer(pool, self._loop)
        self._teller = Writer(pool, self._loop)  # listeners that do not keep up hold up nothing else

    async def run(self, flow: Flow[T], timeout: float) -> T:
        deadline = self._loop.time() + timeout

        async def perform(request: object) -> Any:
            desk = self._teller if isinstance(request, Tell) else self._writer
            return await desk.ask(request, max(0.0, deadline - self._loop.time()))

        return await adrive(flow, perform)

    async def bell(self, queues: Sequence[Queue]) -> "SQLiteBell":
        await self.run(_touch(), _OPENING)  # the file must be there
        return SQLiteBell(self, Listener(self._pool.place.path), queues)

    async def listen(self) -> SQLiteAsyncEar:
        return SQLiteAsyncEar(self._pool, self.run)

    async def close(self) -> None:
        await self._writer.close()
        await self._teller.close()


class SQLiteBell:
    """Rings by datagram; and every second of silence it asks whether anybody has written at all."""

    def __init__(self, link: SQLiteAsyncLink, listener: Listener, queues: Sequence[Queue]) -> None:
        self._link = link
        self._listener = listener
        self._version = -1
        listener.add(queue_channel(queue.name) for queue in queues)

    async def wait(self, timeout: float) -> bool:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        while not self._rang():
            left = deadline - loop.time()
            if left <= 0.0:
                return False
            if not await readable(self._listener, min(left, QUIET)) and left > QUIET and await self._written():
                return True
        return True

    def _rang(self) -> bool:
        """Empties the socket: however often it rang, that is one ring."""
        rang = False
        while self._listener.receive() is not None:
            rang = True
        return rang

    async def _written(self) -> bool:
        before, self._version = self._version, await self._link.run(_touch(), _OPENING)
        return before not in (-1, self._version)

    async def close(self) -> None:
        self._listener.close()


def _touch() -> Flow[int]:
    def read(session: Session) -> int:
        return data_version(session)

    version: int = yield Read(read)
    return version
