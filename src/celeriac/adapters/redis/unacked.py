"""The form of a claimed message in the `unacked` hash (kombu's), and what must be known of one that goes back."""

import re
from datetime import datetime
from typing import Final

import msgspec

from ...core.errors import DecodeError
from ...core.ports.broker import Mark
from ...wire.envelope import Head, peek

_ENTRY = msgspec.json.Decoder(tuple[msgspec.Raw, str, str])
_EMPTY_EXCHANGE: Final = b', "", '
_ROUNDING: Final = 1e-3  # seconds; stamps have microseconds, floats somewhat less
DELAYED: Final = "celeriac-delayed."  # what the tags of delayed messages begin with
_REDELIVERED: Final = re.compile(rb'"redelivered": ?true')


def suffix(queue: str) -> str:
    """What follows the message: the default exchange and the queue's name, so that anyone can put it back there."""
    return ', "", ' + msgspec.json.encode(queue).decode() + "]"


def parse(value: bytes) -> tuple[bytes, str, str]:
    """(message, exchange, routing key) of an entry, whoever wrote it; the message need not be valid JSON."""
    try:
        raw, exchange, routing_key = _ENTRY.decode(value)
    except msgspec.DecodeError:
        body, _, queue = value.rpartition(_EMPTY_EXCHANGE)
        if not body:
            raise
        return body[1:], "", msgspec.json.decode(queue[:-1], type=str)
    return bytes(raw), exchange, routing_key


def priority(raw: bytes) -> int:
    """The message's priority; what can't be read has none, and goes back like any other."""
    head = readable(raw)
    return head.priority if head else 0


def readable(raw: bytes) -> Head | None:
    """The message's head, if it has one."""
    try:
        return peek(raw)
    except DecodeError:
        return None


def timed(eta: str | None, due: float) -> bool:
    """Does the message itself keep everybody from running it before it is due? Stamps without a zone are read in
    several ways."""
    if eta is None:
        return False
    try:
        stamp = datetime.fromisoformat(eta)
    except ValueError:
        return False
    return stamp.tzinfo is not None and stamp.timestamp() >= due - _ROUNDING


def redelivered(raw: bytes) -> bool:
    """Does it say that it was handed out before? The plain search comes first: it is fast and nearly always says no."""
    return b'"redelivered"' in raw and _REDELIVERED.search(raw) is not None


def marked(raw: bytes, mark: Mark) -> bytes:
    """The message with its delivery counted, where it can be read."""
    try:
        return mark(raw)
    except DecodeError:
        return raw
