"""The bindings in the memory store."""

from celeriac.core.bindings import Binding
from celeriac.core.flow import Flow

from .store import Store


class MemoryBound:
    """They are kept as they were declared."""

    def bindings(self) -> Flow[tuple[Binding, ...]]:
        def read(store: Store) -> tuple[Binding, ...]:
            return tuple(binding for some in store.bindings.values() for binding in some)

        found: tuple[Binding, ...] = yield read
        return found
