"""The chains port on Redis: a string a piece, beside the results."""

from collections.abc import Sequence

from ...core.flow import Flow
from ...core.record import Record
from .packing import Command
from .results import RedisResults
from .settling import milliseconds, record_key


class RedisChains:
    """Flows of commands; no I/O."""

    def __init__(self, results: RedisResults) -> None:
        self._results = results

    def keep(self, pieces: Sequence[Record]) -> Flow[None]:
        return self._results.store(pieces)

    def read(self, id: str, later: Sequence[str] = (), ttl: float | None = None) -> Flow[bytes | None]:
        renewed = [self._renew(other, ttl) for other in later]
        found = yield (("GET", self._key(id)), *renewed)
        payload: bytes | None = found[0]
        return payload

    def drop(self, ids: Sequence[str]) -> Flow[None]:
        if ids:
            yield tuple(("DEL", self._key(id)) for id in ids)

    def _renew(self, id: str, ttl: float | None) -> Command:
        return ("PERSIST", self._key(id)) if ttl is None else ("PEXPIRE", self._key(id), milliseconds(ttl))

    def _key(self, id: str) -> str:
        return record_key(self._results.prefix, "chain", id)
