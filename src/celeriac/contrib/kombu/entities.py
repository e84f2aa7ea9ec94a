"""Exchange, Queue, binding and Broadcast: descriptions that can be bound to a channel and declared there."""

from collections.abc import Iterable
from typing import Any, ClassVar, Self

from celeriac.app.entities import queue_of
from celeriac.core.ids import uuid


class _Described:
    """What both kinds of entity can do: be compared, copied, and bound to a channel."""

    attrs: ClassVar[tuple[str, ...]] = ()
    channel: Any = None

    def _take(self, options: dict[str, Any]) -> None:
        for name, value in options.items():
            setattr(self, name, value)

    def __call__(self, channel: Any) -> Self:
        return self.bind(channel)

    def bind(self, channel: Any) -> Self:
        """The same, on this channel (or connection)."""
        bound = type(self).__new__(type(self))
        bound.__dict__.update(self.__dict__)
        bound.channel = channel
        return bound

    maybe_bind = bind

    @property
    def is_bound(self) -> bool:
        """True if it has a channel to be declared on."""
        return self.channel is not None

    def as_dict(self, recurse: bool = False) -> dict[str, Any]:
        """Its description."""
        found = {name: getattr(self, name, None) for name in self.attrs}
        if recurse:
            found = {
                name: value.as_dict(True) if isinstance(value, _Described) else value for name, value in found.items()
            }
        return found

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self.as_dict(True) == other.as_dict(True)

    def __hash__(self) -> int:
        return hash(getattr(self, "name", ""))

    def __copy__(self) -> Self:
        return self.bind(None)


class Exchange(_Described):
    """Where messages are published to: `Exchange("media", type="topic")`."""

    attrs = ("name", "type", "arguments", "durable", "passive", "auto_delete", "delivery_mode", "no_declare")
    durable = True
    auto_delete = passive = no_declare = False
    delivery_mode: Any = None
    arguments: Any = None

    def __init__(self, name: str = "", type: str = "direct", channel: Any = None, **options: Any) -> None:
        self.name = name
        self.type = type or "direct"
        self.channel = channel
        self._take(options)

    def declare(self, **kwargs: Any) -> None:
        """Exchanges become known with the first queue that is bound to them."""

    def publish(self, message: Any, routing_key: str | None = None, **options: Any) -> Any:
        """Publish to this exchange."""
        return self.channel.Producer(exchange=self).publish(message, routing_key=routing_key, **options)

    def __repr__(self) -> str:
        return f"<Exchange {self.name or repr('')}({self.type})>"


class binding(_Described):  # noqa: N801 - kombu's name
    """One more way by which messages reach a queue."""

    attrs = ("exchange", "routing_key", "arguments")

    def __init__(
        self, exchange: Any = None, routing_key: str = "", arguments: Any = None, unbind_arguments: Any = None
    ) -> None:
        self.exchange = exchange
        self.routing_key = routing_key
        self.arguments = arguments
        self.unbind_arguments = unbind_arguments

    def __repr__(self) -> str:
        return f"<binding: {self.exchange}->{self.routing_key}>"


class Queue(_Described):
    """A queue and how it is bound: `Queue("images", Exchange("media"), routing_key="media.image")`."""

    attrs = (
        *("name", "exchange", "routing_key", "queue_arguments", "binding_arguments", "consumer_arguments"),
        *("durable", "exclusive", "auto_delete", "no_ack", "alias", "bindings", "no_declare"),
        *("expires", "message_ttl", "max_length", "max_length_bytes", "max_priority"),
    )
    durable = True
    exclusive = auto_delete = no_ack = no_declare = False
    alias: str | None = None
    expires = message_ttl = max_length = max_length_bytes = max_priority = None
    queue_arguments: Any = None
    binding_arguments: Any = None
    consumer_arguments: Any = None

    def __init__(
        self,
        name: str = "",
        exchange: Any = None,
        routing_key: str = "",
        channel: Any = None,
        bindings: Iterable[Any] | None = None,
        on_declared: Any = None,
        **options: Any,
    ) -> None:
        self.name = name
        several = exchange if isinstance(exchange, list | tuple | set) else ()  # Queue("name", [binding(...), ...])
        self.bindings = {*several, *(bindings or ())}
        self.exchange = Exchange(exchange) if isinstance(exchange, str) else (not several and exchange) or Exchange()
        self.routing_key = routing_key
        self.channel = channel
        self.on_declared = on_declared
        self._take(options)

    def declare(self, nowait: bool = False, channel: Any = None) -> str:
        """Make it known to the broker; returns its name."""
        if not self.name:
            self.name = f"celeriac.gen-{uuid()}"
        (channel or self.channel).declare(queue_of(self))
        if self.on_declared is not None:
            self.on_declared(self.name, 0, 0)
        return self.name

    queue_declare = declare

    def purge(self, nowait: bool = False) -> int:
        """Drop what waits in it; returns how many messages."""
        dropped: int = self.channel.purge(self.name)
        return dropped

    def get(self, no_ack: bool | None = None, accept: Any = None) -> Any:
        """The next message, or None."""
        return self.channel.next_of(self, bool(no_ack), accept)

    @classmethod
    def from_dict(cls, queue: str, **options: Any) -> "Queue":
        """A queue from the options of an entry of a dict of queues."""
        exchange = Exchange(options.pop("exchange", None) or "", options.pop("exchange_type", None) or "direct")
        key = options.pop("binding_key", None) or options.pop("routing_key", None) or ""
        return cls(queue, exchange, key, **options)

    def __repr__(self) -> str:
        return f"<Queue {self.name} -> {self.exchange!r} -> {self.routing_key}>"


class Broadcast(Queue):
    """A queue of this process alone on a fanout exchange: every worker gets each message."""

    def __init__(
        self,
        name: str | None = None,
        queue: str | None = None,
        unique: bool = False,
        auto_delete: bool = True,
        exchange: Any = None,
        alias: str | None = None,
        **options: Any,
    ) -> None:
        own = f"{queue or 'bcast'}.{uuid()}" if unique or not queue else queue
        super().__init__(own, exchange or Exchange(name or "", type="fanout"), **options)
        self.auto_delete = auto_delete
        self.alias = alias or name
