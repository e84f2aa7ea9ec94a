"""Connections that listen, in both colours: they say what the server notifies of, and notice when it has gone."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

from psycopg import Notify

from .connections import AsyncLine, SyncLine
from .failures import FAILURES, failure
from .place import Place
from .request import Answer, Batch, Statement
from .usable import readable

# After so long a silence the server is asked whether it is there.
_PATIENCE: Final = 25.0
_PING: Final = (Statement("SELECT 1"),)

Hear = Callable[[str], Any]  # is given each word


# A forked child never uses, and never closes, a connection that its parent made.
_inherited: list[SyncLine] = []


def _listen(channels: Iterable[str]) -> list[Statement]:
    return [Statement(f'LISTEN "{channel}"') for channel in channels]


def _drained(line: SyncLine | AsyncLine, hear: Hear) -> None:
    """All that has come; raises what psycopg raises for a connection that is gone."""
    line.pgconn.consume_input()
    while (found := line.pgconn.notifies()) is not None:
        hear(found.extra.decode())


def _hearing(line: SyncLine | AsyncLine, hear: Hear) -> None:
    """What comes while a statement is under way is heard, too."""

    def heard(found: Notify) -> None:
        hear(found.payload)

    line.add_notify_handler(heard)


class Listener:
    """In sync code: one connection, made when it is needed and again after it broke."""

    def __init__(self, connect: Callable[[float], SyncLine], place: Place, timeout: float, hear: Hear) -> None:
        self._connect = connect
        self._place = place
        self._timeout = timeout
        self._hear = hear
        self._channels: dict[str, None] = {}
        self._line: SyncLine | None = None
        self._process = 0

    def add(self, channels: Iterable[str]) -> None:
        """Returns when the server listens."""
        new = [channel for channel in channels if channel not in self._channels]
        self._channels.update(dict.fromkeys(new))
        if self._line is None:
            self._connected()
        elif new:
            self.ask(_listen(new))

    def ask(self, batch: Batch) -> list[Answer]:
        """Some statements on the same connection."""
        line = self._connected()
        line.deadline = time.monotonic() + self._timeout
        try:
            return line.exchange(batch)
        except FAILURES as error:
            raise self._broken(error) from error

    def wait(self, seconds: float) -> None:
        """Until there is something to be heard, or it was quiet for so long; hears it."""
        line = self._connected()
        patience = min(seconds, _PATIENCE)
        try:
            something = readable(line, max(patience, 0.0))
            if something:
                _drained(line, self._hear)
        except FAILURES as error:
            raise self._broken(error) from error
        if not something and patience == _PATIENCE:
            self.ask(_PING)

    def close(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.close()

    def _connected(self) -> SyncLine:
        if self._line is not None and self._process != os.getpid():
            _inherited.append(self._line)
            self._line = None
        if self._line is None:
            self._process = os.getpid()
            self._line = self._connect(time.monotonic() + self._timeout)
            _hearing(self._line, self._hear)
            if self._channels:
                self.ask(_listen(self._channels))
        return self._line

    def _broken(self, error: BaseException) -> Exception:
        self.close()
        return failure(self._place, error)


class AsyncListener:
    """The same in async code."""

    def __init__(
        self, connect: Callable[[float], Awaitable[AsyncLine]], place: Place, timeout: float, hear: Hear
    ) -> None:
        self._connect = connect
        self._place = place
        self._timeout = timeout
        self._hear = hear
        self._channels: dict[str, None] = {}
        self._line: AsyncLine | None = None

    async def add(self, channels: Iterable[str]) -> None:
        new = [channel for channel in channels if channel not in self._channels]
        self._channels.update(dict.fromkeys(new))
        if self._line is None:
            await self._connected()
        elif new:
            await self.ask(_listen(new))

    async def ask(self, batch: Batch) -> list[Answer]:
        line = await self._connected()
        line.deadline = asyncio.get_running_loop().time() + self._timeout
        try:
            return await line.exchange(batch)
        except FAILURES as error:
            raise self._broken(error) from error
        except BaseException:  # cancelled: the answer would be taken for that of the next question
            self.close()
            raise

    async def wait(self, seconds: float) -> None:
        line = await self._connected()
        patience = min(seconds, _PATIENCE)
        try:
            something = await _readable(line.fileno(), max(patience, 0.0))
            if something:
                _drained(line, self._hear)
        except FAILURES as error:
            raise self._broken(error) from error
        if not something and patience == _PATIENCE:
            await self.ask(_PING)

    def hear(self) -> None:
        """What has come by now."""
        if self._line is not None:
            try:
                _drained(self._line, self._hear)
            except FAILURES as error:
                raise self._broken(error) from error

    def close(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.pgconn.finish()

    async def _connected(self) -> AsyncLine:
        if self._line is None:
            self._line = await self._connect(asyncio.get_running_loop().time() + self._timeout)
            _hearing(self._line, self._hear)
            if self._channels:
                await self.ask(_listen(self._channels))
        return self._line

    def _broken(self, error: BaseException) -> Exception:
        self.close()
        return failure(self._place, error)


async def _readable(fileno: int, seconds: float) -> bool:
    """Cancelling it loses nothing: what came stays in the socket."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[bool] = loop.create_future()
    loop.add_reader(fileno, _set, ready, True)
    timer = loop.call_later(seconds, _set, ready, False)
    try:
        return await ready
    finally:
        timer.cancel()
        loop.remove_reader(fileno)


def _set(ready: "asyncio.Future[bool]", value: bool) -> None:
    if not ready.done():
        ready.set_result(value)
