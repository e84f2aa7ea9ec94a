"""Looks for one task in the memory store."""

from collections.abc import Iterable, Iterator, Sequence

from celeriac.core.flow import Flow
from celeriac.core.whereabouts import Whereabouts
from celeriac.wire.envelope import is_of

from .store import Store


class MemorySeeker:
    """Every message is looked at, in all queues."""

    def find(self, id: str, queues: Sequence[str]) -> Flow[Whereabouts]:
        def find(store: Store) -> Whereabouts:
            for queue in list(store.delayed):
                store.ripen(queue)
            return next((place for place, raw in _messages(store) if is_of(raw, id)), Whereabouts.UNKNOWN)

        found: Whereabouts = yield find
        return found


def _messages(store: Store) -> Iterator[tuple[Whereabouts, bytes]]:
    def raws(lines: Iterable[list[tuple[float, int]]] | Iterable[list[tuple[int, int]]]) -> Iterator[bytes]:
        return (store.items[entry[1]].raw for line in lines for entry in line)

    for raw in raws(store.ready.values()):
        yield Whereabouts.QUEUED, raw
    for raw in raws(store.delayed.values()):
        yield Whereabouts.DELAYED, raw
    for _, item in store.held.values():
        yield Whereabouts.CLAIMED, item.raw
    for letter, _ in store.dead.values():
        yield Whereabouts.DEAD, letter.raw
