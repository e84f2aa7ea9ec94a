"""A connection that only listens: what it is told goes to whoever opened it, until it breaks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from ...core.errors import OperationalError
from .connections import AsyncConnection, hang_up
from .failures import FAILURES, failure
from .packing import Command, pack

if TYPE_CHECKING:
    from .async_link import RedisAsyncLink

PATIENCE = 5.0
_SILENCE = 25.0


class Subscribed:
    """Opened again and again by its owner, who looks after each time for what came while nobody listened."""

    def __init__(self, link: RedisAsyncLink, hear: Callable[[list[Any]], Awaitable[None]]) -> None:
        self._link = link
        self._hear = hear
        self._connection: AsyncConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self.on_end: Callable[[], None] = lambda: None

    @property
    def listening(self) -> bool:
        return self._reader is not None and not self._reader.done()

    async def open(self, commands: tuple[Command, ...]) -> list[Any]:
        """Connect, say these commands, then listen; their replies."""
        await self.close()
        loop = asyncio.get_running_loop()
        connection = self._connection = await self._link.connect(loop.time() + PATIENCE)
        try:
            async with asyncio.timeout(PATIENCE):
                replies = [await _ask(connection, command) for command in commands]
        except FAILURES as error:
            await self._hang_up()
            raise failure(self._link.place, error) from error
        self._reader = loop.create_task(self._listen(connection))
        return replies

    async def close(self) -> None:
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.wait([self._reader])
            self._reader = None
        await self._hang_up()

    async def _listen(self, connection: AsyncConnection) -> None:
        try:
            while True:
                await self._hear(await _next(connection))
        except (*FAILURES, OperationalError):
            pass  # whoever opens it again reports what is wrong
        finally:
            self.on_end()

    async def _hang_up(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await hang_up(connection, wait=True)


async def _ask(connection: AsyncConnection, command: Command) -> Any:
    await connection.send_packed_command((pack((command,)),), check_health=False)
    return await connection.read_response()


async def _next(connection: AsyncConnection) -> list[Any]:
    """The next reply. After long silence asks the server whether it is there; raises if it is not any more."""
    try:
        async with asyncio.timeout(_SILENCE):
            reply: list[Any] = await connection.read_response(disconnect_on_error=False)
    except TimeoutError:
        await connection.send_packed_command((pack((("PING",),)),), check_health=False)
        async with asyncio.timeout(PATIENCE):
            reply = await connection.read_response(disconnect_on_error=False)
    return reply
