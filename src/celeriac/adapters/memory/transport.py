"""`memory://` and `memory://name`: the transport and its two links."""

import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from celeriac.core.errors import OperationalError
from celeriac.core.flow import Flow, adrive, drive
from celeriac.core.message import Queue
from celeriac.core.ports import Transport, TransportOptions

from .bound import MemoryBound
from .broker import MemoryBroker
from .chains import MemoryChains
from .delayed import MemoryDelayed
from .ears import MemoryAsyncEar, MemoryBell, MemoryEar
from .joins import MemoryJoins
from .keeping import MemoryBus, MemoryDeadLetters, MemoryLease, MemoryResults
from .plans import MemoryPlans
from .revocations import MemoryRevocations
from .seeker import MemorySeeker
from .store import Store

T = TypeVar("T")
_stores: dict[str, Store] = {}
_stores_lock = threading.Lock()


class MemoryTransport:
    """All transports of one URL in one process share one store; its clock is that of the first.

    A forked child has a copy of its own, as with any memory: for several processes use `sqlite://`.
    """

    def __init__(self, urls: str | Sequence[str], options: TransportOptions | None = None) -> None:
        self._url = urls if isinstance(urls, str) else urls[0]
        options = options or TransportOptions()
        with _stores_lock:
            self.store = _stores.setdefault(self._url, Store(options.clock))
        self.broker = MemoryBroker()
        self.dead = MemoryDeadLetters()
        self.results = MemoryResults()
        self.joins = MemoryJoins()
        self.chains = MemoryChains()
        self.lease = MemoryLease()
        self.plans = MemoryPlans()
        self.bus = MemoryBus()
        self.revocations = MemoryRevocations()
        self.delayed = MemoryDelayed()
        self.seeker = MemorySeeker()
        self.bound = MemoryBound()
        self._link = MemoryLink(self.store)

    def link(self) -> "MemoryLink":
        return self._link

    async def alink(self) -> "MemoryAsyncLink":
        return MemoryAsyncLink(self.store)

    def settles(self, results: Transport) -> bool:
        return isinstance(results, MemoryTransport) and results.store is self.store

    def describe(self) -> str:
        return self._url

    def forget(self) -> None:
        """The next transport of this URL starts with an empty store (for tests)."""
        with _stores_lock:
            _stores.pop(self._url, None)


class MemoryLink:
    """Runs each request under the store's lock."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def run(self, flow: Flow[T], timeout: float) -> T:
        def perform(request: Callable[[Store], Any]) -> Any:
            return perform_on(self._store, request, timeout)

        return drive(flow, perform)

    def listen(self) -> MemoryEar:
        return MemoryEar(self._store.listeners)

    def close(self) -> None:
        """There is nothing to close."""


class MemoryAsyncLink:
    """The same in async code: the lock is held for microseconds, so the loop may wait for it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def run(self, flow: Flow[T], timeout: float) -> T:
        async def perform(request: Callable[[Store], Any]) -> Any:
            return perform_on(self._store, request, timeout)

        return await adrive(flow, perform)

    async def bell(self, queues: Sequence[Queue]) -> MemoryBell:
        return MemoryBell(self._store.listeners, queues)

    async def listen(self) -> MemoryAsyncEar:
        return MemoryAsyncEar(self._store.listeners)

    async def close(self) -> None:
        """There is nothing to close."""


def perform_on(store: Store, request: Callable[[Store], Any], timeout: float) -> Any:
    """One request is one atomic step."""
    if not store.lock.acquire(timeout=timeout):
        raise OperationalError(f"The memory store was busy for {timeout} s.")
    try:
        return request(store)
    finally:
        store.lock.release()
