"""The async link to a cluster: one link for each node; every command goes to the node that serves its key."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, TypeVar

from ...core.errors import OperationalError
from ...core.flow import Flow
from ...core.message import Queue
from ...core.ports import Bell
from .async_link import RedisAsyncLink, drive
from .connections import AsyncConnection
from .doorway import Doorway
from .ears import AsyncioEar
from .keys import Keys
from .packing import Commands
from .place import Server
from .slots import QUESTION, REDIRECTS, Round, SlotMap, restless

T = TypeVar("T")
_PATIENCE = 5.0


class RedisAsyncClusterLink:
    """Belongs to one event loop."""

    def __init__(self, doorway: Doorway, keys: Keys, limit: int, home: int) -> None:
        self._doorway = doorway
        self._keys = keys
        self._limit = limit
        self._home = home
        self._nodes: dict[Server, RedisAsyncLink] = {}
        self._slots: SlotMap | None = None

    async def run(self, flow: Flow[T], timeout: float) -> T:
        return await drive(flow, self.perform, asyncio.get_running_loop().time() + timeout)

    async def bell(self, queues: Sequence[Queue]) -> ClusterBell:
        return ClusterBell(self, queues)

    async def listen(self) -> AsyncioEar:
        return AsyncioEar(self._connect_home, self._doorway)

    async def close(self) -> None:
        for node in self._nodes.values():
            await node.close()

    async def perform(self, commands: Commands, deadline: float) -> list[Any]:
        work = Round(commands, self._home)
        for _ in range(REDIRECTS):
            slots = self._slots or await self._load(deadline)
            for server, numbers, some in work.groups(slots):
                try:
                    work.take(numbers, await self._node(server).perform(some, deadline, redirects=True))
                except OperationalError:
                    self._slots = None  # a node may be gone: ask again who serves what
                    raise
            if not work.again():
                return work.replies
            if work.moved:
                self._slots = None
        raise restless(self._doorway.place)

    async def home(self) -> RedisAsyncLink:
        """The link to the node that holds the queues."""
        slots = self._slots or await self._load(asyncio.get_running_loop().time() + _PATIENCE)
        return self._node(slots.server(self._home))

    async def _load(self, deadline: float) -> SlotMap:
        """Asks nodes one after the other until one answers."""
        errors: list[OperationalError] = []
        for server in dict.fromkeys((*self._doorway.place.servers, *self._nodes)):
            try:
                (reply,) = await self._node(server).perform(QUESTION, deadline)
                self._slots = SlotMap(reply, server)
            except OperationalError as error:
                errors.append(error)
            else:
                return self._slots
        raise errors[0]

    def _node(self, server: Server) -> RedisAsyncLink:
        node = self._nodes.get(server)
        if node is None:
            node = self._nodes[server] = RedisAsyncLink(self._doorway.to((server,)), self._keys, self._limit)
        return node

    async def _connect_home(self, deadline: float) -> AsyncConnection:
        try:
            return await (await self.home()).connect(deadline)
        except OperationalError:
            self._slots = None
            raise


class ClusterBell:
    """The bell of the node that holds the queues; after a failover, that of the node which took over."""

    def __init__(self, link: RedisAsyncClusterLink, queues: Sequence[Queue]) -> None:
        self._link = link
        self._queues = queues
        self._node: RedisAsyncLink | None = None
        self._bell: Bell | None = None

    async def wait(self, timeout: float) -> bool:
        node = await self._link.home()
        if self._bell is None or node is not self._node:
            await self.close()
            self._node, self._bell = node, await node.bell(self._queues)
        try:
            return await self._bell.wait(timeout)
        except OperationalError:
            await self.close()
            raise

    async def close(self) -> None:
        if self._bell is not None:
            bell, self._bell = self._bell, None
            await bell.close()
