"""The memory broker: queues as heaps, claims as a table, all under one lock."""

import heapq
from collections.abc import Sequence
from functools import partial

from celeriac.core.bindings import bindings_of, unroutable
from celeriac.core.delivery import Action, Claim, Delivery, Settlement
from celeriac.core.errors import LeaseLost, OperationalError
from celeriac.core.flow import Flow
from celeriac.core.join import Sequel
from celeriac.core.message import Post, Queue
from celeriac.core.ports.broker import Mark

from .chains import drop_pieces
from .store import Item, Store


class MemoryBroker:
    """Each flow asks for one function to be run on the store."""

    def declare(self, queues: Sequence[Queue]) -> Flow[None]:
        yield partial(_declare, queues=queues)

    def publish(self, posts: Sequence[Post]) -> Flow[None]:
        yield partial(_publish, posts=posts)

    def claim(self, owner: str, queues: Sequence[Queue], limit: int) -> Flow[Claim]:
        claim: Claim = yield partial(_claim, owner=owner, queues=queues, limit=limit)
        return claim

    def settle(self, owner: str, settlements: Sequence[Settlement]) -> Flow[tuple[bool, ...]]:
        def settle_all(store: Store) -> tuple[bool, ...]:
            return tuple(_settle(store, owner, settlement) for settlement in settlements)

        settled: tuple[bool, ...] = yield settle_all
        return settled

    def recover(self, mark: Mark) -> Flow[int]:
        recovered: int = yield partial(_recover, mark=mark)
        return recovered

    def held(self, owner: str) -> Flow[tuple[Delivery, ...]]:
        found: tuple[Delivery, ...] = yield partial(_held, owner=owner)
        return found

    def count(self, queues: Sequence[str]) -> Flow[dict[str, int]]:
        def count(store: Store) -> dict[str, int]:
            for queue in queues:
                store.ripen(queue)
            return {queue: len(store.ready[queue]) for queue in queues}

        counts: dict[str, int] = yield count
        return counts

    def purge(self, queues: Sequence[str]) -> Flow[int]:
        purged: int = yield partial(_purge, queues=queues)
        return purged


def _declare(store: Store, queues: Sequence[Queue]) -> None:
    for queue in queues:
        for binding in bindings_of(queue):
            store.bindings[binding.exchange].add(binding)


def _publish(store: Store, posts: Sequence[Post]) -> None:
    routed = [(post, store.route(post.route)) for post in posts]
    for post, queues in routed:
        if not queues and post.route.exchange_type != "fanout":
            raise OperationalError(unroutable(post.route))
    for post, queues in routed:
        store.enter(post, queues)


def _claim(store: Store, owner: str, queues: Sequence[Queue], limit: int) -> Claim:
    if not store.alive(owner):
        raise LeaseLost(f"Worker {owner} holds no lease (any more), so it may not claim messages.")
    dues = [due for queue in queues if (due := store.ripen(queue.name)) is not None]
    deliveries: list[Delivery] = []
    for queue in queues:
        ready = store.ready[queue.name]
        while ready and len(deliveries) < limit:
            item = store.items[heapq.heappop(ready)[1]]
            tag = f"{item.number}.{next(store.numbers)}"
            store.held[tag] = (owner, item)
            deliveries.append(_delivery(tag, item))
    return Claim(tuple(deliveries), min(dues, default=None), store.revoked.version)


def _delivery(tag: str, item: Item) -> Delivery:
    return Delivery(tag, item.queue, item.raw, item.deliveries > 0, item.deliveries)


def _held(store: Store, owner: str) -> tuple[Delivery, ...]:
    return tuple(_delivery(tag, item) for tag, (holder, item) in store.held.items() if holder == owner)


def _settle(store: Store, owner: str, settlement: Settlement) -> bool:
    holder, item = store.held.get(settlement.delivery.tag, ("", None))
    if item is None or holder != owner:
        return False
    del store.held[settlement.delivery.tag]
    if settlement.raw is not None:
        item.raw = settlement.raw
    _end(store, item, settlement)
    if settlement.record is not None:
        store.keep(settlement.record)
    _send(store, settlement.posts)
    for sequel in settlement.sequels:
        _follow(store, sequel)
    return True


def _follow(store: Store, sequel: Sequel) -> None:
    if sequel.group and not store.joins.close(sequel.group, sequel.owner, sequel.foreign):
        return
    for join in sequel.opens:
        store.joins.open(join)
    for join in sequel.grows:
        store.joins.grow(join)
    for record in sequel.records:
        store.keep(record)
    drop_pieces(store, sequel.drops)
    _send(store, sequel.posts)


def _send(store: Store, posts: Sequence[Post]) -> None:
    for post in posts:
        queues = store.route(post.route)
        store.enter(post, queues or ("",))
        if not queues:  # kept where people look, for there is nobody to tell
            give_up(store, "", unroutable(post.route))


def _end(store: Store, item: Item, settlement: Settlement) -> None:
    match settlement.action:
        case Action.REQUEUE:
            store.place(item, None)
        case Action.DEFER:
            store.place(item, settlement.due)
        case Action.DEAD:
            store.bury(store.items.pop(item.number), settlement.reason)
        case Action.ACK:
            del store.items[item.number]


def give_up(store: Store, queue: str, reason: str) -> None:
    for _, number in (*store.ready.pop(queue, ()), *store.delayed.pop(queue, ())):
        store.bury(store.items.pop(number), reason)


def _recover(store: Store, mark: Mark) -> int:
    lost = [(tag, item) for tag, (owner, item) in store.held.items() if not store.alive(owner)]
    for tag, item in lost:
        del store.held[tag]
        item.raw = mark(item.raw)
        item.deliveries += 1
        store.place(item, None)
    now = store.clock.now()
    for name in [name for name, tenure in store.leases.items() if name.startswith("worker/") and tenure.end <= now]:
        del store.leases[name]
    return len(lost)


def _purge(store: Store, queues: Sequence[str]) -> int:
    numbers = [entry[1] for queue in queues for entry in (*store.ready.pop(queue, ()), *store.delayed.pop(queue, ()))]
    for number in numbers:
        del store.items[number]
    return len(numbers)
