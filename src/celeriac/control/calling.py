"""One command on its way: the request as a message, which replies are its own, and when there are enough."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from celeriac.core.errors import ContentDisallowed, DecodeError, ImproperlyConfigured, SerializerNotInstalled
from celeriac.core.ids import uuid
from celeriac.core.message import Message
from celeriac.wire import serializers
from celeriac.wire.body import body_of

MATCHERS: Final = ("glob", "pcre")
RECORDED: Final = "celeriac-recorded"  # a header that only our workers know


class Exchanges(msgspec.Struct, frozen=True):
    """Where commands and replies go; two apps with another control_exchange do not hear each other."""

    call: str
    reply: str
    serializer: str = "json"  # how both are written there


def exchanges(conf: Any) -> Exchanges:
    """Where tasks are signed, commands and replies are signed too."""
    name = conf["control_exchange"]
    serializer = "auth" if conf["task_serializer"] == "auth" else "json"
    return Exchanges(f"{name}.pidbox", f"reply.{name}.pidbox", serializer)


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller wants said to whom, and how he waits for replies."""

    command: str
    arguments: Mapping[str, Any] = {}
    destination: Sequence[str] | None = None  # names of nodes; None: all
    pattern: str | None = None  # of their names
    matcher: str | None = None  # how the pattern is meant: glob (default) or pcre
    reply: bool = False
    timeout: float = 1.0
    limit: int | None = None
    callback: Callable[[Any], Any] | None = None
    recorded: bool = False  # a revocation that the broker's store has already: not every worker need put it there
    ticket: str = msgspec.field(default_factory=uuid)
    box: str = msgspec.field(default_factory=uuid)

    def check(self) -> None:
        """Raises ValueError for what no worker would understand."""
        if self.destination is not None and (
            isinstance(self.destination, str) or not isinstance(self.destination, (list, tuple))
        ):
            raise ValueError(f"destination must be a list of names of nodes, not {self.destination!r}")
        if self.matcher is not None and self.matcher not in MATCHERS:
            raise ValueError(f"matcher is {' or '.join(map(repr, MATCHERS))}, not {self.matcher!r}")

    def message(self, clock: int, exchanges: Exchanges) -> Message:
        """The request, as kombu's nodes read it."""
        body: dict[str, Any] = {
            "method": self.command,
            "arguments": dict(self.arguments),
            "destination": None if self.destination is None else list(self.destination),
            "pattern": self.pattern,
            "matcher": self.matcher or ("glob" if self.pattern else None),
        }
        if self.reply:
            body |= {"ticket": self.ticket, "reply_to": {"exchange": exchanges.reply, "routing_key": self.box}}
        headers: dict[str, Any] = {
            "clock": clock,
            "expires": time.time() + self.timeout if self.reply and self.timeout else 0,
        }
        if self.recorded:
            headers[RECORDED] = True
        content_type, encoding, data = serializers.dumps(body, exchanges.serializer)
        return Message(headers, {"delivery_mode": 2}, data, content_type, encoding)


def reply_message(reply: Any, headers: dict[str, Any], exchanges: Exchanges) -> Message:
    """What a node answers. Raises EncodeError for what can't be written."""
    content_type, encoding, data = serializers.dumps(reply, exchanges.serializer)
    return Message(headers, {"delivery_mode": 1}, data, content_type, encoding)


class Gathering:
    """The replies to one call. It is over when all who can answer have, so nobody waits out the time in vain."""

    def __init__(self, call: Call, accept: frozenset[str] | None, adjust: Callable[[int], Any]) -> None:
        self._call = call
        self._accept = accept
        self._adjust = adjust
        self._missing = None if call.destination is None else set(call.destination)
        self.heard: int | None = None  # how many nodes the command reached, where that is known
        self.replies: list[Any] = []

    @property
    def over(self) -> bool:
        call, count = self._call, len(self.replies)
        if call.limit and count >= call.limit:
            return True
        if self.heard == 0:
            return True
        if self._missing is not None:
            return not self._missing
        return call.pattern is None and self.heard is not None and count >= self.heard

    def add(self, message: Message) -> None:
        """One message out of the box; replies to another call of the same box are none of ours."""
        if message.headers.get("ticket", self._call.ticket) != self._call.ticket:
            return
        try:
            body = body_of(message, self._accept)
        except (DecodeError, ContentDisallowed, SerializerNotInstalled, ImproperlyConfigured):
            return
        clock = message.headers.get("clock")
        if isinstance(clock, int):
            self._adjust(clock)
        self.replies.append(body)
        if self._missing is not None and isinstance(body, dict):
            self._missing.difference_update(body)
        if self._call.callback is not None:
            self._call.callback(body)
