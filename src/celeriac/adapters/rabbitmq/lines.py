"""The blocking connections of one link: as many as threads have needed at one time, and never more than the limit."""

from __future__ import annotations

import random
import threading
import time
from collections import deque

from ...core.errors import OperationalError
from .doorway import Doorway
from .line import Line
from .refusals import FAILURES, Lost, Refused, failure


def connect(doorway: Doorway, deadline: float, start: int = 0, heartbeat: float = 0.0) -> tuple[Line, int]:
    """A connection to the first node that lets us in, and its number; begins with the one that did last time."""
    servers = doorway.place.servers
    errors: list[BaseException] = []
    order = [(start + turn) % len(servers) for turn in range(len(servers))]
    if doorway.shuffled:
        random.shuffle(order)
    for turn, number in enumerate(order):
        # what is left of the time is for the nodes that are left
        share = max(deadline - time.monotonic(), 0.0) / (len(order) - turn)
        until = time.monotonic() + min(share, doorway.options.connect_timeout)
        try:
            return Line(doorway, servers[number], until, heartbeat), number
        except FAILURES as error:
            errors.append(error)
    raise failure(doorway.place, _most_telling(errors))


def _most_telling(errors: list[BaseException]) -> BaseException:
    """That a node refuses the password says more than that another one is away."""
    for kind in (Refused, Lost):
        for error in errors:
            if isinstance(error, kind):
                return error
    return errors[0] if errors else TimeoutError("no time was left to connect")


class Lines:
    """The last one given back is the next one taken."""

    def __init__(self, doorway: Doorway, limit: int) -> None:
        self._doorway = doorway
        self._limit = limit
        self._idle: deque[Line] = deque()
        self._open = 0
        self._preferred = 0
        self._changed = threading.Condition()

    def take(self, deadline: float) -> Line:
        """A line that was alive a moment ago."""
        while (line := self._idle_or_room(deadline)) is not None:
            if _alive(line):
                return line
            self.drop(line)
        try:
            made, self._preferred = connect(self._doorway, deadline, self._preferred)
        except BaseException:
            self._vacate()
            raise
        return made

    def give(self, line: Line) -> None:
        with self._changed:
            self._idle.append(line)
            self._changed.notify()

    def drop(self, line: Line) -> None:
        """It is no good any more."""
        line.drop()
        self._vacate()

    def close(self) -> None:
        """Closes what is idle; what is in use comes back and stays usable."""
        while True:
            with self._changed:
                if not self._idle:
                    return
                line = self._idle.pop()
            line.close()
            self._vacate()

    def _idle_or_room(self, deadline: float) -> Line | None:
        """None if there is room for a new one, which is then ours."""
        with self._changed:
            while True:
                if self._idle:
                    return self._idle.pop()
                if self._open < self._limit:
                    self._open += 1
                    return None
                if not self._changed.wait(max(deadline - time.monotonic(), 0.0)):
                    raise OperationalError(
                        f"All {self._limit} connections to RabbitMQ at {self._doorway.place} are in use: "
                        "raise broker_pool_limit, or use fewer threads"
                    )

    def _vacate(self) -> None:
        with self._changed:
            self._open -= 1
            self._changed.notify()


def _alive(line: Line) -> bool:
    try:
        return line.quiet()
    except FAILURES:
        return False
