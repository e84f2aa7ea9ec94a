"""Events on Redis as kombu lays them out: PUBLISH on a channel named by exchange and routing key."""

from ...core.flow import Flow
from ...core.ids import uuid
from ...core.message import Message
from ...wire import envelope
from .keys import Keys


class RedisNewswire:
    """Flows of events; no I/O. Listeners subscribe to patterns, in which `*` stands for anything."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def tell(self, exchange: str, routing_key: str, message: Message) -> Flow[None]:
        raw = envelope.encode_kombu(message, exchange=exchange, routing_key=routing_key, tag=uuid())
        yield (("PUBLISH", self._keys.fanout(exchange, routing_key), raw),)

    def channel(self, exchange: str, pattern: str) -> str:
        return self._keys.fanout(exchange, pattern.replace("#", "*"))

    def read(self, payload: bytes) -> Message:
        return envelope.decode(payload)
