"""The joins of one memory store: parts by member, counted under the store's lock."""

import msgspec

from celeriac.core.clock import Clock
from celeriac.core.join import Count, Counted, OpenJoin, Part
from celeriac.core.ports.joins import FIRING_SECONDS, OVER_SECONDS


class Join(msgspec.Struct):
    """One join as it stands; `size` is None as long as nobody has declared it."""

    size: int | None = None
    more: int = 0
    parts: dict[tuple[str, int | None], bytes] = msgspec.field(default_factory=dict)
    owner: str = ""
    held_until: float = 0.0
    end: float | None = None
    over: bool = False


class Joined:
    """The joins of one store."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._joins: dict[str, Join] = {}

    def find(self, group: str) -> Join | None:
        join = self._joins.get(group)
        if join is not None and join.end is not None and join.end <= self._clock.now():
            del self._joins[group]
            return None
        return join

    def open(self, opened: OpenJoin) -> None:
        join = self.find(opened.group)
        if join is None or join.over:
            join = self._joins[opened.group] = Join()
            join.end = self._later(opened.ttl)
        if join.size is None:
            join.size = opened.size

    def grow(self, grown: OpenJoin) -> None:
        join = self.find(grown.group)
        if join is not None and not join.over:
            join.more += grown.size

    def count(self, part: Part) -> Counted:
        join = self.find(part.group)
        if join is None and not part.declared:
            join = self._joins[part.group] = Join(end=self._later(part.ttl))
        if join is None or join.over or (join.size is None and part.declared):
            return Counted(Count.OVER)
        member = (part.task_id, part.index)
        if member not in join.parts:
            join.parts[member] = part.payload
            join.more += part.more
        later = self._later(part.ttl)
        join.end = None if join.end is None or later is None else max(join.end, later)
        if join.size is None or len(join.parts) < join.size + join.more:
            return Counted(Count.OPEN)
        if not self.hold(part.group, part.owner):
            return Counted(Count.TAKEN)
        ordered = sorted(join.parts, key=lambda member: (member[1] is None, member[1] or 0))
        return Counted(Count.COMPLETE, tuple(join.parts[member] for member in ordered), not part.declared)

    def hold(self, group: str, owner: str) -> bool:
        join = self.find(group)
        if join is None or join.over or self._taken(join, owner):
            return False
        join.owner, join.held_until = owner, self._clock.now() + FIRING_SECONDS
        return True

    def close(self, group: str, owner: str, foreign: bool) -> bool:
        join = self.find(group)
        if join is None or join.over or self._taken(join, owner):
            return False
        del self._joins[group]
        if foreign:
            self._joins[group] = Join(end=self._later(OVER_SECONDS), over=True)
        return True

    def _taken(self, join: Join, owner: str) -> bool:
        return join.owner not in ("", owner) and join.held_until > self._clock.now()

    def _later(self, ttl: float | None) -> float | None:
        return None if ttl is None else self._clock.now() + ttl
