"""What the process that talks to the broker must know of a message, read without touching the body."""

from typing import Any, Final, TypeVar

import msgspec

from ..core.errors import ContentDisallowed, DecodeError, SerializerNotInstalled
from .forms import BAD, decode, is_packed
from .protocol1 import headers_of

DELIVERIES: Final = "celeriac-deliveries"  # header: how often the message was handed out before
LOST: Final = "celeriac-lost"  # header: how often the process that ran it died


T = TypeVar("T")


class Head(msgspec.Struct, frozen=True, gc=False):
    """The fields that decide what happens to a message; times are as written, in ISO 8601."""

    task: str
    id: str
    eta: str | None = None
    expires: str | None = None
    timelimit: tuple[float | None, float | None] = (None, None)  # hard, soft
    ignore_result: bool = False
    retries: int = 0
    root_id: str | None = None
    parent_id: str | None = None
    group: str | None = None
    stamped_headers: list[str] | None = None
    stamps: dict[str, Any] | None = None
    redelivered: bool = False
    deliveries: int = 0
    correlation_id: str | None = None
    reply_to: str | None = None
    priority: int = 0
    lost: int = 0
    argsrepr: str | None = None  # how the arguments look, for monitors
    kwargsrepr: str | None = None


class _Headers(msgspec.Struct, frozen=True, gc=False, rename={"deliveries": DELIVERIES, "lost": LOST}):
    task: str | None = None
    id: str | None = None
    eta: str | None = None
    expires: str | None = None
    timelimit: tuple[float | None, float | None] | None = None
    ignore_result: bool | None = None
    retries: int | None = None
    root_id: str | None = None
    parent_id: str | None = None
    group: str | None = None
    stamped_headers: list[str] | None = None
    stamps: dict[str, Any] | None = None
    redelivered: bool | None = None
    deliveries: int = 0
    lost: int = 0
    argsrepr: str | None = None
    kwargsrepr: str | None = None


class _Info(msgspec.Struct, frozen=True, gc=False):
    redelivered: bool | None = None


class _Properties(msgspec.Struct, frozen=True, gc=False):
    correlation_id: str | None = None
    reply_to: str | None = None
    priority: int | None = None
    delivery_info: _Info | None = None
    body_encoding: str | None = None


class _Kombu(msgspec.Struct, frozen=True, gc=False):
    headers: _Headers = _Headers()
    properties: _Properties = _Properties()


class _Packed(msgspec.Struct, frozen=True, gc=False, array_like=True):
    form: int
    headers: _Headers
    properties: _Properties


_read_kombu = msgspec.json.Decoder(_Kombu).decode
_read_packed = msgspec.msgpack.Decoder(_Packed).decode
_NO_LIMITS: Final = (None, None)


def peek(raw: bytes, accept: frozenset[str] | None = None) -> Head:
    """The head of a message in either form. Raises DecodeError with a reason, and nothing else.

    `accept` matters to messages of protocol 1 only, whose head is in the body.
    """
    packed = is_packed(raw)
    try:
        envelope: _Kombu | _Packed = _read_packed(raw) if packed else _read_kombu(raw)
    except BAD as exc:
        if packed and not isinstance(exc, msgspec.ValidationError):
            raise DecodeError(f"This is no packed message: {exc}") from exc
        return _peek_slowly(raw, accept)
    h, p = envelope.headers, envelope.properties
    if h.task is None or h.id is None:
        return _peek_slowly(raw, accept)
    return _head(h.task, h.id, h, p)


def _head(task: str, id: str, h: _Headers, p: _Properties) -> Head:
    info = p.delivery_info
    return Head(
        task,
        id,
        h.eta,
        h.expires,
        h.timelimit or _NO_LIMITS,
        h.ignore_result is True,
        h.retries or 0,
        h.root_id,
        h.parent_id,
        h.group,
        h.stamped_headers,
        h.stamps,
        h.redelivered is True or (info is not None and info.redelivered is True),
        h.deliveries,
        p.correlation_id,
        p.reply_to,
        p.priority or 0,
        h.lost,
        h.argsrepr,
        h.kwargsrepr,
    )


def _peek_slowly(raw: bytes, accept: frozenset[str] | None) -> Head:
    """The head as the whole decoder sees it; of protocol 1, where it is in the body, too."""
    message = decode(raw)
    headers = message.headers
    if headers.get("task") is None:
        try:
            headers = {**headers, **headers_of(message, accept)}
        except (ContentDisallowed, SerializerNotInstalled) as exc:
            raise DecodeError(str(exc)) from exc
    h = _converted({**headers, **_shown(headers)}, _Headers, "headers")
    p = _converted(message.properties, _Properties, "properties")
    if h.task is None or h.id is None:
        raise DecodeError("The message names no task." if h.task is None else "The message has no task id.")
    return _head(h.task, h.id, h, p)


def _shown(headers: dict[str, Any]) -> dict[str, str | None]:
    """How the arguments look. If that is no text, it is no reason to refuse the message."""
    found = {name: headers.get(name) for name in ("argsrepr", "kwargsrepr")}
    return {name: text if isinstance(text, str) else None for name, text in found.items()}


def _converted(fields: dict[str, Any], into: type[T], what: str) -> T:
    present = {name: value for name, value in fields.items() if value is not None}
    try:
        return msgspec.convert(present, into)
    except BAD as exc:
        raise DecodeError(f"The message's {what} are damaged: {exc}") from exc
