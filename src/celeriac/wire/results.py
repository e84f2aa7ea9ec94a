"""What a result store keeps of a task: the meta document, written as Celery writes it and read back."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from json.encoder import encode_basestring_ascii as quoted
from typing import Any

import msgspec

from ..core import states
from ..core.errors import DecodeError
from . import compression, exceptions, json, serializers


class Extended(msgspec.Struct, frozen=True):
    """What result_extended adds to the document."""

    name: str | None = None
    args: Any = None
    kwargs: Any = None
    worker: str | None = None
    retries: int | None = None
    queue: str | None = None
    stamped_headers: Sequence[str] | None = None
    stamps: Mapping[str, Any] | None = None


class Meta(msgspec.Struct, frozen=True):
    """One task's state, before it is written."""

    id: str
    state: str
    result: Any = None  # an exception for FAILURE, RETRY and REVOKED
    traceback: str | None = None
    children: Sequence[Any] | None = ()  # result tuples ((id, parent), None | [tuples])
    now: float = 0.0  # Unix seconds; shown as date_done in states that are an end
    group_id: str | None = None
    parent_id: str | None = None
    extended: Extended | None = None


def encode(meta: Meta, serializer: str = "json", compress: str | None = None) -> bytes:
    """The bytes to store. Raises EncodeError if the result can't be written by the serializer."""
    if serializer == "json":
        payload = _json(meta)
    else:
        _, _, payload = serializers.dumps(document(meta, serializer), serializer)
    return payload if compress is None else compression.compress_blob(payload, compress)


def decode(
    payload: bytes, serializer: str = "json", accept: frozenset[str] | None = None, *, revive: bool = True
) -> dict[str, Any]:
    """The stored document, its exception (if it is one, and `revive` is set) made anew.

    Raises ContentDisallowed if `accept` does not name the serializer's content type, DecodeError for damaged
    bytes, and SecurityError for an "exception" that is none.
    """
    if payload[:1] == b"\x00":
        payload = compression.decompress_blob(payload)
    content_type = serializers.content_type_of(serializer)
    meta = serializers.loads(payload, content_type, "utf-8", _accepted(content_type, accept))
    if not isinstance(meta, dict) or not isinstance(meta.get("status"), str):
        raise DecodeError("The stored result is no result document: it has no status.")
    if revive and meta["status"] in states.EXCEPTION_STATES:
        meta["result"] = exceptions.from_document(meta.get("result"))
    return meta


def document(meta: Meta, serializer: str = "json") -> dict[str, Any]:
    """The meta document as a dict, in Celery's order."""
    made = {
        "status": meta.state,
        "result": prepared(meta.result, meta.state, serializer),
        "traceback": meta.traceback,
        "children": None if meta.children is None else list(meta.children),
        "date_done": date_done(meta.now) if meta.state in states.READY_STATES else None,
        **_tail(meta),
    }
    made["task_id"] = meta.id
    return made


def prepared(result: Any, state: str, serializer: str = "json") -> Any:
    """What stands for the result in the document."""
    if state not in states.EXCEPTION_STATES or not isinstance(result, BaseException):
        return result
    if serializer == "pickle" and serializers.can_be_pickled(result):
        return result
    return exceptions.to_document(result)


def encode_group(result: Any, serializer: str = "json", compress: str | None = None) -> bytes:
    """A saved group: `result` is its result tuple."""
    _, _, payload = serializers.dumps({"result": result}, serializer)
    return payload if compress is None else compression.compress_blob(payload, compress)


def decode_group(payload: bytes, serializer: str = "json", accept: frozenset[str] | None = None) -> Any:
    """The result tuple of a saved group."""
    content_type = serializers.content_type_of(serializer)
    plain = compression.decompress_blob(payload)
    saved = serializers.loads(plain, content_type, "utf-8", _accepted(content_type, accept))
    if not isinstance(saved, dict) or "result" not in saved:
        raise DecodeError("The stored group is no group document: it has no result.")
    return saved["result"]


def _accepted(content_type: str, accept: frozenset[str] | None) -> frozenset[str]:
    """Without a list, what the reader's own result_serializer writes may be read."""
    return frozenset({content_type}) if accept is None else accept


_second: tuple[int, str] = (-1, "")


def date_done(now: float) -> str:
    """A moment as Celery writes it: ISO 8601 in UTC, microseconds unless they are 0."""
    global _second
    whole = int(now)
    micro = round((now - whole) * 1_000_000)
    if not 0 < micro < 1_000_000:  # whole seconds, and moments before 1970
        return datetime.fromtimestamp(now, UTC).isoformat()
    known, text = _second
    if known != whole:
        text = datetime.fromtimestamp(whole, UTC).isoformat()[:-6]
        _second = (whole, text)
    return f"{text}.{micro:06d}+00:00"


def success(id: str, result: Any, now: float) -> bytes | None:
    """What `encode` makes of a plain success: a task that returned a scalar and sent nothing; None for others."""
    kind = type(result)
    if result is None:
        written = "null"
    elif kind is int:
        if not -_BIG < result < _BIG:
            return None
        written = repr(result)
    elif kind is str:
        written = quoted(result)
    elif kind is bool:
        written = "true" if result else "false"
    else:
        return None
    return (
        f'{{"status": "SUCCESS", "result": {written}, "traceback": null, "children": [], '
        f'"date_done": "{date_done(now)}", "task_id": {quoted(id)}}}'
    ).encode("ascii")


def _json(meta: Meta) -> bytes:
    """The document as JSON, put together from pieces: the same bytes in a third of the time."""
    state, traceback, result = meta.state, meta.traceback, meta.result
    kind = type(result)
    if result is None:
        written = "null"
    elif kind is int:
        written = int.__repr__(result) if -_BIG < result < _BIG else _fragment(result)
    elif kind is str:
        written = quoted(result)
    else:
        written = _fragment(prepared(result, state))
    done = f'"{date_done(meta.now)}"' if state in states.READY_STATES else "null"
    children = "null" if meta.children is None else _fragment(meta.children) if meta.children else "[]"
    more = meta.group_id is not None or meta.parent_id is not None or meta.extended is not None
    tail = _json_tail(meta) if more else ""
    status = '"SUCCESS"' if state == "SUCCESS" else quoted(state)
    trace = "null" if traceback is None else quoted(traceback)
    return (
        f'{{"status": {status}, "result": {written}, "traceback": {trace}, "children": {children}, '
        f'"date_done": {done}{tail}, "task_id": {quoted(meta.id)}}}'
    ).encode("ascii")


_BIG = 1 << 63


def _fragment(value: Any) -> str:
    return json.dumps(value).decode("ascii")


def _json_tail(meta: Meta) -> str:
    return "".join(f", {quoted(str(name))}: {_fragment(value)}" for name, value in _tail(meta).items())


def _tail(meta: Meta) -> dict[str, Any]:
    """What only some documents have."""
    made: dict[str, Any] = {}
    if meta.group_id is not None:
        made["group_id"] = meta.group_id
    if meta.parent_id is not None:
        made["parent_id"] = meta.parent_id
    more = meta.extended
    if more is not None:
        made.update(
            name=more.name,
            args=more.args,
            kwargs=more.kwargs,
            worker=more.worker,
            retries=more.retries,
            queue=more.queue,
        )
        if more.stamped_headers:
            made["stamped_headers"] = list(more.stamped_headers)
            made.update(more.stamps or {})
    return made
