"""What travels: a message, where it is to go, and the queues and exchanges that carry it."""

from typing import Any

import msgspec


class Message(msgspec.Struct, frozen=True, gc=False):
    """Headers, properties and body bytes, as a broker carries them."""

    headers: dict[str, Any]
    properties: dict[str, Any]
    body: bytes
    content_type: str = "application/json"
    content_encoding: str = "utf-8"
    # Who made it knows that headers and properties hold only what every JSON encoder writes alike.
    plain: bool = False


class Exchange(msgspec.Struct, frozen=True):
    """A named place messages are published to; its type says how they reach queues."""

    name: str = ""
    type: str = "direct"  # direct | topic | fanout | headers
    durable: bool = True
    auto_delete: bool = False
    delivery_mode: int | None = None
    arguments: dict[str, Any] | None = None


class Queue(msgspec.Struct, frozen=True):
    """A named line of waiting messages and how it is bound to its exchange."""

    name: str
    exchange: Exchange = Exchange()
    routing_key: str = ""
    durable: bool = True
    exclusive: bool = False
    auto_delete: bool = False
    expires: float | None = None  # seconds without a consumer after which the queue goes
    message_ttl: float | None = None  # seconds
    max_length: int | None = None
    max_priority: int | None = None
    queue_arguments: dict[str, Any] | None = None
    binding_arguments: dict[str, Any] | None = None
    consumer_arguments: dict[str, Any] | None = None
    no_ack: bool = False
    alias: str | None = None
    # (exchange, routing key) pairs beside the main one
    bindings: tuple[tuple[Exchange, str], ...] = ()

    @property
    def direct(self) -> bool:
        """True where the default exchange reaches this queue by its name."""
        return self.exchange.type == "direct"


class Route(msgspec.Struct, frozen=True):
    """Where one message goes.

    `exchange` "" with `routing_key` = queue name is the default exchange: straight into that queue.
    `queue` is set where the sender knows the queue, so that it can be declared before the first message.
    """

    routing_key: str
    exchange: str = ""
    exchange_type: str = "direct"
    queue: Queue | None = None


class Post(msgspec.Struct, frozen=True, gc=False):
    """A message on its way out: what, where to, and not before when."""

    message: Message
    route: Route
    priority: int | None = None
    # Unix seconds. None: at once. Brokers that hold delayed messages themselves keep it until then;
    # it says the same as the message's `eta` header.
    due: float | None = None
