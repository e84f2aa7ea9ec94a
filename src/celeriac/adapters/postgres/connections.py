"""The connections of both colours: psycopg's, with a deadline on every wait, and a batch as one round trip."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final, Self, TypeVar

from psycopg import AsyncConnection, AsyncCursor, Connection, Cursor, Error
from psycopg.abc import PQGen
from psycopg.pq.abc import PGconn
from psycopg.rows import TupleRow
from psycopg.waiting import wait_async

from .polling import ready
from .request import COMMIT, Answer, Batch

T = TypeVar("T")
logger = logging.getLogger("celeriac.broker")

# Seen from here: a dead machine is missed after half a minute, also while nobody says anything.
_KEEPALIVE: Final = {
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 30_000,
}
_PREPARED: Final = 500  # statements: ours, each in some forms, for numbers are sent as short as they are
_NOTHING: Final = Answer([], 0)
_GLANCE: Final = 3600.0  # seconds after which psycopg looks up from its wait; with 0 it would never sleep
_SHORTEST: Final = 2  # seconds: libpq knows no shorter time to connect in


def parameters(server: Mapping[str, Any], name: str, seconds: float) -> dict[str, Any]:
    """What to connect with; the URL has the last word."""
    asked = {
        "application_name": name,
        "connect_timeout": max(_SHORTEST, round(seconds)),
        "client_encoding": "UTF8",
        "target_session_attrs": "read-write",  # no standby: after a failover the next server is tried
    }
    return {**_KEEPALIVE, **asked, **server}


def _cut(pgconn: PGconn, gen: PQGen[Any]) -> None:
    """Ends a connection on which an answer is outstanding: the next one's answer would be taken for it."""
    pgconn.finish()
    _close(gen)


def _close(gen: PQGen[Any]) -> None:
    with contextlib.suppress(Exception):  # it tidies up, and finds the connection gone
        gen.close()


class SyncLine(Connection[TupleRow]):
    """For one thread at a time. Whatever waits for the server waits until `deadline` (monotonic) at the latest."""

    deadline: float = float("inf")

    @classmethod
    def open(cls, server: Mapping[str, Any], name: str, seconds: float) -> Self:
        line = cls.connect(**parameters(server, name, seconds), autocommit=True, prepare_threshold=2)
        line.prepared_max = _PREPARED
        return line

    def wait(self, gen: PQGen[T], interval: float = 0.0, timeout: float | None = None) -> T:
        """psycopg's own wait asks the server to cancel when it is interrupted, and waits for that without an end."""
        try:
            wanted = next(gen)
            while True:
                try:
                    found = self._ready(wanted)
                except BaseException:
                    _cut(self.pgconn, gen)
                    raise
                wanted = gen.send(found)
        except StopIteration as end:
            value: T = end.value
            return value

    def _ready(self, wanted: int) -> int:
        """Everything that may fail outside of the generator, which then has to be ended as well."""
        left = self.deadline - time.monotonic()
        found = ready(self.pgconn.socket, wanted, left if left != float("inf") else None)
        if not found:
            raise TimeoutError("the time was up")
        return found

    def __del__(self, _: Any = None, /) -> None:
        """No warning: a link's connections live as long as its program, unless somebody closes them."""

    def exchange(self, batch: Batch) -> list[Answer]:
        """All statements in one round trip; outside of a transaction they are one."""
        cursors: list[Cursor[TupleRow]] = []
        try:
            with self.pipeline():
                for sql, args in batch:
                    cursors.append(self.execute(sql, args or None, binary=True))
        except Error as error:
            whole = _committed(batch, cursors)
            if self.closed or not whole:
                raise
            _log(error)
            answers = [_answer(cursor) for cursor in cursors[:whole]]
            self.close()
            return answers + [_NOTHING] * (len(batch) - whole)
        return [_answer(cursor) for cursor in cursors]


class AsyncLine(AsyncConnection[TupleRow]):
    """For one task at a time; its `deadline` is the event loop's."""

    deadline: float | None = None

    @classmethod
    async def open(cls, server: Mapping[str, Any], name: str, seconds: float) -> Self:
        line = await cls.connect(**parameters(server, name, seconds), autocommit=True, prepare_threshold=2)
        line.prepared_max = _PREPARED
        return line

    async def wait(self, gen: PQGen[T], interval: float = 0.0, timeout: float | None = None) -> T:
        """As above; a wait that is cancelled ends at once."""
        try:
            async with asyncio.timeout_at(self.deadline):
                return await wait_async(gen, self.pgconn.socket, _GLANCE)
        except (asyncio.CancelledError, TimeoutError):
            _cut(self.pgconn, gen)
            raise
        except BaseException:
            _close(gen)  # nothing, if the error is its own; else the socket has gone
            raise

    def __del__(self, _: Any = None, /) -> None:
        """As above."""

    async def exchange(self, batch: Batch) -> list[Answer]:
        cursors: list[AsyncCursor[TupleRow]] = []
        try:
            async with self.pipeline():
                for sql, args in batch:
                    cursors.append(await self.execute(sql, args or None, binary=True))
        except Error as error:
            whole = _committed(batch, cursors)
            if self.closed or not whole:
                raise
            _log(error)
            answers = [await _aanswer(cursor) for cursor in cursors[:whole]]
            await self.close()
            return answers + [_NOTHING] * (len(batch) - whole)
        return [await _aanswer(cursor) for cursor in cursors]


def _answer(cursor: Cursor[TupleRow]) -> Answer:
    return Answer(cursor.fetchall() if cursor.description is not None else [], cursor.rowcount)


async def _aanswer(cursor: AsyncCursor[TupleRow]) -> Answer:
    return Answer(await cursor.fetchall() if cursor.description is not None else [], cursor.rowcount)


def _committed(batch: Batch, cursors: Sequence[Cursor[TupleRow] | AsyncCursor[TupleRow]]) -> int:
    """How many statements it took to commit the batch, when it failed thereafter; 0 if it was not committed."""
    for place, (statement, cursor) in enumerate(zip(batch, cursors, strict=False), 1):
        if statement is COMMIT:
            return place if cursor.statusmessage == "COMMIT" else 0
    return 0


def _log(error: Error) -> None:
    """It was done, and must not be said to have failed, or it would be done again."""
    logger.warning("Nobody was told of what was stored, so it is found a few seconds later: %s", error)
