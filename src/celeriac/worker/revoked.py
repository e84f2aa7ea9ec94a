"""What a worker knows to be revoked: asked for every message it takes in, as long as there is anything to ask for."""

from collections.abc import Callable, Iterable
from typing import Final

from celeriac.core.clock import Clock
from celeriac.core.revocation import GROUP, ROOT, STAMP, TASK, of_stamps
from celeriac.wire.envelope import Head

_TASK: Final = len(TASK)


class Revoked:
    """Marks with the end of their time, oldest first; at most `most` of them, and none beyond its time."""

    def __init__(self, clock: Clock, ttl: float, most: int) -> None:
        self._clock = clock
        self._ttl = ttl
        self._most = most
        self._tasks: dict[str, float] = {}
        self._others: dict[str, float] = {}
        self.version = 0  # how far the broker's store was read
        self.on_first: Callable[[], None] = lambda: None  # called when there is something to ask for
        self.on_change: Callable[[], None] = lambda: None

    def __len__(self) -> int:
        return len(self._tasks) + len(self._others)

    def add(self, marks: Iterable[str], left: float | None = None) -> None:
        """They count from now, for `left` seconds."""
        end = self._clock.monotonic() + (self._ttl if left is None else left)
        first = not self
        for mark in marks:
            kept, name = (self._tasks, mark[_TASK:]) if mark.startswith(TASK) else (self._others, mark)
            kept.pop(name, None)  # so that the dict stays in the order of its ends, nearly
            kept[name] = end
            if len(kept) > self._most:
                del kept[next(iter(kept))]
        if first and self:
            self.on_first()
        self.on_change()

    def hits(self, head: Head) -> bool:
        """Is this message one of those that must not run?"""
        if self._counts(self._tasks, head.id):
            return True
        return bool(self._others) and any(self._counts(self._others, mark) for mark in marks_of(head))

    def ids(self) -> list[str]:
        """The ids of the tasks, oldest first."""
        now = self._clock.monotonic()
        return [id for id, end in self._tasks.items() if end > now]

    def entries(self) -> list[tuple[str, float]]:
        """(mark, seconds left) of all that still counts."""
        now = self._clock.monotonic()
        tasks = ((TASK + id, end - now) for id, end in self._tasks.items())
        others = ((mark, end - now) for mark, end in self._others.items())
        return [(mark, left) for mark, left in (*tasks, *others) if left > 0]

    def _counts(self, kept: dict[str, float], name: str) -> bool:
        end = kept.get(name)
        if end is None:
            return False
        if end > self._clock.monotonic():
            return True
        del kept[name]
        return False


def marks_of(head: Head) -> list[str]:
    """The marks, beside its own id's, by which a message may be meant."""
    marks = [GROUP + head.group] if head.group else []
    marks.append(ROOT + (head.root_id or head.id))
    if head.stamps:
        stamped = head.stamped_headers or head.stamps
        marks += of_stamps({name: head.stamps[name] for name in stamped if name in head.stamps})
    return marks


def meant(marks: Iterable[str]) -> Callable[[Head], bool]:
    """A test for messages that any of these marks names."""
    wanted = frozenset(marks)
    others = any(mark.startswith((GROUP, ROOT, STAMP)) for mark in wanted)

    def test(head: Head) -> bool:
        if TASK + head.id in wanted:
            return True
        return others and not wanted.isdisjoint(marks_of(head))

    return test
