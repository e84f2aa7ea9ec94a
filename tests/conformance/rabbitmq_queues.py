"""A RabbitMQ transport for the suites: queues are declared when they are first named, as the upper storeys do."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from celeriac.adapters.rabbitmq import RabbitTransport
from celeriac.adapters.rabbitmq.connecting import connect
from celeriac.adapters.rabbitmq.methods import Delete
from celeriac.core.delivery import Claim, Settlement
from celeriac.core.flow import Flow
from celeriac.core.message import Post, Queue
from celeriac.core.ports import TransportOptions


class Declaring:
    """The broker port, with every queue declared before it is used; all of one type, and with priorities if it can."""

    def __init__(self, broker: Any, kind: str, seen: set[str]) -> None:
        self._broker = broker
        self._kind = kind
        self.seen = seen
        self._known: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._broker, name)

    def declare(self, queues: Sequence[Queue]) -> Flow[None]:
        self.seen.update(queue.name for queue in queues)
        self._known.update(queue.name for queue in queues)
        yield from self._broker.declare([self._typed(queue) for queue in queues])

    def _typed(self, queue: Queue) -> Queue:
        if self._kind == "quorum":
            return msgspec.structs.replace(queue, queue_arguments={"x-queue-type": "quorum"})
        return msgspec.structs.replace(queue, max_priority=9)

    def _name(self, names: Iterable[str]) -> Flow[None]:
        new = [name for name in dict.fromkeys(names) if name not in self._known]
        if new:
            yield from self.declare([Queue(name) for name in new])

    def publish(self, posts: Sequence[Post]) -> Flow[None]:
        yield from self._name(post.route.routing_key for post in posts if not post.route.exchange)
        yield from self._broker.publish(posts)

    def claim(self, owner: str, queues: Sequence[Queue], limit: int) -> Flow[Claim]:
        yield from self._name(queue.name for queue in queues)
        return (yield from self._broker.claim(owner, queues, limit))

    def settle(self, owner: str, settlements: Sequence[Settlement]) -> Flow[tuple[bool, ...]]:
        yield from self._name(post.route.routing_key for one in settlements for post in one.posts)
        return (yield from self._broker.settle(owner, settlements))


class Vhost:
    """One virtual host, emptied between tests."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._seen: set[str] = {"celeriac.dead"}

    def transport(self, kind: str) -> RabbitTransport:
        made: Any = RabbitTransport([self.url], TransportOptions(settings=_SETTINGS, connect_timeout=30.0))
        made.broker = Declaring(made.broker, kind, self._seen)
        return made  # type: ignore[no-any-return]

    def empty(self) -> None:
        """Queues of all tests so far are deleted."""
        deadline = time.monotonic() + 100.0
        doorway = RabbitTransport([self.url], TransportOptions(connect_timeout=30.0))._doorway
        line, _ = connect(doorway, deadline)
        try:
            for name in sorted(self._seen):
                line.ask(Delete(queue=name), deadline)
        finally:
            line.close()
        self._seen.clear()
        self._seen.add("celeriac.dead")


_SETTINGS = {"broker_native_delayed_delivery_queue_type": "classic"}
