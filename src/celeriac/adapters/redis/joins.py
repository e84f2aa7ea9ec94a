"""The joins port on Redis, on the keys that Celery's workers count in."""

from collections.abc import Sequence

from ...core.flow import Flow
from ...core.join import Count, Counted, OpenJoin, Part
from ...core.ports.joins import FIRING_SECONDS
from .join_scripts import CLOSE, GROW, HOLD, OPEN, PART
from .packing import Argument, Command
from .settling import join_name, milliseconds

FIRING = int(FIRING_SECONDS)
_OURS = b'[1,"'  # Celery's workers write a space after the comma


class RedisJoins:
    """Flows of commands; no I/O."""

    def __init__(self, prefix: str, clustered: bool, ordered: bool) -> None:
        self._prefix = prefix
        self._clustered = clustered
        self._ordered = int(ordered)

    def name(self, group: str) -> str:
        """What the keys of a join begin with. In a cluster they must lie in one slot (where Celery has no chords)."""
        return join_name(self._prefix, f"{{{group}}}" if self._clustered else group)

    def open(self, joins: Sequence[OpenJoin]) -> Flow[None]:
        if joins:
            yield tuple(self._once(OPEN, join.group, join.size, milliseconds(join.ttl)) for join in joins)

    def part(self, part: Part) -> Flow[Counted]:
        place = "+inf" if part.index is None else part.index
        command = self._once(
            PART,
            part.group,
            *(part.task_id, place, part.payload, part.owner, FIRING),
            *(milliseconds(part.ttl), int(part.declared), part.more, self._ordered),
        )
        ((state, *parts),) = yield (command,)
        if state != Count.COMPLETE:
            return Counted(Count(state))
        foreign = not part.declared or not all(payload.startswith(_OURS) for payload in parts[0])
        return Counted(Count.COMPLETE, tuple(parts[0]), foreign)

    def grow(self, joins: Sequence[OpenJoin]) -> Flow[None]:
        if joins:
            yield tuple(self._once(GROW, join.group, join.size) for join in joins)

    def hold(self, group: str, owner: str) -> Flow[bool]:
        (held,) = yield (self._once(HOLD, group, owner, FIRING),)
        return bool(held)

    def close(self, group: str, owner: str, foreign: bool = False) -> Flow[bool]:
        (closed,) = yield (self._once(CLOSE, group, owner, int(foreign)),)
        return bool(closed)

    def _once(self, script: str, group: str, *arguments: Argument) -> Command:
        return ("EVALSHA", script, 1, self.name(group), *arguments)
