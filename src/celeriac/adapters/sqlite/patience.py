"""Waiting for a lock of SQLite: short, growing pauses until a deadline."""

import random
import sqlite3
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_FIRST = 0.00005
_LONGEST = 0.004


class Patience:
    """Retries while another process writes. SQLite's own busy handler starts at 1 ms and goes up to 100 ms;
    our transactions take tens of microseconds, so this one starts and stays far lower.
    """

    __slots__ = ("_deadline", "_pause")

    def __init__(self, timeout: float) -> None:
        self._deadline = time.monotonic() + timeout
        self._pause = _FIRST

    def insist(self, attempt: Callable[[], T]) -> T:
        """The attempt's result, once the lock lets it through. Raises sqlite3's error at the deadline."""
        while True:
            try:
                return attempt()
            except sqlite3.OperationalError as error:
                self.pause(error)

    def pause(self, error: sqlite3.OperationalError) -> None:
        """Wait a moment if the error is a lock and there is time left, else raise it."""
        if not is_locked(error) or time.monotonic() >= self._deadline:
            raise error
        time.sleep(self._pause * (0.5 + random.random()))
        self._pause = min(self._pause * 1.5, _LONGEST)


def is_locked(error: sqlite3.Error) -> bool:
    """True if another connection holds a lock (whatever the detail)."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL)
