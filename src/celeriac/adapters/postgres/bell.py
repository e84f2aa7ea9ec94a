"""The bell: a listening connection that hears which queues have been filled; nothing polls."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from .channels import Channels
from .connections import AsyncLine
from .listeners import AsyncListener
from .place import Place


class PostgresBell:
    """However often it rang since it was last waited for, that is one ring."""

    def __init__(self, connect: Callable[[float], Awaitable[AsyncLine]], place: Place, timeout: float) -> None:
        self._rang = False
        self._listener = AsyncListener(connect, place, timeout, self._ring)

    def _ring(self, word: str) -> None:
        self._rang = True

    async def start(self, channels: Channels, queues: Iterable[str]) -> None:
        await self._listener.add(map(channels.bell, queues))

    async def wait(self, timeout: float) -> bool:
        clock = asyncio.get_running_loop().time
        deadline = clock() + timeout
        while True:
            await self._listener.wait(0.0 if self._rang else max(deadline - clock(), 0.0))
            if self._rang or clock() >= deadline:
                rang, self._rang = self._rang, False
                return rang

    async def close(self) -> None:
        self._listener.close()
