"""Remote control on Redis as kombu lays it out: commands by PUBLISH, replies in a list that is bound for a moment."""

from typing import Final

from ...core.errors import DecodeError
from ...core.flow import Flow
from ...core.ids import uuid
from ...core.message import Message
from ...wire import envelope
from .keys import Keys
from .routing import queues_bound

_AT_ONCE: Final = 1000
_KEPT: Final = 60  # seconds
# kombu deletes the bindings of an exchange that nobody has used for so long: ours, too, if we can't.
_LIFETIME: Final = 3_600_000  # milliseconds


class RedisPidbox:
    """Flows of commands; no I/O. In a cluster a server knows only the listeners that are its own clients."""

    def __init__(self, keys: Keys, clustered: bool) -> None:
        self._keys = keys
        self._clustered = clustered

    def channel(self, exchange: str) -> str:
        return self._keys.fanout(exchange)

    def call(self, exchange: str, message: Message) -> Flow[int | None]:
        raw = envelope.encode_kombu(message, exchange=exchange, tag=uuid())
        (heard,) = yield (("PUBLISH", self._keys.fanout(exchange), raw),)
        return None if self._clustered else int(heard)

    def read(self, payload: bytes) -> Message:
        return envelope.decode(payload)

    def answer(self, exchange: str, box: str, message: Message) -> Flow[None]:
        (bound,) = yield (("SMEMBERS", self._keys.bindings(exchange)),)
        raw = envelope.encode_kombu(message, exchange=exchange, routing_key=box, tag=uuid())
        lines = [self._keys.line(queue) for queue in queues_bound(bound, self._keys.sep, box)]
        if lines:
            # Whoever asked may leave before the reply is there: it must not stay for ever.
            yield tuple(step for line in lines for step in (("LPUSH", line, raw), ("EXPIRE", line, _KEPT)))

    def box_channel(self, exchange: str, box: str) -> str | None:
        return None

    def open(self, exchange: str, box: str) -> Flow[None]:
        ((seconds, _),) = yield (("TIME",),)
        deadline = int(seconds) * 1000 + _LIFETIME
        yield (
            ("SADD", self._keys.bindings(exchange), self._member(exchange, box)),
            ("ZADD", f"{self._keys.prefix}_kombu.binding_deadlines", "GT", deadline, exchange),
        )

    def collect(self, exchange: str, box: str, seconds: float) -> Flow[tuple[Message, ...]]:
        line = self._keys.line(_queue(exchange, box))
        (first,) = yield (("BRPOP", line, f"{max(seconds, 0.01):.3f}"),)
        if first is None:
            return ()
        (more,) = yield (("RPOP", line, _AT_ONCE),)
        return tuple(message for raw in (first[1], *(more or ())) if (message := _decoded(raw)) is not None)

    def close(self, exchange: str, box: str) -> Flow[None]:
        member = self._member(exchange, box)
        yield (
            ("SREM", self._keys.bindings(exchange), member),
            ("DEL", *self._keys.lines(_queue(exchange, box))),
        )

    def _member(self, exchange: str, box: str) -> str:
        return self._keys.sep.join((box, "", _queue(exchange, box)))


def _queue(exchange: str, box: str) -> str:
    """kombu's name for the queue of a box."""
    return f"{box}.{exchange}"


def _decoded(raw: bytes) -> Message | None:
    """A reply that can't be read is as good as none."""
    try:
        return envelope.decode(raw)
    except DecodeError:
        return None
