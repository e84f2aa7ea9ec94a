"""The bell: hears that a queue changed, through the server's client tracking, without polling.

Connections that claim report, for every key they read, its first change to one subscribed connection.
A claim that came back with less than was wanted has read all its lists, so the next message rings.
"""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from redis import exceptions

from ...core.errors import CeleriacWarning, OperationalError
from ...core.flow import Flow
from ...core.message import Queue
from .connections import AsyncConnection, hang_up
from .failures import FAILURES, failure
from .keys import Keys
from .packing import Command, pack

if TYPE_CHECKING:
    from .async_link import RedisAsyncLink

_INVALIDATE = "__redis__:invalidate"
_POLL_SECONDS = 0.25
_SILENCE = 25.0
_PATIENCE = 5.0


def _probe() -> Flow[None]:
    yield (("PING",),)


def _ask_all(commands: tuple[Command, ...]) -> Flow[list[int]]:
    return (yield commands) if commands else []


def _forward(lists: Mapping[str, Sequence[str]], reply: list[bytes]) -> Flow[None]:
    """A fanout message becomes an ordinary one in this worker's own queues, so that it is claimed and settled."""
    yield tuple(("LPUSH", line, reply[3]) for line in lists[reply[1].decode()])


class TrackingBell:
    """Rings on the first change of anything the link has read since it rang last."""

    def __init__(self, link: RedisAsyncLink, keys: Keys, queues: Sequence[Queue]) -> None:
        self._link = link
        self._rung = asyncio.Event()
        self._connection: AsyncConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._client_id = 0
        # What must be read for the next change of it to ring.
        self._watched = tuple(
            command
            for queue in queues
            for command in (
                *(("LLEN", key) for key in keys.lines(queue.name)),
                ("ZCARD", keys.delayed(queue.name)),
            )
        )
        # Fanout exchanges speak on channels; what is heard is put into the lists of the queues bound to them.
        self._fanout: dict[str, list[str]] = {}
        for queue in queues:
            if queue.exchange.type == "fanout" and queue.exchange.name:
                channel = keys.fanout(queue.exchange.name, queue.routing_key)
                self._fanout.setdefault(channel, []).append(keys.line(queue.name))

    async def wait(self, timeout: float) -> bool:
        if self._reader is None or self._reader.done() or self._link.ringer != self._client_id:
            self._link.watching = False
            await self._start()
            # What came while nobody listened did not ring.
            self._rung.set()
        if not self._rung.is_set() and not self._link.watching:
            await self._watch()
        if not self._rung.is_set():
            try:
                async with asyncio.timeout(timeout):
                    await self._rung.wait()
            except TimeoutError:
                return False
        self._rung.clear()
        self._link.watching = False
        return True

    async def close(self) -> None:
        self._link.report_to(0)
        await self._stop()

    async def _stop(self) -> None:
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.wait([self._reader])
            self._reader = None
        await self._hang_up()

    async def ring_works(self) -> bool:
        """False where the server refuses client tracking (some managed ones do)."""
        try:
            await self._start()
            await self._link.run(_probe(), _PATIENCE)
        except OperationalError as error:
            if not isinstance(error.__cause__, exceptions.ResponseError):
                raise
            self._link.refusal = error
        if self._link.refusal is None:
            return True
        warnings.warn(
            f"Redis at {self._link.place} refuses CLIENT TRACKING ({self._link.refusal}): "
            f"its queues are looked at {1 / _POLL_SECONDS:.0f} times a second instead",
            CeleriacWarning,
            stacklevel=3,
        )
        return False

    async def _start(self) -> None:
        await self._stop()
        loop = asyncio.get_running_loop()
        connection = await self._link.connect(loop.time() + _PATIENCE)
        self._connection = connection
        try:
            async with asyncio.timeout(_PATIENCE):
                client_id = await self._ask(connection, ("CLIENT", "ID"))
                await self._ask(connection, ("SUBSCRIBE", _INVALIDATE))
                if self._fanout:
                    await self._ask(connection, ("PSUBSCRIBE", *self._fanout))
        except FAILURES as error:
            await self._hang_up()
            raise failure(self._link.place, error) from error
        self._client_id = client_id
        self._link.report_to(client_id)
        self._reader = loop.create_task(self._listen(connection))

    @staticmethod
    async def _ask(connection: AsyncConnection, command: Command) -> int:
        await connection.send_packed_command((pack((command,)),), check_health=False)
        answer: int = await connection.read_response()
        return answer

    async def _listen(self, connection: AsyncConnection) -> None:
        """Ends when the connection does; the next wait starts again, and claims once to be sure."""
        try:
            while await self._hear(connection, _SILENCE):
                pass
        except (*FAILURES, OperationalError):
            pass  # the next wait connects again and reports what is wrong
        finally:
            self._rung.set()

    async def _hear(self, connection: AsyncConnection, silence: float) -> bool:
        """False when the server is not there any more."""
        try:
            async with asyncio.timeout(silence):
                reply = await connection.read_response(disconnect_on_error=False)
        except TimeoutError:
            await connection.send_packed_command((pack((("PING",),)),), check_health=False)
            async with asyncio.timeout(_PATIENCE):
                reply = await connection.read_response(disconnect_on_error=False)
        if reply[0] == b"message":
            self._rung.set()
        elif reply[0] == b"pmessage":
            await self._link.run(_forward(self._fanout, reply), _PATIENCE)
        return True

    async def _watch(self) -> None:
        """Does what a claim on this link would have done: reads everything, so that a change rings."""
        lengths = await self._link.run(_ask_all(self._watched), _PATIENCE)
        self._link.watching = True
        if any(lengths):
            self._rung.set()

    async def _hang_up(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await hang_up(connection, wait=True)


class PollingBell:
    """For servers without client tracking: rings four times a second."""

    async def wait(self, timeout: float) -> bool:
        await asyncio.sleep(min(timeout, _POLL_SECONDS))
        return True

    async def close(self) -> None:
        return None
