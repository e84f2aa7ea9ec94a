"""Ears in both colours: a connection each, with exclusive queues bound to what they listen to."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from pamqp import base

from ...core.errors import OperationalError
from .contents import Arrival
from .doorway import Doorway
from .hearing import Hearing
from .line import Line
from .pipe import Pipe
from .refusals import FAILURES, Lost, failure

_LISTENING: Final = 4
_WITHIN: Final = 5.0
_DELETED: Final = "a queue that was listened to is gone: deleted, or lost with its node"


class SyncEar:
    """One thread's listener."""

    def __init__(self, connect: Callable[[], Line], doorway: Doorway) -> None:
        self._connect = connect
        self._place = doorway.place
        self._hearing = Hearing(doorway.lifetimes)
        self._line: Line | None = None

    def add(self, channels: Iterable[str], wait: bool = True) -> None:
        self._change(channels, True)

    def discard(self, channels: Iterable[str]) -> None:
        self._change(channels, False)

    def _change(self, channels: Iterable[str], listen: bool) -> None:
        line = self._connected()
        self._ask(line, self._hearing.wish(channels, listen))

    def next(self, timeout: float | None) -> tuple[str, bytes] | None:
        heard = self._hearing.heard
        deadline = None if timeout is None else time.monotonic() + timeout
        line = self._connected()
        while not heard:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                return None
            try:
                line.hear(left)
            except FAILURES as error:
                raise self._broken(error) from error
            if line.talk.ended is not None and not heard:
                raise self._broken(line.talk.ended) from line.talk.ended
        return heard.popleft()

    def close(self) -> None:
        if self._line is not None:
            line, self._line = self._line, None
            line.close()

    def _connected(self) -> Line:
        if self._line is None:
            line = self._connect()
            self._line = line
            wanted = self._hearing.begin(line.channel(_LISTENING), lambda: line.talk.end(Lost(_DELETED)))
            self._ask(line, wanted)
        return self._line

    def _ask(self, line: Line, wanted: list[base.Frame]) -> None:
        try:
            answers = [line.talk.ask(line.channel(_LISTENING), method) for method in wanted]
            for answer in answers:
                line.wait(answer, time.monotonic() + _WITHIN)
        except FAILURES as error:
            raise self._broken(error) from error

    def _broken(self, error: BaseException) -> OperationalError:
        if self._line is not None:
            self._line.drop()
            self._line = None
        return failure(self._place, error)


class AsyncioEar:
    """One event loop's listener."""

    def __init__(self, connect: Callable[[], Awaitable[Pipe]], doorway: Doorway) -> None:
        self._connect = connect
        self._place = doorway.place
        self._hearing = Hearing(doorway.lifetimes)
        self._pipe: Pipe | None = None
        self._something = asyncio.Event()

    async def add(self, channels: Iterable[str]) -> None:
        await self._change(channels, True)

    async def discard(self, channels: Iterable[str]) -> None:
        await self._change(channels, False)

    async def _change(self, channels: Iterable[str], listen: bool) -> None:
        pipe = await self._connected()
        await self._ask(pipe, self._hearing.wish(channels, listen))

    async def next(self, timeout: float | None) -> tuple[str, bytes] | None:
        heard = self._hearing.heard
        loop = asyncio.get_running_loop()
        deadline = None if timeout is None else loop.time() + timeout
        pipe = await self._connected()
        while not heard:
            if pipe.talk.ended is not None:
                raise self._broken(pipe.talk.ended) from pipe.talk.ended
            self._something.clear()
            try:
                async with asyncio.timeout_at(deadline):
                    await self._something.wait()
            except TimeoutError:
                return None
        return heard.popleft()

    async def close(self) -> None:
        if self._pipe is not None:
            pipe, self._pipe = self._pipe, None
            await pipe.close()

    async def _connected(self) -> Pipe:
        if self._pipe is None:
            pipe = self._pipe = await self._connect()
            channel = pipe.channel(_LISTENING)
            wanted = self._hearing.begin(channel, lambda: pipe.talk.end(Lost(_DELETED)))
            deliver = channel.on_delivery

            def delivered(consumer: str, arrival: Arrival) -> None:
                deliver(consumer, arrival)
                self._something.set()

            channel.on_delivery = delivered
            channel.on_closed = lambda error: self._something.set()
            await self._ask(pipe, wanted)
        return self._pipe

    async def _ask(self, pipe: Pipe, wanted: list[base.Frame]) -> None:
        try:
            async with asyncio.timeout(_WITHIN):
                answers = [pipe.talk.ask(pipe.channel(_LISTENING), method) for method in wanted]
                for answer in answers:
                    await pipe.wait(answer)
        except FAILURES as error:
            raise self._broken(error) from error

    def _broken(self, error: BaseException) -> OperationalError:
        if self._pipe is not None:
            self._pipe.drop()
            self._pipe = None
        return failure(self._place, error)
