"""Task protocol 2: what a task is called with in the body, everything about it in the headers."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from ..core.errors import DecodeError
from ..core.message import Message
from . import json, protocol1
from .body import body_of, written
from .links import Links
from .saferepr import saferepr
from .task_message import (
    HEADER_NAMES,
    NOTHING_FOLLOWS,
    Embed,
    TaskCall,
    TaskHeaders,
    TaskMessage,
    iso,
    properties_of,
)

__all__ = ["Embed", "TaskCall", "TaskHeaders", "TaskMessage", "build", "headers_of", "parse"]

NO_EMBED = b', {"callbacks": null, "errbacks": null, "chain": null, "chord": null}]'
NO_KWARGS = b", {}" + NO_EMBED
_KEYS = ("callbacks", "errbacks", "chain", "chord")


def build(call: TaskCall) -> Message:
    """The message of a call. Raises EncodeError if the serializer can't write its arguments."""
    headers = headers_of(call)
    if call.headers:
        headers.update(call.headers)
    if call.compression is None and call.serializer == "json":
        content_type, encoding, body = "application/json", "utf-8", _json_body(call)
    else:
        data = (call.args, call.kwargs, _embed(call))
        content_type, encoding, body, packed = written(data, call.serializer, call.compression)
        if packed is not None:
            headers["compression"] = packed
    return Message(headers, properties_of(call), body, content_type, encoding)


def parse(message: Message, accept: frozenset[str] | None = None) -> TaskMessage:
    """The task message in `message`, whichever protocol it is written in.

    Raises ContentDisallowed, or DecodeError with a reason.
    """
    headers = message.headers
    if headers.get("task") is None:
        return protocol1.parse(message, accept)
    body = body_of(message, accept)
    if not isinstance(body, (list, tuple)) or len(body) != 3:
        raise DecodeError("The body of a task message must be [args, kwargs, embed], and this one is not.")
    args, kwargs, embed = body
    return TaskMessage(
        read_headers(headers),
        _checked_args(args),
        _checked_kwargs(kwargs),
        read_embed(embed),
        {name: headers[name] for name in headers if name not in HEADER_NAMES},
        message.properties,
    )


def read_headers(headers: dict[str, Any]) -> TaskHeaders:
    """The headers as a value. Raises DecodeError if one has the wrong form."""
    try:
        return msgspec.convert(headers, TaskHeaders)
    except msgspec.ValidationError:
        pass  # other clients write null where Celery writes a number
    try:
        return msgspec.convert({name: value for name, value in headers.items() if value is not None}, TaskHeaders)
    except msgspec.ValidationError as exc:
        raise DecodeError(f"The message's headers are damaged: {exc}") from exc


def read_embed(embed: Any) -> Embed:
    """What follows the task. Raises DecodeError if it has the wrong form."""
    if not isinstance(embed, Mapping):
        if embed is None:
            return NOTHING_FOLLOWS
        raise DecodeError("The third part of a task message's body must be a mapping, and this one is not.")
    callbacks, errbacks = embed.get("callbacks"), embed.get("errbacks")
    chain, chord = embed.get("chain"), embed.get("chord")
    if callbacks is None and errbacks is None and chain is None and chord is None:
        return NOTHING_FOLLOWS
    for value in (callbacks, errbacks, chain):
        if value is not None and not isinstance(value, list | tuple):
            raise DecodeError("callbacks, errbacks and chain of a task message must be lists.")
    return Embed(callbacks, errbacks, chain, chord)


def headers_of(call: TaskCall) -> dict[str, Any]:
    """The headers of a call, in the order Celery writes them; without the user's own."""
    args, kwargs = call.argsrepr, call.kwargsrepr
    stamped, levels = call.stamped_headers, call.repr_levels
    return {
        "lang": "py",
        "task": call.name,
        "id": call.id,
        "shadow": call.shadow,
        "eta": iso(call.eta),
        "expires": iso(call.expires),
        "group": call.group_id,
        "group_index": call.group_index,
        "retries": call.retries,
        "timelimit": [call.time_limit, call.soft_time_limit],
        "root_id": call.root_id or call.id,
        "parent_id": call.parent_id,
        "argsrepr": saferepr(call.args, maxlevels=levels) if args is None else args,
        "kwargsrepr": saferepr(call.kwargs, maxlevels=levels) if kwargs is None else kwargs,
        "origin": call.origin,
        "ignore_result": call.ignore_result,
        "replaced_task_nesting": call.replaced_task_nesting,
        "stamped_headers": None if stamped is None else list(stamped),
        "stamps": dict(call.stamps) if call.stamps else {},
    }


def _json_body(call: TaskCall) -> bytes:
    if call.callbacks is None and call.errbacks is None and call.chain is None and call.chord is None:
        return json_body(call.args, call.kwargs)
    if isinstance(call.chain, Links):
        before = json.dumps((call.args, call.kwargs, {"callbacks": call.callbacks, "errbacks": call.errbacks}))
        return b'%s, "chain": %s, "chord": %s}]' % (before[:-2], call.chain.written(), json.dumps(call.chord))
    return json.dumps((call.args, call.kwargs, _embed(call)))


def json_body(args: Any, kwargs: Any) -> bytes:
    """The body of a call that nothing follows."""
    if not kwargs:
        return b"[" + (json.dumps(args) if args else b"[]") + NO_KWARGS
    return json.dumps((args, kwargs))[:-1] + NO_EMBED


def _embed(call: TaskCall) -> dict[str, Any]:
    made = {name: getattr(call, name) for name in _KEYS}
    return {name: list(value) if isinstance(value, Links) else value for name, value in made.items()}


def _checked_args(args: Any) -> list[Any]:
    if isinstance(args, list):
        return args
    if isinstance(args, Sequence) and not isinstance(args, str | bytes):
        return list(args)
    raise DecodeError("The args of a task message must be a list, and these are not.")


def _checked_kwargs(kwargs: Any) -> dict[str, Any]:
    if isinstance(kwargs, dict):
        return kwargs
    raise DecodeError("The kwargs of a task message must be a mapping, and these are not.")
