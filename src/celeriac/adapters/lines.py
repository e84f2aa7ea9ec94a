"""The lines of one sync link: as many connections as threads have needed at one time, never more than the limit."""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Generic, NamedTuple, Protocol, TypeVar

from ..core.errors import OperationalError


class Closable(Protocol):
    """One connection."""

    def close(self) -> None: ...


LineT = TypeVar("LineT", bound=Closable)


class Limit(NamedTuple):
    """How many lines there may be at one time; to which server, and by which setting."""

    most: int
    server: str
    setting: str = "broker_pool_limit"


class Lines(Generic[LineT]):
    """The last one given back is the next one taken."""

    def __init__(
        self,
        limit: Limit,
        connect: Callable[[float], LineT],
        alive: Callable[[LineT], bool],
        drop: Callable[[LineT], None] | None = None,
    ) -> None:
        """`drop` ends a line that is no good any more; None: as `close` does."""
        self._limit = limit
        self._connect = connect
        self._alive = alive
        self._end = drop or (lambda line: line.close())
        self._idle: deque[LineT] = deque()
        self._open = 0
        self._waiting = 0
        self._changed = threading.Condition()

    def take(self, deadline: float) -> LineT:
        """A line that was alive a moment ago; one that a restarted server has closed is thrown away."""
        while (line := self._popped()) is not None or (line := self._waited_for(deadline)) is not None:
            if self._alive(line):
                return line
            self.drop(line)
        try:
            return self._connect(deadline)
        except BaseException:
            self._vacate()
            raise

    def give(self, line: LineT) -> None:
        self._idle.append(line)
        if self._waiting:
            with self._changed:
                self._changed.notify()

    def drop(self, line: LineT) -> None:
        """It is no good any more."""
        self._end(line)
        self._vacate()

    def close(self) -> None:
        """Closes what is idle; what is in use comes back and stays usable."""
        while (line := self._popped()) is not None:
            line.close()
            self._vacate()

    def _popped(self) -> LineT | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _waited_for(self, deadline: float) -> LineT | None:
        """A line that somebody gives back meanwhile; None if there is room for a new one, which is then ours."""
        with self._changed:
            # Whoever gives a line back looks at this number after it: either he sees us, or we see the line.
            self._waiting += 1
            try:
                while self._open >= self._limit.most:
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
        most, server, setting = self._limit
        return OperationalError(f"All {most} connections to {server} are in use: raise {setting}, or use fewer threads")
