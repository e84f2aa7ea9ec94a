"""The result-store port on Redis: Celery's keys, each stored and published in one step."""

from collections.abc import Sequence

from ...core.flow import Flow, done
from ...core.record import Record
from .scripts import STORE
from .settling import lifetime, mark_of, record_key

_CHUNK = 500


class RedisResults:
    """Flows of commands; no I/O."""

    autoexpire = True  # old results need nobody to delete them

    def __init__(self, prefix: str, clustered: bool) -> None:
        self.prefix = prefix
        # In a cluster the keys lie in different slots, so no command names two of them.
        self._chunk = 1 if clustered else _CHUNK

    def store(self, records: Sequence[Record]) -> Flow[None]:
        commands = []
        for start in range(0, len(records), self._chunk):
            some = records[start : start + self._chunk]
            keys = [record_key(self.prefix, record.kind, record.id) for record in some]
            values = [part for record in some for part in (lifetime(record), record.payload)]
            commands.append(("EVALSHA", STORE, len(keys), *keys, *values))
        if commands:
            yield tuple(commands)

    def fetch(self, ids: Sequence[str], kind: str = "task") -> Flow[tuple[bytes | None, ...]]:
        if not ids:
            return ()
        keys = [record_key(self.prefix, kind, id) for id in ids]
        if self._chunk == 1:
            found = yield tuple(("GET", key) for key in keys)
        else:
            (found,) = yield (("MGET", *keys),)
        return tuple(found)

    def forget(self, ids: Sequence[str], kind: str = "task") -> Flow[None]:
        if ids:
            keys = [record_key(self.prefix, kind, id) for id in ids]
            yield tuple(("DEL", key, mark_of(key)) for key in keys)

    def expire(self) -> Flow[int]:
        """Redis does this itself."""
        return done(0)

    def channel(self, id: str) -> str:
        return record_key(self.prefix, "task", id)


def result_prefix(global_keyprefix: str) -> str:
    """Celery separates the prefix of result keys by `_` unless it ends in a separator of its own."""
    if global_keyprefix and global_keyprefix[-1] not in ":_-.":
        return global_keyprefix + "_"
    return global_keyprefix
