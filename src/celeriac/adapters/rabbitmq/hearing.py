"""What ears listen to, without I/O: channels of the bus, and exchanges of Celery's, each by a queue of its own."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import msgspec
from pamqp import base

from ...core.errors import DecodeError
from ...core.ids import uuid
from . import methods
from .bus import DECLARATION, bind, unbind
from .channel import Channel
from .contents import Arrival, message_of, raw_of

# More than this unread means that nobody listens any more; then the oldest are forgotten.
_UNREAD_LIMIT: Final = 100_000
_SIGN: Final = "\x1f"  # in no name of an exchange, and so in no channel of the bus that means another
FANOUT: Final = "fanout"  # commands
DIRECT: Final = "direct"  # their replies
TOPIC: Final = "topic"  # events


class Lifetimes(msgspec.Struct, frozen=True):
    """What the settings say about queues of commands, replies and events; in seconds."""

    control_queue_ttl: float | None = 300.0
    control_queue_expires: float | None = 10.0
    event_queue_ttl: float | None = 5.0
    event_queue_expires: float | None = 60.0
    event_queue_prefix: str = "celeryev"

    def arguments(self, kind: str) -> dict[str, Any]:
        events = kind == TOPIC
        expires, ttl = (
            (self.event_queue_expires, self.event_queue_ttl)
            if events
            else (self.control_queue_expires, self.control_queue_ttl)
        )
        found: dict[str, Any] = {}
        if expires:  # RabbitMQ refuses a queue that expires at once
            found["x-expires"] = max(int(expires * 1000), 1)
        if ttl is not None:
            found["x-message-ttl"] = int(ttl * 1000)
        return found


SETTINGS: Final = Lifetimes.__struct_fields__


def lifetimes(settings: Mapping[str, Any]) -> Lifetimes:
    return Lifetimes(**{name: settings[name] for name in SETTINGS if name in settings})


class Wire(msgspec.Struct, frozen=True):
    """An exchange that is listened to; its kind says what for."""

    kind: str
    exchange: str
    pattern: str = ""

    @property
    def channel(self) -> str:
        """What an ear is told to listen to."""
        return _SIGN.join((self.kind, self.exchange, self.pattern))

    @property
    def declaration(self) -> base.Frame:
        """As Celery declares it: events outlive a restart of the node, commands and replies do not."""
        return methods.DeclareExchange(
            exchange=self.exchange, exchange_type=self.kind, durable=self.kind == TOPIC, auto_delete=False
        )

    def queue(self, prefix: str) -> str:
        """A name for one more queue of it. A box has one queue only, so it can have Celery's name."""
        if self.kind == TOPIC:
            return f"{prefix}.{uuid()}"
        return f"{self.pattern or uuid()}.{self.exchange}"


def wire_of(channel: str) -> Wire | None:
    """The exchange behind a channel; None for those of the bus."""
    parts = channel.split(_SIGN)
    if len(parts) != 3 or parts[0] not in (FANOUT, DIRECT, TOPIC) or (parts[0] == FANOUT and parts[2]):
        return None
    return Wire(*parts)


class Hearing:
    """What both colours know: what is listened to, what was heard and not told yet, the names of the queues."""

    def __init__(self, lifetimes: Lifetimes) -> None:
        self._lifetimes = lifetimes
        self.channels: dict[str, None] = {}
        self.heard: deque[tuple[str, bytes]] = deque(maxlen=_UNREAD_LIMIT)
        self._bus = ""  # the queue that hears the bus, if one is needed
        self._queues: dict[str, str] = {}  # of wires: channel -> queue, which is the consumer's name too
        self._told: dict[str, str] = {}  # and back

    def begin(self, channel: Channel, lost: Callable[[], None]) -> list[base.Frame]:
        """All that has to be asked for on a new connection; `lost` is called when a queue is deleted later."""
        self._bus = ""
        self._queues.clear()
        self._told.clear()

        def cancelled(consumer: str) -> None:
            if consumer == self._bus or consumer in self._told:
                lost()

        channel.on_delivery = self._delivered
        channel.on_cancelled = cancelled
        return [method for name in self.channels for method in self._listen(name)]

    def wish(self, channels: Iterable[str], listen: bool) -> list[base.Frame]:
        """What has to be asked for, to listen to these from now on, or no longer."""
        wanted: list[base.Frame] = []
        for name in dict.fromkeys(channels):
            if listen and name not in self.channels:
                self.channels[name] = None
                wanted += self._listen(name)
            elif not listen and name in self.channels:
                del self.channels[name]
                wanted += self._leave(name)
        return wanted

    def _listen(self, name: str) -> list[base.Frame]:
        wire = wire_of(name)
        if wire is not None:
            queue = self._queues[name] = wire.queue(self._lifetimes.event_queue_prefix)
            self._told[queue] = name
            key = wire.pattern
            return [
                wire.declaration,
                *_queue(queue, self._lifetimes.arguments(wire.kind)),
                methods.Bind(queue=queue, exchange=wire.exchange, routing_key=key),
            ]
        if self._bus:
            return [bind(self._bus, name)]
        self._bus = f"celeriac.ear.{uuid()}"
        return [DECLARATION, *_queue(self._bus, {}), bind(self._bus, name)]

    def _leave(self, name: str) -> list[base.Frame]:
        queue = self._queues.pop(name, None)
        if queue is None:
            return [unbind(self._bus, name)]
        del self._told[queue]
        return [methods.Cancel(consumer_tag=queue), methods.Delete(queue=queue)]

    def _delivered(self, consumer: str, arrival: Arrival) -> None:
        name = self._told.get(consumer)
        if name is not None:
            self.heard.append((name, _payload(arrival)))
        elif arrival.key in self.channels:
            self.heard.append((arrival.key, arrival.body))


def _queue(name: str, arguments: dict[str, Any]) -> tuple[base.Frame, base.Frame]:
    """Nobody else's, and gone with its connection."""
    return (
        methods.Declare(queue=name, exclusive=True, auto_delete=True, arguments=arguments),
        methods.Consume(queue=name, no_ack=True, consumer_tag=name),
    )


def _payload(arrival: Arrival) -> bytes:
    """The whole message as one piece of bytes; of one that can't be read, something that can't be read either."""
    try:
        return raw_of(message_of(arrival)[0])
    except DecodeError:
        return b"\x00" + arrival.body
