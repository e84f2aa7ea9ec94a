"""What waits to be told: notes about tasks, written a page at a time while they are in the caches; all else alone.

A page is written as soon as it is full and not when it is sent: what a note holds is freed while it is still at hand.
That matters more than what is saved where nobody listens and a page need not be written at all.
"""

import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from celeriac.core.message import Message

from .notes import Note

logger = logging.getLogger("celeriac.worker.events")

MOST: Final = 10_000  # notes, and as many other events, while the broker is away; then the oldest are forgotten
PAGE: Final = 160  # notes
_SIZE: Final = 600  # bytes of what a note says, until it is known


class Page(NamedTuple):
    """A message with all that some notes say."""

    routing_key: str
    message: Message
    notes: int


Write = Callable[[Sequence[Note]], Page]


class Outbox:
    """Never full: what is too old is forgotten and counted. `room` is how many bytes travel well in one message."""

    def __init__(self, wake: Callable[[], None], write: Write, room: int) -> None:
        self.dropped = 0  # ever forgotten
        self.turned = 0  # pages ever written; the number of the last
        self._line: list[Note] = []  # the page that is not full
        self._fit = max(1, min(PAGE, room // _SIZE))  # notes on it
        self._pages: deque[Page] = deque()
        self._written = 0  # notes on the others
        self._others: deque[dict[str, Any]] = deque()
        self._wake = wake
        self._write = write
        self._room = room
        self._told_of_drops = False

    def __len__(self) -> int:
        return len(self._line) + self._written + len(self._others)

    def note(self, note: Note) -> None:
        """One about a task: they come by the ten thousand."""
        line = self._line
        line.append(note)
        if len(line) == 1:
            self._wake()
        if len(line) >= self._fit:
            self._turn()

    def keep(self, event: dict[str, Any]) -> None:
        """An event that is not about a task."""
        if len(self._others) >= MOST:
            self._others.popleft()
            self._forgotten(1)
        self._others.append(event)
        self._wake()

    def _turn(self) -> None:
        """The page over."""
        page = self._write(self._line)
        self._line.clear()
        self._fit = max(1, min(PAGE, self._room * page.notes // max(1, len(page.message.body))))
        self._pages.append(page)
        self._written += page.notes
        self.turned += 1
        while self._written > MOST - PAGE:
            self._forgotten(self._take().notes)

    def _forgotten(self, count: int) -> None:
        self.dropped += count
        if not self._told_of_drops:
            self._told_of_drops = True
            logger.warning("Events can't be sent as fast as they come: the oldest are forgotten")

    def caught_up(self) -> None:
        """Everything could be sent: if it can't another time, that is worth a line again."""
        self._told_of_drops = False

    def next_event(self) -> dict[str, Any] | None:
        """The next that is told alone, if there is one."""
        return self._others.popleft() if self._others else None

    def end_page(self) -> None:
        """What was noted until now is to be sent."""
        if self._line:
            self._turn()

    def next_pages(self, last: int, most: int) -> list[Page]:
        """The next that are sent together, for they have the same routing key; up to the `last`, by its number."""
        found: list[Page] = []
        while len(found) < most and self._has(last):
            if found and self._pages[0].routing_key != found[0].routing_key:
                break
            found.append(self._take())
        return found

    def pass_over(self, last: int) -> None:
        """Take away all up to this one: nobody listens."""
        while self._has(last):
            self._take()

    def _has(self, last: int) -> bool:
        return 0 < len(self._pages) > self.turned - last

    def _take(self) -> Page:
        page = self._pages.popleft()
        self._written -= page.notes
        return page
