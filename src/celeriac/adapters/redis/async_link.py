"""The async link: a few connections of one event loop; operations run concurrently, each under one deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from redis import exceptions

from ...core.errors import OperationalError
from ...core.flow import Flow
from ...core.message import Queue
from . import sentinel
from .bell import PollingBell, TrackingBell
from .connections import AsyncConnection, hang_up
from .doorway import Doorway
from .ears import AsyncioEar
from .failures import FAILURES, failure
from .keys import Keys
from .packing import Commands, pack
from .pipe import Pipe
from .place import Place, Server
from .replies import loads, raise_first, unknown_scripts
from .scripts import CLAIM

T = TypeVar("T")

Perform = Callable[[Commands, float], Awaitable[list[Any]]]
_CLAIM = (CLAIM,)


class RedisAsyncLink:
    """Belongs to one event loop. At most `limit` operations are on the wire at a time, the others wait."""

    def __init__(self, doorway: Doorway, keys: Keys, limit: int) -> None:
        self._doorway = doorway
        self._keys = keys
        self._idle: list[Pipe] = []
        self._free = asyncio.Semaphore(limit)
        self._preferred: int | None = None  # the server that was reached last time
        # The connection that hears which keys changed (0: none), and which connections already report to it.
        self.ringer = 0
        self.refusal: Exception | None = None  # why the server does not let connections report
        self._reporting: dict[Pipe, int] = {}
        # True once a claim has read the queues after the bell's last ring.
        self.watching = False

    async def run(self, flow: Flow[T], timeout: float) -> T:
        return await drive(flow, self.perform, asyncio.get_running_loop().time() + timeout)

    async def bell(self, queues: Sequence[Queue]) -> TrackingBell | PollingBell:
        bell = TrackingBell(self, self._keys, queues)
        if await bell.ring_works():
            return bell
        await bell.close()
        polling = PollingBell(self, self._keys, queues)
        await polling.listen()
        return polling

    async def listen(self) -> AsyncioEar:
        return AsyncioEar(self.connect, self._doorway)

    async def close(self) -> None:
        while self._idle:
            pipe = self._idle.pop()
            self._reporting.pop(pipe, None)
            await pipe.close(wait=True)

    @property
    def place(self) -> Place:
        return self._doorway.place

    def report_to(self, client_id: int) -> None:
        """From now on every connection tells this client when a key it has read changes; 0: no more."""
        self.ringer = client_id
        self.refusal = None

    async def perform(self, commands: Commands, deadline: float, redirects: bool = False) -> list[Any]:
        """The replies. With `redirects`, a cluster's MOVED and ASK are among them instead of being raised."""
        pipe: Pipe | None = None
        try:
            async with asyncio.timeout_at(deadline), self._free:
                try:
                    pipe = await self._checkout(deadline)
                    replies = await self._exchange(pipe, commands)
                    raise_first(replies, redirects)
                except BaseException:
                    # It may be broken, slow, or connected to what is no master any more.
                    if pipe is not None:
                        self._reporting.pop(pipe, None)
                        await pipe.close()
                    raise
                self._idle.append(pipe)
                return replies
        except FAILURES as error:
            raise failure(self._doorway.place, error) from error

    async def _checkout(self, deadline: float) -> Pipe:
        while self._idle:
            pipe = self._idle.pop()
            if not pipe.closed:
                return pipe
            self._reporting.pop(pipe, None)
            await pipe.close()  # the server closed it while it was idle
        return Pipe(await self.connect(deadline))

    async def connect(self, deadline: float) -> AsyncConnection:
        """A new connection to the first server that can be reached, starting with the one that was last time."""
        if self._doorway.place.kind == "sentinel":
            return await self._connect_to_master(deadline)
        servers = self._doorway.place.servers
        errors: list[BaseException] = []
        for number in self._doorway.turns(self._preferred):
            try:
                connection = await self._open(self._doorway, servers[number], deadline)
            except FAILURES as error:
                errors.append(error)
            else:
                self._preferred = number
                return connection
        raise failure(self._doorway.place, errors[0]) from errors[0]

    async def _connect_to_master(self, deadline: float) -> AsyncConnection:
        doorway = self._doorway
        name = sentinel.master_name(doorway.place, doorway.options)
        asked = doorway.to_sentinels()
        errors: list[BaseException] = []
        for server in doorway.place.servers:
            try:
                (reply,) = await self._ask(await self._open(asked, server, deadline), sentinel.question(name))
                connection = await self._open(doorway, sentinel.master(reply, name, doorway.options), deadline)
            except FAILURES as error:
                errors.append(error)
            else:
                return await self._checked(connection, name)
        raise failure(doorway.place, errors[0]) from errors[0]

    async def _checked(self, connection: AsyncConnection, name: str) -> AsyncConnection:
        try:
            async with asyncio.timeout(self._doorway.connect_timeout):
                (role,) = await self._trip(connection, sentinel.ROLE)
            sentinel.check_role(role, name)
        except BaseException as error:
            await hang_up(connection)
            if isinstance(error, FAILURES):
                raise failure(self._doorway.place, error) from error
            raise
        return connection

    async def _ask(self, connection: AsyncConnection, commands: Commands) -> list[Any]:
        """One question on a connection of its own."""
        try:
            async with asyncio.timeout(self._doorway.connect_timeout):
                replies = await self._trip(connection, commands)
            raise_first(replies)
            return replies
        finally:
            await hang_up(connection)

    async def _open(self, doorway: Doorway, server: Server, deadline: float) -> AsyncConnection:
        loop = asyncio.get_running_loop()
        connection = doorway.aio(server)
        try:
            async with asyncio.timeout_at(min(deadline, loop.time() + doorway.connect_timeout)):
                await connection.connect()
        except BaseException:
            await hang_up(connection)
            raise
        return connection

    async def _exchange(self, pipe: Pipe, commands: Commands) -> list[Any]:
        """Send all, then read all; a refused command's reply is its error. Unknown scripts are loaded and run."""
        if self._reporting.get(pipe, 0) != self.ringer:
            await self._report(pipe)
        replies = await pipe.ask(commands)
        if commands[0][1:2] == _CLAIM:
            self.watching = self.ringer != 0
        unknown = unknown_scripts(replies)
        if unknown:
            await pipe.ask(loads(commands, unknown))
            again = await pipe.ask([commands[i] for i in unknown])
            for i, reply in zip(unknown, again, strict=True):
                replies[i] = reply
        return replies

    async def _report(self, pipe: Pipe) -> None:
        """Never fails an operation: a bell that died with its connection, or rings elsewhere, starts again itself."""
        ringer = self.ringer
        refusals = [reply for reply in await pipe.ask(self._tracking(pipe)) if isinstance(reply, Exception)]
        if refusals:
            self.refusal = refusals[0]
            self.ringer = 0
            self._reporting.pop(pipe, None)
        else:
            self._reporting[pipe] = ringer

    def _tracking(self, pipe: Pipe) -> Commands:
        if not self.ringer:
            return (("CLIENT", "TRACKING", "OFF"),)
        on = ("CLIENT", "TRACKING", "ON", "REDIRECT", self.ringer)
        return (("CLIENT", "TRACKING", "OFF"), on) if pipe in self._reporting else (on,)

    @staticmethod
    async def _trip(connection: AsyncConnection, commands: Commands) -> list[Any]:
        await connection.send_packed_command((pack(commands),), check_health=False)
        replies: list[Any] = []
        for _ in commands:
            try:
                replies.append(await connection.read_response(disconnect_on_error=False))
            except exceptions.ResponseError as error:
                replies.append(error)
        return replies


async def drive(flow: Flow[T], perform: Perform, deadline: float) -> T:
    """Runs a flow: performs what it asks for, sends it the replies or throws the error into it."""
    try:
        request = next(flow)
        while True:
            try:
                replies = await perform(request, deadline)
            except OperationalError as error:
                request = flow.throw(error)
            else:
                request = flow.send(replies)
    except StopIteration as stop:
        result: T = stop.value
        return result
