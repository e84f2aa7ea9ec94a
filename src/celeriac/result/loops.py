"""Loops: what one app holds in one event loop (links, waiters), made at first use and closed when the loop ends."""

import asyncio
import weakref
from collections.abc import AsyncGenerator

from celeriac.core.ports import AsyncLink, Transport

from .async_waiting import AsyncWaiter
from .waiting import Decode


class InLoop:
    """The async links and waiters of one event loop, by transport."""

    def __init__(self) -> None:
        self._links: dict[int, tuple[Transport, AsyncLink]] = {}
        self._waiters: dict[int, AsyncWaiter] = {}
        self._lifetime: AsyncGenerator[None, None] | None = None

    async def link(self, transport: Transport) -> AsyncLink:
        """The link of this transport for the running loop."""
        found = self._links.get(id(transport))
        if found is not None:
            return found[1]
        if self._lifetime is None:
            # asyncio.run ends every unfinished async generator of its loop: that is how we learn of the end.
            self._lifetime = self._until_the_end()
            await anext(self._lifetime)
        link = await transport.alink()
        if id(transport) in self._links:  # somebody else made one meanwhile
            await link.close()
        else:
            self._links[id(transport)] = (transport, link)
        return self._links[id(transport)][1]

    async def waiter(self, transport: Transport, decode: Decode, timeout: float) -> AsyncWaiter:
        """Whoever waits for results of this transport in the running loop."""
        link = await self.link(transport)
        found = self._waiters.get(id(transport))
        if found is None:
            found = self._waiters[id(transport)] = AsyncWaiter(transport, link, decode, timeout)
        return found

    async def close(self) -> None:
        """Close it all; it is made again if it is needed."""
        waiters, self._waiters = self._waiters, {}
        links, self._links = self._links, {}
        for waiter in waiters.values():
            await waiter.close()
        for _, link in links.values():
            await link.close()

    async def _until_the_end(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            await self.close()


class Loops:
    """What is held in each event loop; it dies with its loop."""

    def __init__(self) -> None:
        self._loops: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, InLoop] = weakref.WeakKeyDictionary()

    def here(self) -> InLoop:
        """What is held in the running loop."""
        loop = asyncio.get_running_loop()
        found = self._loops.get(loop)
        if found is None:
            found = self._loops[loop] = InLoop()
        return found

    async def close(self) -> None:
        """Close what is held in the running loop."""
        found = self._loops.pop(asyncio.get_running_loop(), None)
        if found is not None:
            await found.close()
