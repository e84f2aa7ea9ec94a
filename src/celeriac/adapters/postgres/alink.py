"""The async link: a few connections of one event loop; operations run concurrently, each under one deadline."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any, Final, TypeVar

from ...core.flow import Flow, adrive
from ...core.message import Queue
from .bell import PostgresBell
from .channels import Channels
from .connections import AsyncLine
from .ears import PostgresAsyncEar
from .failures import AGAIN, FAILURES, STALE, failure
from .link import ROLLBACK
from .place import Place
from .request import Ask, Take, Write, transaction, unknown
from .schema import ensure, session
from .usable import alive, reusable, settled

T = TypeVar("T")
_LIMIT: Final = 4


class PostgresAsyncLink:
    """Belongs to one event loop. Some operations are on the wire at a time, the others wait."""

    def __init__(self, place: Place, connect_timeout: float) -> None:
        self._place = place
        self._connect_timeout = connect_timeout
        self._channels = Channels(place.options.schema)
        self._idle: list[AsyncLine] = []
        self._free = asyncio.Semaphore(_LIMIT)
        self.taken = 0  # messages that were claimed
        self._preferred = 0  # the server that was reached last time

    async def run(self, flow: Flow[T], timeout: float) -> T:
        return await adrive(flow, partial(self._perform, deadline=asyncio.get_running_loop().time() + timeout))

    async def bell(self, queues: Sequence[Queue]) -> PostgresBell:
        bell = PostgresBell(self.connect, self._place, self._connect_timeout, lambda: self.taken)
        await bell.start(self._channels, [queue.name for queue in queues])
        return bell

    async def listen(self) -> PostgresAsyncEar:
        return PostgresAsyncEar(self.connect, self._channels, self._place, self._connect_timeout)

    async def close(self) -> None:
        while self._idle:
            await self._idle.pop().close()

    async def _perform(self, request: object, deadline: float) -> Any:
        """The reply; what the server found in a deadlock is done again."""
        clock = asyncio.get_running_loop().time
        while True:
            try:
                async with asyncio.timeout_at(deadline), self._free:
                    return await self._once(request, deadline)
            except FAILURES as error:
                if isinstance(error, AGAIN) and clock() < deadline:
                    continue
                if isinstance(error, STALE):
                    await self.close()
                raise failure(self._place, error) from error

    async def _once(self, request: object, deadline: float) -> Any:
        line = await self._checkout(deadline)
        line.deadline = deadline
        try:
            reply = await self._asked(line, request)
        except BaseException as error:
            if await self._is_whole(line, error):
                self._idle.append(line)
            else:
                await line.close()
            raise
        self._idle.append(line)
        return reply

    async def _asked(self, line: AsyncLine, request: object) -> Any:
        if isinstance(request, Ask):
            answers = request.reply(await line.exchange(request.batch()))
            if isinstance(request, Take):
                self.taken += answers[-2].count
            return answers
        if isinstance(request, Write):
            return await adrive(transaction(request.step, self._channels), line.exchange)
        return unknown(request)

    @staticmethod
    async def _is_whole(line: AsyncLine, error: BaseException) -> bool:
        """True if the connection can be used again, after a rollback if need be."""
        if not reusable(error):
            return False
        state = settled(line)
        if state is False:
            try:
                await line.exchange(ROLLBACK)
            except FAILURES:
                return False
            state = settled(line)
        return state is True

    async def _checkout(self, deadline: float) -> AsyncLine:
        while self._idle:
            line = self._idle.pop()
            if alive(line):
                return line
            await line.close()  # the server closed it while it was idle
        return await self.connect(deadline)

    async def connect(self, deadline: float) -> AsyncLine:
        """A new connection to the first server that can be reached, starting with the one that was last time."""
        refused: list[BaseException] = []
        count = len(self._place.servers)
        for turn in range(count):
            number = (self._preferred + turn) % count
            try:
                line = await self._open(number, deadline)
            except FAILURES as error:
                refused.append(error)
            else:
                self._preferred = number
                return line
        raise failure(self._place, refused[0]) from refused[0]

    async def _open(self, number: int, deadline: float) -> AsyncLine:
        options = self._place.options
        seconds = min(self._connect_timeout, deadline - asyncio.get_running_loop().time())
        line = await AsyncLine.open(self._place.servers[number], options.client_name, seconds)
        try:
            line.deadline = deadline
            await line.exchange(session(options.schema, options.statement_timeout))
            await adrive(transaction(partial(ensure, options.schema), self._channels), line.exchange)
        except BaseException:
            await line.close()
            raise
        return line
