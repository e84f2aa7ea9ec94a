"""Looks into the delayed heaps of a store."""

from collections.abc import Sequence

from celeriac.core.flow import Flow

from .store import Store


class MemoryDelayed:
    """Sorted on demand."""

    def waiting(self, queues: Sequence[str], limit: int) -> Flow[tuple[tuple[float, bytes], ...]]:
        def read(store: Store) -> tuple[tuple[float, bytes], ...]:
            now = store.clock.now()
            found = sorted(entry for queue in queues for entry in store.delayed.get(queue, ()) if entry[0] > now)
            return tuple((due, store.items[number].raw) for due, number in found[:limit])

        found: tuple[tuple[float, bytes], ...] = yield read
        return found
