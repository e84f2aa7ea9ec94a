"""A whole message in bytes: kombu's JSON envelope or our packed form; the first byte says which."""

from typing import Any

from ..core.errors import DecodeError, EncodeError
from ..core.message import Message, Post
from . import json
from .forms import BAD, decode, encode_kombu, encode_packed, is_packed, pack, write_json
from .head import DELIVERIES, LOST, Head, peek
from .plain import is_plain

__all__ = [
    "DELIVERIES",
    "Head",
    "decode",
    "delivery_info",
    "encode_kombu",
    "encode_packed",
    "peek",
    "redelivered",
]


def is_of(raw: bytes, id: str) -> bool:
    """True if this is the message of that task."""
    try:
        return peek(raw).id == id
    except DecodeError:
        return False


def encode_post(post: Post) -> bytes:
    """A post in our packed form, as it lies in a table of messages."""
    route = post.route
    return encode_packed(
        post.message, exchange=route.exchange, routing_key=route.routing_key, tag="", priority=post.priority or 0
    )


def redelivered(raw: bytes, deliveries: int = 1) -> bytes:
    """The same message, saying that it was handed out before, `deliveries` times more than it says now.

    Bytes that are no message come back unchanged, as does what only a damaged message says (keys that are no text):
    who claims them next finds out and buries them.
    """
    return _again(raw, DELIVERIES, deliveries)


def crashed(raw: bytes, retried: bool = False) -> bytes:
    """The same message, saying that the process which ran it died once more, and that this was one of its tries."""
    raw = _again(raw, LOST, 1)
    return _again(raw, "retries", 1) if retried else raw


def forgiven(raw: bytes) -> bytes:
    """The same message with its counters back at zero, so that a replayed dead letter is given a fair chance."""
    try:
        message = decode(raw)
    except DecodeError:
        return raw
    headers = {name: value for name, value in message.headers.items() if name not in (DELIVERIES, LOST)}
    if len(headers) == len(message.headers):
        return raw
    properties = dict(message.properties)
    return pack(message, headers, properties) if is_packed(raw) else _rewritten(raw, headers, properties)


def _again(raw: bytes, counter: str, more: int) -> bytes:
    try:
        return _counted(raw, decode(raw), counter, more)
    except (DecodeError, EncodeError):
        return raw


def _counted(raw: bytes, message: Message, counter: str, more: int) -> bytes:
    headers = dict(message.headers)
    counted = headers.get(counter, 0)
    headers["redelivered"] = True
    headers[counter] = (counted if isinstance(counted, int) else 0) + more
    properties = dict(message.properties)
    properties["delivery_info"] = {**_info(properties), "redelivered": True}
    if is_packed(raw):
        return pack(message, headers, properties)
    return _rewritten(raw, headers, properties)


def delivery_info(raw: bytes | Message) -> dict[str, Any]:
    """exchange, routing_key, priority and redelivered, as a task's request shows them."""
    message = raw if isinstance(raw, Message) else decode(raw)
    info = _info(message.properties)
    return {
        "exchange": info.get("exchange", ""),
        "routing_key": info.get("routing_key", ""),
        "priority": message.properties.get("priority"),
        "redelivered": bool(info.get("redelivered") or message.headers.get("redelivered")),
    }


def _info(properties: dict[str, Any]) -> dict[str, Any]:
    info = properties.get("delivery_info")
    return info if isinstance(info, dict) else {}


def _rewritten(raw: bytes, headers: dict[str, Any], properties: dict[str, Any]) -> bytes:
    """The JSON envelope with other headers and properties; what else is in it stays as it is."""
    document = json.loads(raw)
    document["headers"] = headers
    document["properties"] = properties
    if is_plain(document):
        try:
            return write_json(document)
        except BAD:
            pass  # lone surrogates: only the standard library writes them
    return json.dumps(document)
