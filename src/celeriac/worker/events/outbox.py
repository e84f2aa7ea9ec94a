"""What waits to be told: two lines, for events of tasks travel together and all else alone."""

import logging
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from .notes import Note

logger = logging.getLogger("celeriac.worker.events")

MOST: Final = 10_000  # in each line while the broker is away; then the oldest are forgotten


class Outbox:
    """Never full: what is too old is forgotten and counted."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self.dropped = 0  # ever forgotten
        self._tasks: deque[Note] = deque()
        self._others: deque[dict[str, Any]] = deque()
        self._wake = wake
        self._told_of_drops = False

    def __len__(self) -> int:
        return len(self._tasks) + len(self._others)

    def note(self, note: Note) -> None:
        """One about a task: they come by the ten thousand."""
        line = self._tasks
        if not line:
            self._wake()
        elif len(line) >= MOST:
            self._forget_one(line)
        line.append(note)

    def keep(self, event: dict[str, Any]) -> None:
        """An event that is not about a task."""
        if len(self._others) >= MOST:
            self._forget_one(self._others)
        self._others.append(event)
        self._wake()

    def _forget_one(self, line: deque[Any]) -> None:
        line.popleft()
        self.dropped += 1
        if not self._told_of_drops:
            self._told_of_drops = True
            logger.warning("Events can't be sent as fast as they come: the oldest are forgotten")

    def caught_up(self) -> None:
        """Everything could be sent: if it can't another time, that is worth a line again."""
        self._told_of_drops = False

    def next_event(self) -> dict[str, Any] | None:
        """The next that is told alone, if there is one."""
        return self._others.popleft() if self._others else None

    def next_notes(self, most: int) -> list[Note]:
        """The next about tasks, which are told together."""
        line = self._tasks
        take = line.popleft
        return [take() for _ in range(min(most, len(line)))]

    @property
    def notes(self) -> int:
        """How many about tasks there are."""
        return len(self._tasks)

    def pass_over(self, count: int) -> None:
        """Take away so many about tasks, the oldest: nobody listens to them."""
        line = self._tasks
        if count >= len(line):
            line.clear()
            return
        for _ in range(count):
            line.popleft()
