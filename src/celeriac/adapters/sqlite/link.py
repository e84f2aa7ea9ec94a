"""The sync link: each request on a pooled connection, in the thread that asks."""

import time
from typing import Any, TypeVar

from celeriac.core.flow import Flow, drive

from .ears import SQLiteEar
from .pool import Pool
from .request import Read, Tell, Write, unknown

T = TypeVar("T")


class SQLiteLink:
    """Safe for threads; after a fork the child opens connections of its own."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def run(self, flow: Flow[T], timeout: float) -> T:
        deadline = time.monotonic() + timeout

        def perform(request: object) -> Any:
            return perform_on(self._pool, request, max(0.0, deadline - time.monotonic()))

        return drive(flow, perform)

    def listen(self) -> SQLiteEar:
        return SQLiteEar(self._pool, self.run)

    def close(self) -> None:
        self._pool.close()


def perform_on(pool: Pool, request: object, timeout: float) -> Any:
    """One request, with everything that may go wrong turned into OperationalError."""
    connection = pool.take(timeout)
    try:
        if isinstance(request, Write):
            board = pool.board  # before the commit: after it nothing may fail any more
            reply, session = connection.write(request.step, timeout)
            board.wake(session.queues, session.results)
        elif isinstance(request, Read):
            reply = connection.read(request.step, timeout)
        elif isinstance(request, Tell):
            reply = pool.board.tell(request.channel, request.payload, request.parcel)
        else:
            unknown(request)
    except BaseException as error:
        if pool.is_spoilt(connection, error):
            pool.drop(connection)
        else:
            pool.give(connection)
        raise
    pool.give(connection)
    return reply
