"""The data of one memory transport, shared by all who name the same URL in this process."""

import heapq
import itertools
import threading
from collections import defaultdict
from collections.abc import Sequence

import msgspec

from celeriac.core.bindings import Binding, reached
from celeriac.core.clock import Clock
from celeriac.core.delivery import DeadLetter
from celeriac.core.message import Post, Route
from celeriac.core.ports.plans import Plan
from celeriac.core.record import Record
from celeriac.wire.envelope import encode_packed

from .joined import Joined
from .listeners import Listeners
from .revocations import Marks


class Item(msgspec.Struct):
    """A message in the store; `rank` is its priority upside down, for heaps serve the smallest first."""

    number: int
    queue: str
    rank: int
    raw: bytes
    deliveries: int = 0


class Tenure(msgspec.Struct):
    """A lease as it stands."""

    holder: str
    term: int
    end: float


class Pages(msgspec.Struct):
    """A book of plans as it stands."""

    revision: int = 0
    plans: dict[str, Plan] = {}


class Store:
    """Everything is touched under `lock` only; the flows' requests are functions of a Store."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.lock = threading.Lock()
        self.numbers = itertools.count(1)
        self.items: dict[int, Item] = {}
        self.ready: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self.delayed: dict[str, list[tuple[float, int]]] = defaultdict(list)
        self.held: dict[str, tuple[str, Item]] = {}
        self.bindings: dict[str, set[Binding]] = defaultdict(set)
        self.dead: dict[int, tuple[DeadLetter, Item]] = {}
        self.records: dict[tuple[str, str], tuple[Record, float | None]] = {}
        self.leases: dict[str, Tenure] = {}
        self.joins = Joined(clock)
        self.books: dict[str, Pages] = defaultdict(Pages)
        self.revoked = Marks(clock)
        self.listeners = Listeners()

    def route(self, route: Route) -> tuple[str, ...]:
        return reached(self.bindings[route.exchange] if route.exchange else (), route)

    def enter(self, post: Post, queues: Sequence[str]) -> None:
        """A new message, one copy per queue."""
        route = post.route
        priority = post.priority or 0
        raw = encode_packed(
            post.message, exchange=route.exchange, routing_key=route.routing_key, tag="", priority=priority
        )
        for queue in queues:
            item = Item(next(self.numbers), queue, -priority, raw)
            self.items[item.number] = item
            self.place(item, post.due)

    def place(self, item: Item, due: float | None) -> None:
        """Where it can be claimed, now or once it is due. Its number keeps its place among its equals."""
        if due is not None and due > self.clock.now():
            heapq.heappush(self.delayed[item.queue], (due, item.number))
        else:
            heapq.heappush(self.ready[item.queue], (item.rank, item.number))
        self.listeners.ring(item.queue)

    def ripen(self, queue: str) -> float | None:
        """Delayed messages that are due become ready; returns when the next one will."""
        waiting = self.delayed[queue]
        while waiting and waiting[0][0] <= self.clock.now():
            number = heapq.heappop(waiting)[1]
            heapq.heappush(self.ready[queue], (self.items[number].rank, number))
        return waiting[0][0] if waiting else None

    def alive(self, owner: str) -> bool:
        tenure = self.leases.get(f"worker/{owner}")
        return tenure is not None and tenure.holder == owner and tenure.end > self.clock.now()

    def bury(self, item: Item, reason: str) -> None:
        number = next(self.numbers)
        letter = DeadLetter(str(number), item.queue, item.raw, reason, self.clock.now())
        self.dead[number] = (letter, item)

    def keep(self, record: Record) -> None:
        """Store a record unless a success is there, and tell whoever listens."""
        old = self.record(record.kind, record.id)
        if old is not None and old.state == "SUCCESS":
            return
        end = None if record.ttl is None else self.clock.now() + record.ttl
        self.records[record.kind, record.id] = (record, end)
        self.listeners.tell(channel(record.id), record.payload)

    def record(self, kind: str, id: str) -> Record | None:
        record, end = self.records.get((kind, id), (None, None))
        return None if end is not None and end <= self.clock.now() else record


def channel(id: str) -> str:
    """The bus channel on which the record of a task is published."""
    return f"result/{id}"
