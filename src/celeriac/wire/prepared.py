"""Messages of calls that have most in common: what is the same in all of them is made once."""

from typing import Any, Final, NamedTuple

from ..core.message import Message
from . import json
from .body import written
from .plain import is_plain
from .protocol2 import NO_EMBED, headers_of, json_body
from .saferepr import saferepr
from .task_message import TaskCall, properties_of

_NOTHING_FOLLOWS: Final = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}


class Lineage(NamedTuple):
    """What the task that runs here, if one does, hands down to the messages it sends."""

    root_id: str | None = None
    parent_id: str | None = None
    priority: int | None = None


NOBODY: Final = Lineage()


class ChordTails:
    """Puts the body of a chord into the messages of its header: it is the same in all of them, and written once."""

    __slots__ = ("_chord", "_tail")

    def __init__(self) -> None:
        self._chord: Any = None
        self._tail = b""

    def put_on(self, body: bytes, chord: Any) -> bytes:
        """The message body `body`, of a call that nothing follows, with a chord."""
        if chord is not self._chord:
            tail = b', {"callbacks": null, "errbacks": null, "chain": null, "chord": ' + json.dumps(chord) + b"}]"
            self._chord, self._tail = chord, tail
        return body[: -len(NO_EMBED)] + self._tail


class Written(NamedTuple):
    """What a call's arguments are in its message."""

    argsrepr: str
    kwargsrepr: str
    body: bytes


class Prepared:
    """Makes the messages of one kind of call, in protocol 2; they differ in id, arguments and sender."""

    __slots__ = ("_call", "_headers", "_json", "_plain", "_properties")

    def __init__(self, call: TaskCall) -> None:
        self._call = call
        self._headers = {**headers_of(call), **(call.headers or {})}
        self._properties = properties_of(call)
        self._plain = is_plain(self._headers) and is_plain(self._properties)
        self._json = call.serializer == "json" and call.compression is None

    @property
    def as_json(self) -> bool:
        """The bodies are JSON, and not compressed."""
        return self._json

    @property
    def has_headers(self) -> bool:
        """The calls have headers beside the protocol's."""
        return bool(self._call.headers)

    def repeated(self, id: str, written: Written, sender: tuple[str, str]) -> Message:
        """One more message of a call whose arguments were written before, as JSON; by nobody's task."""
        call = self._call
        headers = self._headers.copy()
        headers["id"] = headers["root_id"] = id
        headers["timelimit"] = [call.time_limit, call.soft_time_limit]
        headers["argsrepr"], headers["kwargsrepr"], body = written
        headers["origin"], reply_to = sender
        headers["stamps"] = {}
        properties = self._properties.copy()
        properties["correlation_id"] = id
        properties["reply_to"] = reply_to
        return Message(headers, properties, body, plain=self._plain)

    def message(self, id: str, args: Any, kwargs: Any, sender: tuple[str, str], lineage: Lineage = NOBODY) -> Message:
        """The message of one call; `sender` is its origin and the address for replies.

        Raises EncodeError if the serializer can't write the arguments.
        """
        call = self._call
        headers = self._headers.copy()
        headers["id"] = id
        # Whoever listens to before_task_publish may change headers in place: none are shared.
        headers["timelimit"] = [call.time_limit, call.soft_time_limit]
        headers["root_id"] = lineage.root_id or id
        headers["parent_id"] = lineage.parent_id
        headers["argsrepr"] = saferepr(args, maxlevels=call.repr_levels) if args else "()"
        headers["kwargsrepr"] = saferepr(kwargs, maxlevels=call.repr_levels) if kwargs else "{}"
        headers["origin"] = sender[0]
        headers["stamps"] = {}
        properties = self._properties.copy()
        properties["correlation_id"] = id
        properties["reply_to"] = sender[1]
        if lineage.priority is not None:
            properties.setdefault("priority", lineage.priority)
        plain = self._plain and lineage is NOBODY
        if self._json:
            return Message(headers, properties, json_body(args, kwargs), plain=plain)
        content_type, encoding, body, packed = written(
            (args, kwargs, _NOTHING_FOLLOWS), call.serializer, call.compression
        )
        if packed is not None:
            headers["compression"] = packed
        return Message(headers, properties, body, content_type, encoding, plain)
