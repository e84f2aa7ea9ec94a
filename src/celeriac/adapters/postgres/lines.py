"""The connections of one sync link: as many as threads have needed at one time, and never more than the limit."""

import threading
import time
from collections import deque
from collections.abc import Callable

from psycopg.pq import PipelineStatus, TransactionStatus

from ...core.errors import OperationalError
from .connections import AsyncLine, SyncLine
from .failures import FAILURES
from .polling import READ, ready


class Lines:
    """The last one given back is the next one taken."""

    def __init__(self, limit: int, where: object, connect: Callable[[float], SyncLine]) -> None:
        self._limit = limit
        self._where = where
        self._connect = connect
        self._idle: deque[SyncLine] = deque()
        self._open = 0
        self._changed = threading.Condition()

    def take(self, deadline: float) -> SyncLine:
        """A line that was alive a moment ago; one that a restarted server has closed is thrown away."""
        while (line := self._next(deadline)) is not None:
            if alive(line):
                return line
            self.drop(line)
        try:
            return self._connect(deadline)
        except BaseException:
            self._vacate()
            raise

    def give(self, line: SyncLine) -> None:
        with self._changed:
            self._idle.append(line)
            self._changed.notify()

    def drop(self, line: SyncLine) -> None:
        """It is no good any more, or no longer needed."""
        line.close()
        self._vacate()

    def close(self) -> None:
        """Closes what is idle; what is in use comes back and stays usable."""
        while self._idle:
            try:
                self.drop(self._idle.pop())
            except IndexError:  # another thread took it
                return

    def _next(self, deadline: float) -> SyncLine | None:
        """One that is idle, or that somebody gives back in time; None if there is room for a new one."""
        with self._changed:
            while not self._idle and self._open >= self._limit:
                if not self._changed.wait(max(deadline - time.monotonic(), 0.0)):
                    raise self._exhausted()
            if self._idle:
                return self._idle.pop()
            self._open += 1
            return None

    def _vacate(self) -> None:
        with self._changed:
            self._open -= 1
            self._changed.notify()

    def _exhausted(self) -> OperationalError:
        return OperationalError(
            f"All {self._limit} connections to PostgreSQL at {self._where} are in use: "
            "raise broker_pool_limit, or use fewer threads"
        )


def readable(line: SyncLine | AsyncLine, seconds: float) -> bool:
    """True once the server says something (or has hung up)."""
    return bool(ready(line.fileno(), READ, seconds))


def alive(line: SyncLine | AsyncLine) -> bool:
    """False if the server has closed it while it was idle: before it does so it says why, and else it says nothing."""
    return not line.closed and not readable(line, 0.0)


def reusable(error: BaseException) -> bool:
    """True for errors of a step itself, which found what it asked for other than it should be.

    After one of the server's the rest of a batch was not done, though psycopg has noted which statements it meant to
    prepare there: the connection is better left.
    """
    return isinstance(error, Exception) and not isinstance(error, FAILURES)


def settled(line: SyncLine | AsyncLine) -> bool | None:
    """True if nothing is under way on it, False if a transaction is to be rolled back, None if it is of no use."""
    if line.closed or line.pgconn.pipeline_status != PipelineStatus.OFF:
        return None
    status = line.pgconn.transaction_status
    if status == TransactionStatus.IDLE:
        return True
    return False if status in (TransactionStatus.INTRANS, TransactionStatus.INERROR) else None
