"""A transport of Redis, its sync link and an owner with a lease, for tests that look at what lies in the server."""

from typing import Any

from celeriac.adapters.redis import RedisTransport
from celeriac.core.delivery import Action, Delivery, Settlement
from celeriac.core.flow import Flow
from celeriac.core.message import Message, Post, Queue, Route
from celeriac.core.ports import TransportOptions
from servers.redis_server import RedisServer


class Desk:
    """One transport, its sync link and an owner with a lease."""

    def __init__(self, server: RedisServer, **options: Any) -> None:
        self.transport = RedisTransport([server.url], TransportOptions(options=options, connect_timeout=30.0))
        self.broker = self.transport.broker
        self.run(self.transport.lease.acquire("worker/me", "me", 600.0))

    def run(self, flow: Flow[Any]) -> Any:
        return self.transport.link().run(flow, 60.0)

    def publish(self, id: str = "a", route: Route | None = None, priority: int | None = None) -> None:
        headers = {"lang": "py", "task": "t", "id": id}
        message = Message(headers, {"correlation_id": id, "delivery_mode": 2, "priority": priority or 0}, b"[[],{},{}]")
        self.run(self.broker.publish([Post(message, route or Route("celery"), priority)]))

    def take(self, queue: str = "celery") -> Delivery:
        (delivery,) = self.run(self.broker.claim("me", [Queue(queue)], 1)).deliveries
        return delivery

    def settle(self, delivery: Delivery, action: Action = Action.ACK, **rest: Any) -> bool:
        (settled,) = self.run(self.broker.settle("me", [Settlement(delivery, action, **rest)]))
        return settled

    def close(self) -> None:
        self.transport.link().close()
