"""From a message's bytes to a request: what is decoded where the task runs, and what is refused unrun."""

from typing import Any, Final

from celeriac.core.errors import ContentDisallowed, DecodeError, InvalidTaskError, SerializerNotInstalled
from celeriac.core.message import Message
from celeriac.wire import envelope, protocol1
from celeriac.wire.body import body_of
from celeriac.wire.calls import (
    MARKED,
    MAX_BYTES,
    NO_FOLLOWERS,
    PACKED,
    UNREADABLE,
    read_body,
    read_kombu,
    read_packed,
)
from celeriac.wire.links import chain_from
from celeriac.wire.protocol2 import read_embed
from celeriac.wire.task_message import NOTHING_FOLLOWS, Embed

from .request import RunContext

JSON: Final = "application/json"
# Whatever is wrong with a message ends in one of these.
REFUSALS: Final = (DecodeError, ContentDisallowed, SerializerNotInstalled, InvalidTaskError)

Fields = dict[str, Any]

_new: Final = object.__new__


class Opener:
    """Decodes messages of the accepted content types into requests of this worker."""

    def __init__(self, hostname: str, accept: frozenset[str] | None) -> None:
        self._hostname = hostname
        self._accept = accept
        self._json = accept is None or JSON in accept

    def __call__(self, raw: bytes, redelivered: bool) -> RunContext:
        """Raises one of REFUSALS."""
        try:
            message = read_packed(raw) if raw[0] == PACKED else read_kombu(raw)
            head, body = message.headers, message.body
            odd = head.compression is not None or MARKED in body or len(body) > MAX_BYTES
            if odd or message.content_type != JSON or not self._json:
                return self.whole(raw, redelivered)
            args, kwargs, embed = read_body(body)
        except UNREADABLE:
            return self.whole(raw, redelivered)
        # Attributes one by one: the quickest way to make an object with that many.
        made = _new(RunContext)
        made.task = head.task
        made.id = head.id
        made.root_id = head.root_id
        made.parent_id = head.parent_id
        made.group = head.group
        made.retries = head.retries or 0
        made.ignore_result = head.ignore_result
        made.args = args
        made.kwargs = kwargs
        made.hostname = self._hostname
        made.outbox = []
        made._unread = raw
        if embed != NO_FOLLOWERS:
            made.callbacks = embed.callbacks
            made.errbacks = embed.errbacks
            made.chain = chain_from(embed.chain)
            made.chord = embed.chord
            made.has_followers = True
        if redelivered:
            made.redelivered = True
        return made

    def whole(self, raw: bytes, redelivered: bool) -> RunContext:
        """Whatever the message is: other serializers, compressed, of protocol 1, or with something wrong."""
        message = envelope.decode(raw)
        fields = message.headers
        if fields.get("task") is None:
            return self._protocol1(message)
        body = body_of(message, self._accept)
        if type(body) is not list:
            body = _checked_body(body)
        try:
            args, kwargs, embed = body
        except ValueError:
            raise DecodeError(
                "The body of a task message must be [args, kwargs, embed], and this one is not."
            ) from None
        if type(args) is not list or type(kwargs) is not dict:
            args, kwargs = _checked(args, kwargs)
        if redelivered:
            fields["redelivered"] = True
        return self._request(fields, message.properties, args, kwargs, read_embed(embed))

    def head(self, raw: bytes) -> RunContext:
        """The request without its arguments, for messages that are not to be run."""
        message = envelope.decode(raw)
        if message.headers.get("task") is None:
            return self._protocol1(message)
        return self._request(message.headers, message.properties, [], {}, NOTHING_FOLLOWS)

    def _request(self, fields: Fields, properties: Fields, args: Any, kwargs: Fields, embed: Embed) -> RunContext:
        """The headers' dict becomes the request's own: nothing is copied."""
        if type(fields["task"]) is not str or type(fields.get("id")) is not str:
            raise DecodeError("The message's headers task and id must be text, and these are not.")
        fields["properties"] = properties
        fields["hostname"] = self._hostname
        fields["args"] = args
        fields["kwargs"] = kwargs
        fields["outbox"] = []
        if embed is not NOTHING_FOLLOWS:
            fields["callbacks"] = embed.callbacks
            fields["errbacks"] = embed.errbacks
            fields["chain"] = embed.chain
            fields["chord"] = embed.chord
            fields["has_followers"] = True
        return RunContext.adopt(fields)

    def _protocol1(self, message: Message) -> RunContext:
        parsed = protocol1.parse(message, self._accept)
        headers = parsed.headers
        fields = {**parsed.extra, **{name: getattr(headers, name) for name in headers.__struct_fields__}}
        return self._request(fields, parsed.properties, parsed.args, parsed.kwargs, parsed.embed)


def _checked_body(body: Any) -> Any:
    if isinstance(body, tuple):
        return body
    raise DecodeError("The body of a task message must be [args, kwargs, embed], and this one is not.")


def _checked(args: Any, kwargs: Any) -> tuple[Any, Any]:
    """Pickled and protocol 1 messages may hold tuples."""
    if not isinstance(args, list | tuple):
        raise DecodeError(f"The args of a task message must be a list, and these are a {type(args).__name__}.")
    if not isinstance(kwargs, dict):
        raise DecodeError(f"The kwargs of a task message must be a mapping, and these are a {type(kwargs).__name__}.")
    return args, kwargs
