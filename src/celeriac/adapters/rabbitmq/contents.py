"""Messages on the wire: a Parcel on its way out, an Arrival that came in, and both ways between them and Messages."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from struct import Struct
from struct import error as StructError  # noqa: N812
from typing import Any, Final, overload

import msgspec

from ...core.errors import DecodeError, EncodeError
from ...core.message import Message, Post
from ...wire import envelope
from ...wire.forms import pack
from . import tables

_CLASS: Final = b"\x00\x3c\x00\x00"  # the class of contents is basic (60); weight 0
_U64: Final = Struct(">Q")
_U16: Final = Struct(">H")
# (name, flag) in their order on the wire; headers, delivery_mode and priority are no short strings
_PROPERTIES: Final = (
    ("content_type", 15),
    ("content_encoding", 14),
    ("headers", 13),
    ("delivery_mode", 12),
    ("priority", 11),
    ("correlation_id", 10),
    ("reply_to", 9),
    ("expiration", 8),
    ("message_id", 7),
    ("timestamp", 6),
    ("type", 5),
    ("user_id", 4),
    ("app_id", 3),
    ("cluster_id", 2),
)
_OCTETS: Final = ("delivery_mode", "priority")
_TEXTS: Final = tuple(
    (name, 1 << flag) for name, flag in _PROPERTIES if name not in ("headers", "delivery_mode", "priority", "timestamp")
)
_FLAGS: Final = {name: 1 << flag for name, flag in _PROPERTIES}
_AFTER: Final = _TEXTS[2:5]  # correlation_id, reply_to, expiration
_LAST: Final = tuple(text for text in _TEXTS if text[0] in ("type", "user_id", "app_id", "cluster_id"))
# What dead-lettering by the delay queues leaves in the headers: no business of the task's.
_TRACES: Final = ("x-death", "x-first-death-exchange", "x-first-death-queue", "x-first-death-reason")
_LAST_TRACES: Final = ("x-last-death-exchange", "x-last-death-queue", "x-last-death-reason")
COUNT: Final = "x-delivery-count"  # quorum queues: how often the message came back before


class Parcel(msgspec.Struct, frozen=True, gc=False):
    """One publish, ready but for the channel and the size of frames."""

    exchange: str
    key: str
    header: bytes  # the payload of the content header frame
    body: bytes
    mandatory: bool = True


class Parcels(Sequence[Parcel]):
    """Parcels that are made when they are looked at, and each time anew."""

    def __init__(self, posts: Sequence[Post], make: Callable[[Post], Parcel]) -> None:
        self._posts = posts
        self._make = make

    def __len__(self) -> int:
        return len(self._posts)

    @overload
    def __getitem__(self, place: int) -> Parcel: ...
    @overload
    def __getitem__(self, place: slice) -> list[Parcel]: ...
    def __getitem__(self, place: int | slice) -> Parcel | list[Parcel]:
        if isinstance(place, slice):
            return [self._make(post) for post in self._posts[place]]
        return self._make(self._posts[place])


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """One message as it came: by delivery, by get or returned."""

    tag: int
    redelivered: bool
    exchange: str
    key: str
    header: bytes
    body: bytes


def parcel(
    message: Message,
    exchange: str,
    key: str,
    priority: int | None = None,
    *,
    mandatory: bool = True,
    expires: bool = True,
) -> Parcel:
    """The message as AMQP carries it; without `expires` its time to live is left to whoever takes it in."""
    properties = message.properties
    flags = 0xF800  # content type and encoding, headers, delivery mode, priority
    parts = [
        b"",
        _kind(message.content_type or "application/data", "content_type"),
        _kind(message.content_encoding or "binary", "content_encoding"),
        tables.encode(message.headers),
        bytes((properties.get("delivery_mode") or 2, _priority(properties, priority))),
    ]
    for name, flag in _AFTER:
        value = properties.get(name)
        if value and (expires or name != "expiration"):
            flags |= flag
            parts.append(_text(value, name))
    flags |= _rest(parts, properties)
    parts[0] = _CLASS + _U64.pack(len(message.body)) + _U16.pack(flags)
    return Parcel(exchange, key, b"".join(parts), message.body, mandatory)


def _priority(properties: dict[str, Any], priority: int | None) -> int:
    wanted = properties.get("priority") or 0 if priority is None else priority
    return min(max(int(wanted), 0), 255)


def _rest(parts: list[bytes], properties: dict[str, Any]) -> int:
    """The properties that hardly any message has."""
    flags = 0
    if properties.get("message_id"):
        flags |= _FLAGS["message_id"]
        parts.append(_text(properties["message_id"], "message_id"))
    stamp = properties.get("timestamp")
    if isinstance(stamp, (int, float, datetime)):
        flags |= _FLAGS["timestamp"]
        parts.append(_U64.pack(int(stamp.timestamp() if isinstance(stamp, datetime) else stamp)))
    for name, flag in _LAST:
        if properties.get(name):
            flags |= flag
            parts.append(_text(properties[name], name))
    return flags


def _text(value: Any, name: str) -> bytes:
    try:
        raw = str(value).encode()
    except UnicodeEncodeError:
        raise EncodeError(f"The message's {name} is no proper text: {value!r}") from None
    if len(raw) > 255:
        raise EncodeError(f"The message's {name} is longer than AMQP allows (255 bytes): {str(value)[:60]!r}...")
    return bytes((len(raw),)) + raw


_kind = lru_cache(100)(_text)


def read_header(header: bytes) -> dict[str, Any]:
    """All properties, `headers` among them."""
    try:
        (flags,) = _U16.unpack_from(header, 12)
        pos = 14
        found: dict[str, Any] = {}
        for name, flag in _PROPERTIES:
            if not flags & (1 << flag):
                continue
            if name == "headers":
                found[name], pos = tables.decode(header, pos)
            elif name in _OCTETS:
                found[name] = header[pos]
                pos += 1
            elif name == "timestamp":
                found[name] = _U64.unpack_from(header, pos)[0]
                pos += 8
            else:
                start = pos + 1
                pos = start + header[pos]
                found[name] = header[start:pos].decode("utf-8", "surrogateescape")
    except (IndexError, StructError) as error:
        raise DecodeError(f"This message's properties are damaged: {error!r}") from error
    return found


def message_of(arrival: Arrival) -> tuple[Message, int | None]:
    """The message, and how often a quorum queue says it came back; None where the queue does not count."""
    found = read_header(arrival.header)
    headers = found.pop("headers", None) or {}
    count = headers.pop(COUNT, None)
    if "x-death" in headers and str(headers.get("x-first-death-queue")).startswith("celery_delayed_"):
        for name in (*_TRACES, *_LAST_TRACES):
            headers.pop(name, None)
    content_type = found.pop("content_type", None) or "application/data"
    content_encoding = found.pop("content_encoding", None) or "binary"
    found["delivery_info"] = {"exchange": arrival.exchange, "routing_key": arrival.key}
    message = Message(headers, found, arrival.body, content_type, content_encoding)
    return message, count if isinstance(count, int) else None


def raw_of(message: Message) -> bytes:
    """The message as one piece of bytes, as the worker hands it on."""
    return pack(message, message.headers, message.properties)


def counted(message: Message, deliveries: int) -> Message:
    """The same message, saying that it was handed out so often before."""
    headers = {**message.headers, "redelivered": True, envelope.DELIVERIES: deliveries}
    info = {**message.properties["delivery_info"], "redelivered": True}
    return msgspec.structs.replace(message, headers=headers, properties={**message.properties, "delivery_info": info})


def deliveries_in(message: Message) -> int:
    """What the message's own header says of that."""
    said = message.headers.get(envelope.DELIVERIES, 0)
    return said if isinstance(said, int) else 0


def stamp(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
