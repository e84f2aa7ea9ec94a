"""The lines of one sync link: as many as threads have needed at one time, and never more than the limit."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from ...core.errors import OperationalError
from .failures import FAILURES
from .line import Line


class Lines:
    """The last one given back is the next one taken."""

    def __init__(self, limit: int, where: object, connect: Callable[[float], Line]) -> None:
        self._limit = limit
        self._where = where
        self._connect = connect
        self._idle: deque[Line] = deque()
        self._open = 0
        self._waiting = 0
        self._changed = threading.Condition()

    def take(self, deadline: float) -> Line:
        """A line that was alive a moment ago; one that a restarted server has closed is thrown away."""
        while (line := self._popped()) is not None or (line := self._waited_for(deadline)) is not None:
            if _alive(line):
                return line
            self.drop(line)
        try:
            return self._connect(deadline)
        except BaseException:
            self._vacate()
            raise

    def give(self, line: Line) -> None:
        self._idle.append(line)
        if self._waiting:
            with self._changed:
                self._changed.notify()

    def drop(self, line: Line) -> None:
        """It is no good any more, or no longer needed."""
        line.close()
        self._vacate()

    def close(self) -> None:
        """Closes what is idle; what is in use comes back and stays usable."""
        while (line := self._popped()) is not None:
            self.drop(line)

    def _popped(self) -> Line | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _waited_for(self, deadline: float) -> Line | None:
        """A line that somebody gives back meanwhile; None if there is room for a new one, which is then ours."""
        with self._changed:
            # Whoever gives a line back looks at this number after it: either he sees us, or we see the line.
            self._waiting += 1
            try:
                while self._open >= self._limit:
                    line = self._popped()
                    if line is not None:
                        return line
                    if not self._changed.wait(max(deadline - time.monotonic(), 0.0)):
                        raise self._exhausted()
                self._open += 1
                return None
            finally:
                self._waiting -= 1

    def _vacate(self) -> None:
        with self._changed:
            self._open -= 1
            self._changed.notify()

    def _exhausted(self) -> OperationalError:
        return OperationalError(
            f"All {self._limit} connections to Redis at {self._where} are in use: "
            "raise broker_pool_limit (or max_connections), or use fewer threads"
        )


def _alive(line: Line) -> bool:
    try:
        return line.quiet()
    except FAILURES:
        return False  # the server closed it while it was idle
