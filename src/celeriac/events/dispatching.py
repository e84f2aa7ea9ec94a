"""The dispatcher of programs: sends events of their own, from any process, one message at a time or buffered."""

import os
import socket
import time
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any, Final, Self

from celeriac.core.flow import Flow
from celeriac.core.message import Message
from celeriac.core.ports.newswire import Newswire
from celeriac.wire import serializers

from .buswire import newswire
from .words import group_of, routing_key_of, utcoffset

_TIMEOUT: Final = 5.0
_MOST: Final = 10_000  # buffered; then the oldest are forgotten


class EventDispatcher:
    """`dispatcher.send("my-event", number=3)`. Raises OperationalError if the broker is away."""

    app: Any = None

    def __init__(
        self,
        connection: Any = None,
        hostname: str | None = None,
        enabled: bool = True,
        channel: Any = None,
        buffer_while_offline: bool = True,
        app: Any = None,
        serializer: str | None = None,
        groups: Iterable[str] | None = None,
        delivery_mode: int = 1,
        buffer_group: Iterable[str] | None = None,
        buffer_limit: int = 24,
        on_send_buffered: Any = None,
    ) -> None:
        self.app = app or self.app
        self.connection = connection
        self.channel = channel
        self.hostname = hostname or f"gen{os.getpid()}@{socket.gethostname()}"
        self.groups = set(groups or ())  # empty: all
        self.buffer_while_offline = buffer_while_offline
        self.serializer = serializer or self.app.conf["event_serializer"]
        self.pid = os.getpid()
        self.delivery_mode = delivery_mode
        self._exchange: str = self.app.conf["event_exchange"]
        self._buffer: deque[dict[str, Any]] = deque(maxlen=_MOST)
        self._wire: Newswire | None = None
        self.enabled = False
        self.on_enabled: set[Any] = set()
        self.on_disabled: set[Any] = set()
        if enabled:
            self.enable()

    def enable(self) -> None:
        """Send from now on."""
        transport = self.app.transports.write
        self._wire = newswire(transport, transport.bus)
        self._link = transport.link()
        self.enabled = self._wire is not None
        for callback in self.on_enabled:
            callback()

    def disable(self) -> None:
        """Send no more."""
        if self.enabled:
            self.enabled = False
            for callback in self.on_disabled:
                callback()

    close = disable

    def send(
        self,
        type: str,
        blind: bool = False,
        utcoffset: Any = utcoffset,
        retry: bool = False,
        retry_policy: Any = None,
        **fields: Any,
    ) -> None:
        """An event of this type, if it is enabled and of a wanted group."""
        if self.enabled and (not self.groups or group_of(type) in self.groups):
            offset = utcoffset() if callable(utcoffset) else utcoffset
            self.publish(type, {"utcoffset": offset, **fields}, blind=blind)

    def publish(self, type: str, fields: dict[str, Any], producer: Any = None, blind: bool = False, **_: Any) -> None:
        """One event, at once."""
        self._tell(routing_key_of(type), self._event(type, fields, blind))

    def publish_many(self, type: str, many: Iterable[dict[str, Any]]) -> None:
        """Several of one type in one message."""
        told = list(many)
        if told and self._wire is not None:
            self._link.run(self.telling(type, told), _TIMEOUT)

    def telling(self, type: str, many: Sequence[dict[str, Any]]) -> Flow[int | None]:
        """The flow that tells of these, at least one, in one message."""
        events = [self._event(type, {"utcoffset": utcoffset(), **fields}, blind=False) for fields in many]
        if len(events) == 1:
            return self._flow(routing_key_of(type), events[0])
        return self._flow(f"{group_of(type)}.multi", events)

    def buffer(self, type: str, **fields: Any) -> None:
        """Keep one for `flush`."""
        self._buffer.append(self._event(type, {"utcoffset": utcoffset(), **fields}, blind=False))

    def extend_buffer(self, other: "EventDispatcher") -> None:
        """Take over what another has buffered."""
        self._buffer.extend(other._buffer)

    def flush(self, errors: bool = True, groups: bool = True) -> None:
        """Send what was buffered."""
        while self._buffer and self.enabled:
            event = self._buffer[0]
            self._tell(routing_key_of(event["type"]), event)
            self._buffer.popleft()

    def _event(self, type: str, fields: dict[str, Any], blind: bool) -> dict[str, Any]:
        return {
            "type": type,
            "hostname": self.hostname,
            "pid": self.pid,
            "clock": None if blind else self.app.clock.forward(),
            "timestamp": time.time(),
            **fields,
        }

    def _tell(self, routing_key: str, said: Any) -> None:
        if self._wire is not None:
            self._link.run(self._flow(routing_key, said), _TIMEOUT)

    def _flow(self, routing_key: str, said: Any) -> Flow[int | None]:
        assert self._wire is not None
        content_type, encoding, body = serializers.dumps(said, self.serializer)
        properties = {"delivery_mode": self.delivery_mode}
        message = Message({"hostname": self.hostname}, properties, body, content_type, encoding)
        return self._wire.tell(self._exchange, routing_key, message)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()
