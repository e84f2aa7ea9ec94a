"""Looks into the delayed sets: they say when, the messages are in `unacked`."""

from collections.abc import Sequence

from ...core.flow import Flow
from .keys import Keys
from .unacked import parse


class RedisDelayed:
    """Two round trips; what becomes due between them is left out."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def waiting(self, queues: Sequence[str], limit: int) -> Flow[tuple[tuple[float, bytes], ...]]:
        if not queues:
            return ()
        replies = yield tuple(("ZRANGE", self._keys.delayed(queue), 0, limit - 1, "WITHSCORES") for queue in queues)
        found = sorted(
            (float(due), tag) for reply in replies for tag, due in zip(reply[::2], reply[1::2], strict=True)
        )[:limit]
        if not found:
            return ()
        (values,) = yield (("HMGET", self._keys.unacked, *(tag for _, tag in found)),)
        return tuple((due, parse(value)[0]) for (due, _), value in zip(found, values, strict=True) if value)
