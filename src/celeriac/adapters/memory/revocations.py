"""What must not run, in memory: marks with the version that recorded them and the end of their time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from celeriac.core.clock import Clock
from celeriac.core.flow import Flow
from celeriac.core.revocation import Revocation, Revoked

if TYPE_CHECKING:
    from .store import Store


class Marks:
    """The marks of one store, oldest version first."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._marks: dict[str, tuple[int, float]] = {}
        self.version = 0

    def add(self, marks: Sequence[str], ttl: float, most: int) -> None:
        now = self._clock.now()
        for old in [mark for mark, (_, end) in self._marks.items() if end <= now]:
            del self._marks[old]
        for mark in marks:
            self.version += 1
            self._marks.pop(mark, None)  # so that the dict stays in the order of versions
            self._marks[mark] = (self.version, now + ttl)
        for old in list(self._marks)[: max(0, len(self._marks) - most)]:
            del self._marks[old]

    def since(self, version: int, limit: int) -> Revoked:
        now = self._clock.now()
        found = [(each, mark, end - now) for mark, (each, end) in self._marks.items() if each > version and end > now]
        page = found[:limit]
        more = len(found) > limit
        entries = tuple(Revocation(mark, left) for _, mark, left in page)
        return Revoked(page[-1][0] if more else self.version, entries, more)


class MemoryRevocations:
    """The port: each flow asks for one function of the store."""

    def revoke(self, marks: Sequence[str], ttl: float, most: int) -> Flow[None]:
        def revoke(store: Store) -> None:
            store.revoked.add(marks, ttl, most)

        yield revoke

    def since(self, version: int, limit: int = 10_000) -> Flow[Revoked]:
        def read(store: Store) -> Revoked:
            return store.revoked.since(version, limit)

        found: Revoked = yield read
        return found
