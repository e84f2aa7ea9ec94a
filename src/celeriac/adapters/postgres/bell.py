"""The bell: a listening connection that hears which queues have been filled; nothing polls."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from .channels import Channels
from .connections import AsyncLine
from .listeners import AsyncListener
from .place import Place
from .request import Statement

# Leases that have run out are swept within seconds.
_COUNT: Final = (Statement("SELECT count(*) FROM leases WHERE name LIKE 'worker/%'"),)
_COUNTED: Final = 30.0  # seconds for which the number is good
_STEP: Final = 0.005  # seconds
_LONGEST: Final = 0.25


def spread(vain: int, workers: int) -> float:
    """The longest pause before a look, after so many that were in vain, among so many workers.

    What one worker leaves, the next of `n` idle ones finds after an n-th of it: so there may be more of it the more
    there are. There is none for a lone worker, nor for one that found something the last time.
    """
    if vain < 1 or workers < 2:
        return 0.0
    return min(_STEP * float(1 << min(vain - 1, 10)), _STEP * (workers - 1), _LONGEST)


class PostgresBell:
    """However often it rang since it was last waited for, that is one ring.

    A message rings for every worker of its queue, and one of them will get it. The others rest before they look, longer
    each time they find nothing, and what rings meanwhile is one ring, too.
    """

    def __init__(
        self,
        connect: Callable[[float], Awaitable[AsyncLine]],
        place: Place,
        timeout: float,
        taken: Callable[[], int],
        rest: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`taken()` is how many messages its worker has claimed so far."""
        self._rang = False
        self._listener = AsyncListener(connect, place, timeout, self._ring)
        self._taken = taken
        self._before = taken()
        self._sleep = rest
        self._told = False  # the last wait ended with a ring
        self._vain = 0  # looks that found nothing, in a row
        self._workers = 1
        self._count_again = 0.0

    def _ring(self, word: str) -> None:
        self._rang = True

    async def start(self, channels: Channels, queues: Iterable[str]) -> None:
        await self._listener.add(map(channels.bell, queues))

    async def wait(self, timeout: float) -> bool:
        clock = asyncio.get_running_loop().time
        deadline = clock() + timeout
        await self._reflect()
        while True:
            await self._listener.wait(0.0 if self._rang else max(deadline - clock(), 0.0))
            if self._rang:
                await self._rest(deadline - clock())
            if self._rang or clock() >= deadline:
                self._told, self._rang = self._rang, False
                return self._told

    async def _reflect(self) -> None:
        """What became of the last ring?"""
        taken = self._taken()
        if taken != self._before:
            self._before, self._vain = taken, 0
        elif self._told:
            self._vain += 1
            now = asyncio.get_running_loop().time()
            if now >= self._count_again:
                self._count_again = now + _COUNTED
                (answer,) = await self._listener.ask(_COUNT)
                self._workers = answer.rows[0][0]

    async def _rest(self, most: float) -> None:
        longest = min(spread(self._vain, self._workers), most)
        if longest > 0.0:
            await self._sleep(random.uniform(0.0, longest))
            self._listener.hear()

    async def close(self) -> None:
        self._listener.close()
