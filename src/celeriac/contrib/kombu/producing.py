"""Producer: publishes messages of one's own, in kombu's form."""

from collections.abc import Iterable, Mapping
from typing import Any, Self

import msgspec

from celeriac.app.entities import exchange_of, queue_of
from celeriac.core.message import Message, Post, Route
from celeriac.wire import compression as compressions
from celeriac.wire import serializers


class Producer:
    """`producer.publish({"hello": "world"}, exchange=exchange, routing_key="greeting", declare=[queue])`."""

    def __init__(
        self,
        channel: Any,
        exchange: Any = None,
        routing_key: str | None = None,
        serializer: str | None = None,
        auto_declare: bool | None = None,
        compression: str | None = None,
        on_return: Any = None,
    ) -> None:
        self.channel = channel
        self.exchange = exchange_of(exchange)
        self.routing_key = routing_key or ""
        self.serializer = serializer
        self.compression = compression
        self.auto_declare = auto_declare is not False

    @property
    def connection(self) -> Any:
        """Where it publishes."""
        return self.channel

    def publish(
        self,
        body: Any,
        routing_key: str | None = None,
        delivery_mode: Any = None,
        mandatory: bool = False,
        immediate: bool = False,
        priority: int = 0,
        content_type: str | None = None,
        content_encoding: str | None = None,
        serializer: str | None = None,
        headers: Mapping[str, Any] | None = None,
        compression: str | None = None,
        exchange: Any = None,
        retry: bool = False,
        retry_policy: Mapping[str, Any] | None = None,
        declare: Iterable[Any] = (),
        expiration: float | None = None,
        timeout: float | None = None,
        **properties: Any,
    ) -> None:
        """Returns when the broker has it; raises OperationalError within the app's publish_timeout."""
        place = self.exchange if exchange is None else exchange_of(exchange)
        if isinstance(exchange, str) and place.name == self.exchange.name:
            place = self.exchange
        queues = [queue_of(entity) for entity in declare or () if hasattr(entity, "routing_key")]
        if queues:
            self.channel.declare(*queues)
        message = self._message(body, content_type, content_encoding, serializer or self.serializer)
        message = self._compressed(message, dict(headers or {}), compression or self.compression)
        modes = {"transient": 1, "persistent": 2}
        properties["delivery_mode"] = modes.get(delivery_mode, delivery_mode) or place.delivery_mode or 2
        properties["priority"] = priority
        if expiration is not None:
            properties["expiration"] = str(int(expiration * 1000))
        key = self.routing_key if routing_key is None else routing_key
        route = Route(key, place.name, place.type, next((q for q in queues if q.exchange.name == place.name), None))
        post = Post(msgspec.structs.replace(message, properties=properties), route, priority)
        self.channel.app.publisher.publish([post], {"retry": retry, "retry_policy": retry_policy})

    def _message(self, body: Any, content_type: str | None, encoding: str | None, serializer: str | None) -> Message:
        """Bytes and text go as they are, unless a serializer is named."""
        if isinstance(body, bytes) and (content_type or not serializer):
            return Message({}, {}, body, content_type or "application/data", encoding or "binary")
        if isinstance(body, str) and (content_type or not serializer):
            return Message({}, {}, body.encode(), content_type or "text/plain", encoding or "utf-8")
        kind, written, raw = serializers.dumps(body, serializer or "json")
        return Message({}, {}, raw, kind, written)

    def _compressed(self, message: Message, headers: dict[str, Any], name: str | None) -> Message:
        body = message.body
        if name:
            body, headers["compression"] = compressions.compress(body, name)
        return msgspec.structs.replace(message, body=body, headers=headers)

    def declare(self) -> None:
        """Exchanges become known with the queues that are bound to them."""

    def maybe_declare(self, entity: Any, retry: bool = False, **retry_policy: Any) -> bool:
        """Make a queue known."""
        if hasattr(entity, "routing_key"):
            self.channel.declare(entity)
        return True

    def revive(self, channel: Any) -> None:
        """Go on with another channel."""
        self.channel = channel

    def close(self) -> None:
        """Nothing is its own."""

    release = close

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.release()
