"""The open connections of one process to one file, and its board; a forked child starts with none."""

import os
import threading
from collections import deque
from weakref import WeakSet

from celeriac.core.clock import Clock
from celeriac.core.errors import OperationalError

from . import faults
from .connection import Connection, identity
from .place import Place
from .wake import Board

_pools: "WeakSet[Pool]" = WeakSet()
# Closing a connection that was opened before a fork would damage the parent's locks and its write-ahead log,
# so the child keeps them for ever and never touches them.
_inherited: list[object] = []


class Pool:
    """Hands out connections; keeps at most `limit` idle ones."""

    def __init__(self, place: Place, clock: Clock, limit: int) -> None:
        self.place = place
        self._clock = clock
        self._limit = limit
        self._idle: deque[Connection] = deque()
        self._open: set[Connection] = set()
        self._lock = threading.Lock()
        self._board: Board | None = None
        _pools.add(self)

    @property
    def board(self) -> Board:
        board = self._board
        if board is None:
            with self._lock:
                board = self._board
                if board is None:
                    board = self._board = Board(self.place.path)
        return board

    def take(self, timeout: float, mine: Connection | None = None) -> Connection:
        """`mine` if it is good, else an idle connection or a new one.

        One whose file was deleted or replaced is closed, not used: what it stored nobody would see.
        """
        while (connection := mine or self._popped()) is not None:
            if connection.identity == identity(self.place):
                return connection
            mine = None
            self.drop(connection)
            self._forget_board()
        connection = Connection(self.place, self._clock, timeout)
        self._open.add(connection)
        return connection

    def _popped(self) -> Connection | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def give(self, connection: Connection) -> None:
        if len(self._idle) < self._limit and connection in self._open:
            self._idle.append(connection)
        else:
            self.drop(connection)

    def drop(self, connection: Connection) -> None:
        self._open.discard(connection)
        connection.close()

    def is_spoilt(self, connection: Connection, error: BaseException) -> bool:
        """True if the connection is better not used again after this error."""
        cause = error.__cause__ if isinstance(error, OperationalError) else error
        return connection.in_transaction or (cause is not None and faults.is_fatal(cause))

    def close(self) -> None:
        """Closes what is idle; what is in use is closed when it comes back."""
        while self._idle:
            self.drop(self._idle.pop())
        self._open.clear()
        self._forget_board()

    def _forget_board(self) -> None:
        with self._lock:
            board, self._board = self._board, None
        if board is not None:
            board.close()

    def _leave_to_parent(self) -> None:
        _inherited.append((self._idle, self._open, self._board))
        self._idle, self._open = deque(), set()
        self._board = None
        self._lock = threading.Lock()


def _after_fork() -> None:
    for pool in tuple(_pools):
        pool._leave_to_parent()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
