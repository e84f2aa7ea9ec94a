"""What state a connection is in: whether it is alive, and may be used again."""

from psycopg.pq import PipelineStatus, TransactionStatus

from .connections import AsyncLine, SyncLine
from .failures import FAILURES
from .polling import READ, ready


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
