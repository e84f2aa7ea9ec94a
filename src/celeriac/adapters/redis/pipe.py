"""A connection that redis-py has opened, asked many things at once: replies go to whoever asked, in order.

redis-py opens the connection (names, TLS, passwords, databases); from then on its bytes come here, straight
from the event loop into hiredis, because two thirds of an exchange's time used to go into the layers between.
An answer always finds its question: who has stopped waiting is skipped, never mistaken for the next.
"""

import asyncio
import contextlib
from collections import deque
from typing import Any, Final

import hiredis
from redis import exceptions

from .connections import AsyncConnection
from .packing import Commands, pack

_CLOSED_WITHIN: Final = 2.0
_MORE: Final = object()


class Trip:
    """One question: how many replies it is owed, those that have come, and who waits for them."""

    __slots__ = ("done", "owed", "replies")

    def __init__(self, owed: int, done: "asyncio.Future[list[Any]]") -> None:
        self.owed = owed
        self.replies: list[Any] = []
        self.done = done


class Pipe(asyncio.Protocol):
    """Takes the connection over; nobody else may read or write it any more."""

    def __init__(self, connection: AsyncConnection) -> None:
        writer = connection._writer
        assert writer is not None
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._reader = hiredis.Reader(
            protocolError=exceptions.InvalidResponse,
            replyError=connection._parser.parse_error,
            notEnoughData=_MORE,
        )
        self._trips: deque[Trip] = deque()
        self._gone = self._loop.create_future()
        self.closed = False
        self._transport: Any = writer.transport
        self._transport.set_protocol(self)

    def ask(self, commands: Commands) -> "asyncio.Future[list[Any]]":
        """All replies, errors of single commands among them; ConnectionError if the connection breaks."""
        done: asyncio.Future[list[Any]] = self._loop.create_future()
        if self.closed:
            done.set_exception(exceptions.ConnectionError("the server closed the connection"))
            return done
        self._trips.append(Trip(len(commands), done))
        self._transport.write(pack(commands))
        return done

    def data_received(self, data: bytes) -> None:
        reader, trips = self._reader, self._trips
        reader.feed(data)
        try:
            while (reply := reader.gets()) is not _MORE:
                trip = trips[0]
                trip.replies.append(reply)
                if len(trip.replies) == trip.owed:
                    trips.popleft()
                    if not trip.done.done():
                        trip.done.set_result(trip.replies)
        except (IndexError, exceptions.InvalidResponse) as error:
            self._break(exceptions.ConnectionError(f"the server sent what nobody asked for ({error})"))

    def connection_lost(self, exc: Exception | None) -> None:
        self._break(exceptions.ConnectionError(str(exc) if exc else "the server closed the connection"))
        if not self._gone.done():
            self._gone.set_result(None)

    def _break(self, error: Exception) -> None:
        self.closed = True
        trips, self._trips = self._trips, deque()
        for trip in trips:
            if not trip.done.done():
                trip.done.set_exception(error)
        self._transport.abort()

    async def close(self, wait: bool = False) -> None:
        """At once; with `wait`, returns when the socket is closed (TLS needs a moment for it)."""
        self._break(exceptions.ConnectionError("the connection was closed here"))
        if wait:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_CLOSED_WITHIN):
                    await asyncio.shield(self._gone)
        await self._connection.disconnect(nowait=True)
