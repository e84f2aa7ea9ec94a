"""Task protocol 1: the whole call in the body; read always, written where task_protocol is 1."""

from typing import Any

import msgspec

from ..core.errors import DecodeError
from ..core.message import Message
from .body import body_of, written
from .task_message import NOTHING_FOLLOWS, Embed, TaskCall, TaskHeaders, TaskMessage, iso, properties_of


def build(call: TaskCall) -> Message:
    """The message of a call. What protocol 1 has no place for (shadow, stamps, chain, ...) is lost."""
    headers = dict(call.headers) if call.headers else {}
    content_type, encoding, body, packed = written(_fields(call), call.serializer, call.compression)
    if packed is not None:
        headers["compression"] = packed
    return Message(headers, properties_of(call), body, content_type, encoding)


def parse(message: Message, accept: frozenset[str] | None = None) -> TaskMessage:
    """The task message in `message`. Raises ContentDisallowed, or DecodeError with a reason."""
    fields = _read(message, accept)
    headers = _headers(fields)
    args, kwargs = fields.get("args"), fields.get("kwargs")
    if not isinstance(args if args is not None else [], list | tuple):
        raise DecodeError("The args of a task message must be a list, and these are not.")
    if not isinstance(kwargs if kwargs is not None else {}, dict):
        raise DecodeError("The kwargs of a task message must be a mapping, and these are not.")
    try:
        value = msgspec.convert({k: v for k, v in headers.items() if v is not None}, TaskHeaders)
        embed = _embed(fields)
    except msgspec.ValidationError as exc:
        raise DecodeError(f"The fields of this protocol 1 message are damaged: {exc}") from exc
    extra = {**message.headers, "utc": fields.get("utc", True)}
    return TaskMessage(value, list(args or ()), dict(kwargs or {}), embed, extra, message.properties)


def headers_of(message: Message, accept: frozenset[str] | None) -> dict[str, Any]:
    """What protocol 2 would have had in the headers."""
    return _headers(_read(message, accept))


def _read(message: Message, accept: frozenset[str] | None) -> dict[str, Any]:
    fields = body_of(message, accept)
    if not isinstance(fields, dict) or not isinstance(fields.get("task"), str):
        raise DecodeError("The message names no task, neither in its headers nor in its body.")
    if not isinstance(fields.get("id"), str):
        raise DecodeError(f"The message for the task {fields['task']} has no task id.")
    return fields


def _headers(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        "task": fields["task"],
        "id": fields["id"],
        "eta": iso(fields.get("eta")),
        "expires": iso(fields.get("expires")),
        "group": fields.get("group") or fields.get("taskset"),
        "group_index": fields.get("group_index"),
        "retries": fields.get("retries") or 0,
        "timelimit": fields.get("timelimit") or [None, None],
    }


def _embed(fields: dict[str, Any]) -> Embed:
    names = ("callbacks", "errbacks", "chord")
    present = {name: fields[name] for name in names if fields.get(name) is not None}
    return msgspec.convert(present, Embed) if present else NOTHING_FOLLOWS


def _fields(call: TaskCall) -> dict[str, Any]:
    return {
        "task": call.name,
        "id": call.id,
        "args": call.args,
        "kwargs": call.kwargs,
        "group": call.group_id,
        "group_index": call.group_index,
        "retries": call.retries,
        "eta": iso(call.eta),
        "expires": iso(call.expires),
        "utc": True,
        "callbacks": call.callbacks,
        "errbacks": call.errbacks,
        "timelimit": [call.time_limit, call.soft_time_limit],
        "taskset": call.group_id,
        "chord": call.chord,
    }
