"""The ears of the bus in both colours: one subscribed connection each, confirmed, renewed after it broke."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable

from redis import exceptions

from .connections import AsyncConnection, SyncConnection, hang_up
from .doorway import Doorway
from .failures import FAILURES, failure
from .hearing import Hearing
from .line import Line
from .packing import Command, pack

_FOREVER = float("inf")
# How long an unanswered PING means that the connection is dead though nobody closed it.
_PONG_WITHIN = 5.0


class SyncEar:
    """One thread's listener."""

    together = 16  # channels in one wish cost little more than one

    def __init__(self, connect: Callable[[float], SyncConnection], doorway: Doorway) -> None:
        self._connect = connect
        self._doorway = doorway
        self._hearing = Hearing()
        self._line: Line | None = None

    def add(self, channels: Iterable[str], wait: bool = True) -> None:
        line = self._connected()
        self._tell(line, *self._hearing.wish(channels, True))
        if wait:
            self._confirm(line)

    def discard(self, channels: Iterable[str]) -> None:
        line = self._connected()
        self._tell(line, *self._hearing.wish(channels, False))
        self._confirm(line)

    def next(self, timeout: float | None) -> tuple[str, bytes] | None:
        if self._hearing.heard:
            return self._hearing.heard.popleft()
        deadline = _FOREVER if timeout is None else time.monotonic() + timeout
        line = self._connected()
        while not self._hearing.heard:
            remaining = deadline - time.monotonic()
            if not self._listen_for(line, min(max(remaining, 0.0), self._patience())) and remaining <= 0:
                return None
        return self._hearing.heard.popleft()

    def fileno(self) -> int:
        """Of its socket, if that alone tells whether anything has come."""
        return -1 if self._line is None else self._line.fileno()

    def close(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None

    def _patience(self) -> float:
        return self._doorway.options.health_check_interval or _FOREVER

    def _listen_for(self, line: Line, seconds: float) -> bool:
        """False if it stayed quiet. After long silence asks the server whether it is there."""
        if self._read(line, seconds):
            return True
        if seconds >= self._patience():
            self._tell(line, ("PING",))
            if not self._read(line, _PONG_WITHIN):
                raise self._broken(exceptions.TimeoutError("no answer to PING"))
        return False

    def _connected(self) -> Line:
        if self._line is None:
            line = self._line = Line(self._connect(time.monotonic() + self._doorway.connect_timeout))
            self._tell(line, *self._hearing.again())
            self._confirm(line)
        return self._line

    def _confirm(self, line: Line) -> None:
        deadline = time.monotonic() + self._doorway.connect_timeout
        while self._hearing.unconfirmed > 0:
            if not self._read(line, deadline - time.monotonic()):
                raise self._broken(exceptions.TimeoutError("the subscription was not confirmed"))

    def _tell(self, line: Line, *commands: Command) -> None:
        try:
            for command in commands:
                line.tell(command, self._doorway.connect_timeout)
        except FAILURES as error:
            raise self._broken(error) from error

    def _read(self, line: Line, seconds: float) -> bool:
        try:
            if seconds <= 0.0 and line.quiet():
                return False  # a socket's timeout would be a millisecond at least
            replies = line.hear(None if seconds == _FOREVER else max(seconds, 0.0001))
            for reply in replies:
                if isinstance(reply, Exception):
                    raise reply
                self._hearing.hear(reply)
        except FAILURES as error:
            raise self._broken(error) from error
        return bool(replies)

    def _broken(self, error: BaseException) -> Exception:
        self.close()
        return failure(self._doorway.place, error)


class AsyncioEar:
    """One event loop's listener."""

    def __init__(self, connect: Callable[[float], Awaitable[AsyncConnection]], doorway: Doorway) -> None:
        self._connect = connect
        self._doorway = doorway
        self._hearing = Hearing()
        self._connection: AsyncConnection | None = None

    async def add(self, channels: Iterable[str]) -> None:
        await self._change(channels, True)

    async def discard(self, channels: Iterable[str]) -> None:
        await self._change(channels, False)

    async def next(self, timeout: float | None) -> tuple[str, bytes] | None:
        if self._hearing.heard:
            return self._hearing.heard.popleft()
        clock = asyncio.get_running_loop().time
        deadline = _FOREVER if timeout is None else clock() + timeout
        connection = await self._connected()
        while not self._hearing.heard:
            remaining = deadline - clock()
            if not await self._listen_for(connection, min(max(remaining, 0.0), self._patience())) and remaining <= 0:
                return None
        return self._hearing.heard.popleft()

    async def close(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await hang_up(connection, wait=True)

    def _patience(self) -> float:
        return self._doorway.options.health_check_interval or _FOREVER

    async def _listen_for(self, connection: AsyncConnection, seconds: float) -> bool:
        """False if it stayed quiet. After long silence asks the server whether it is there."""
        if await self._read(connection, seconds):
            return True
        if seconds >= self._patience():
            await self._send(connection, ("PING",))
            if not await self._read(connection, _PONG_WITHIN):
                raise await self._broken(exceptions.TimeoutError("no answer to PING"))
        return False

    async def _change(self, channels: Iterable[str], listen: bool) -> None:
        connection = await self._connected()
        await self._send(connection, *self._hearing.wish(channels, listen))
        await self._confirm(connection)

    async def _connected(self) -> AsyncConnection:
        if self._connection is None:
            loop = asyncio.get_running_loop()
            connection = await self._connect(loop.time() + self._doorway.connect_timeout)
            self._connection = connection
            await self._send(connection, *self._hearing.again())
            await self._confirm(connection)
        return self._connection

    async def _confirm(self, connection: AsyncConnection) -> None:
        clock = asyncio.get_running_loop().time
        deadline = clock() + self._doorway.connect_timeout
        while self._hearing.unconfirmed > 0:
            if not await self._read(connection, deadline - clock()):
                raise await self._broken(exceptions.TimeoutError("the subscription was not confirmed"))

    async def _send(self, connection: AsyncConnection, *commands: Command) -> None:
        if not commands:
            return
        try:
            async with asyncio.timeout(self._doorway.connect_timeout):
                await connection.send_packed_command((pack(commands),), check_health=False)
        except FAILURES as error:
            raise await self._broken(error) from error

    async def _read(self, connection: AsyncConnection, seconds: float) -> bool:
        # Cancelling a read is safe here: bytes that came stay in the stream's or the parser's buffer.
        try:
            async with asyncio.timeout(None if seconds == _FOREVER else seconds):
                self._hearing.hear(await connection.read_response(disconnect_on_error=False))
        except TimeoutError:
            return False
        except FAILURES as error:
            raise await self._broken(error) from error
        return True

    async def _broken(self, error: BaseException) -> Exception:
        await self.close()
        return failure(self._doorway.place, error)
