"""Events on Redis as kombu lays them out: PUBLISH on a channel named by exchange and routing key."""

from typing import Any, Final

from redis.exceptions import ResponseError

from ...core.errors import OperationalError
from ...core.flow import Flow
from ...core.ids import uuid
from ...core.message import Message
from ...wire import envelope
from .keys import Keys
from .sentinel import ROLE

_ASK_AGAIN: Final = 100  # messages that nobody heard, until it is asked again whether there are replicas


class RedisNewswire:
    """Flows of events; no I/O. Listeners subscribe to patterns, in which `*` stands for anything.

    PUBLISH counts the listeners of one server. That is all of them only where it is alone: no cluster, no replicas.
    """

    room = 64_000  # what is much larger leaves the caches of the processor before it is sent

    def __init__(self, keys: Keys, clustered: bool = False) -> None:
        self._keys = keys
        self._may_count = not clustered
        self._counts = False
        self._asked = _ASK_AGAIN  # how many messages ago

    def tell(self, exchange: str, routing_key: str, *messages: Message) -> Flow[int | None]:
        channel = self._keys.fanout(exchange, routing_key)
        heard = yield tuple(("PUBLISH", channel, self._raw(exchange, routing_key, message)) for message in messages)
        if heard[-1]:
            return int(heard[-1])
        return 0 if (yield from self._is_alone()) else None

    @staticmethod
    def _raw(exchange: str, routing_key: str, message: Message) -> bytes:
        return envelope.encode_kombu(message, exchange=exchange, routing_key=routing_key, tag=uuid())

    def _is_alone(self) -> Flow[bool]:
        self._asked += 1
        if self._may_count and self._asked > _ASK_AGAIN:
            self._asked = 0
            try:
                (role,) = yield ROLE
                self._counts = _is_master_without_replicas(role)
            except OperationalError as error:
                self._counts = False
                # A proxy, or an ACL: it will not be told another time either. Else it may only be away.
                self._may_count = not isinstance(error.__cause__, ResponseError)
        return self._counts

    def channel(self, exchange: str, pattern: str) -> str:
        return self._keys.fanout(exchange, pattern.replace("#", "*"))

    def read(self, payload: bytes) -> Message:
        return envelope.decode(payload)


def _is_master_without_replicas(role: Any) -> bool:
    return isinstance(role, list) and len(role) > 2 and role[0] in (b"master", "master") and role[2] == []
