"""A chord's part: what one member of a header brings to its join, in the form Celery counts."""

from typing import Any

from ..core import states
from ..core.errors import DecodeError
from . import compression, exceptions, json, serializers
from .results import prepared

_COUNTED = 1  # the first item of every part


def encode(task_id: str, state: str, value: Any, serializer: str = "json", compress: str | None = None) -> bytes:
    """`[1, task id, state, result]`. Raises EncodeError if the result can't be written by the serializer."""
    part = [_COUNTED, task_id, state, prepared(value, state, serializer)]
    if serializer == "json":
        payload = b"[1,%b,%b,%b]" % (json.dumps(task_id), json.dumps(state), json.dumps(part[3]))
    else:
        payload = serializers.dumps(part, serializer)[2]
    return payload if compress is None else compression.compress_blob(payload, compress)


def decode(payload: bytes, serializer: str = "json", accept: frozenset[str] | None = None) -> tuple[str, str, Any]:
    """(task id, state, result); the result of a state that is a failure is its exception, made anew."""
    if payload[:1] == b"\x00":
        payload = compression.decompress_blob(payload)
    part = serializers.loads(payload, serializers.content_type_of(serializer), "utf-8", accept)
    if not isinstance(part, list | tuple) or len(part) != 4:
        raise DecodeError("What a chord's join keeps of one of its members is no part: [1, task id, state, result].")
    _, task_id, state, value = part
    if state in states.EXCEPTION_STATES:
        value = exceptions.from_document(value)
    return str(task_id), str(state), value
