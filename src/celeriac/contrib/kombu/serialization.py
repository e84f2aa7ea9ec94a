"""kombu's functions around serializers, JSON and compression, over Celeriac's tables."""

import json as stdlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from celeriac.core.errors import SerializerNotInstalled
from celeriac.wire import json, serializers

pickle_protocol = serializers.PICKLE_PROTOCOL
_INSECURE = ("pickle", "yaml", "msgpack")


class Registry:
    """kombu.serialization.registry: the serializers as an object."""

    register = staticmethod(serializers.register)
    unregister = staticmethod(serializers.unregister)
    enable = staticmethod(serializers.enable)
    disable = staticmethod(serializers.disable)

    def dumps(self, data: Any, serializer: str | None = None) -> tuple[str, str, Any]:
        """(content type, content encoding, body)."""
        return dumps(data, serializer)

    encode = dumps

    def loads(
        self, data: Any, content_type: str, content_encoding: str, accept: Any = None, force: bool = False
    ) -> Any:
        """The value in `data`."""
        return loads(data, content_type, content_encoding, accept, force)

    decode = loads

    @property
    def name_to_type(self) -> dict[str, str]:
        """The content type of each name."""
        return {name: serializers.content_type_of(name) for name in serializers.names()}


registry = Registry()


def dumps(data: Any, serializer: str | None = None) -> tuple[str, str, Any]:
    """(content type, content encoding, body). Without a serializer, text and bytes stay what they are."""
    if serializer is None and isinstance(data, bytes):
        return "application/data", "binary", data
    if serializer is None and isinstance(data, str):
        return "text/plain", "utf-8", data.encode()
    kind, encoding, body = serializers.dumps(data, serializer or "json")
    return kind, encoding, body.decode() if encoding == "utf-8" else body


def loads(
    data: Any, content_type: str, content_encoding: str, accept: Iterable[str] | None = None, force: bool = False
) -> Any:
    """The value in `data`; raises ContentDisallowed where `accept` does not name its type."""
    raw = data.encode() if isinstance(data, str) else bytes(data)
    allowed = serializers.accept_set(accept)
    if force:
        allowed = frozenset({content_type})
    return serializers.loads(raw, content_type, content_encoding, allowed)


def enable_insecure_serializers(choices: Iterable[str] = _INSECURE) -> None:
    """Let pickle and its like be read where no accept_content is given."""
    for name in choices:
        with suppress(SerializerNotInstalled):
            serializers.enable(name)


def disable_insecure_serializers(allowed: Iterable[str] | None = ("json",)) -> None:
    """Let nothing be read but what is allowed."""
    for name in serializers.names():
        serializers.disable(name)
    for name in allowed or ():
        serializers.enable(name)


def json_dumps(obj: Any, cls: type[stdlib.JSONEncoder] | None = None, **kwargs: Any) -> str:
    """JSON text, as kombu writes it."""
    if cls is None and not kwargs:
        return json.dumps(obj).decode()
    return stdlib.dumps(obj, cls=cls or JSONEncoder, **kwargs)


def json_loads(data: Any, _loads: Callable[..., Any] | None = None, decode_bytes: bool = True, **kwargs: Any) -> Any:
    """The value in JSON text or bytes."""
    return json.loads(data if isinstance(data, str) else bytes(data))


class JSONEncoder(stdlib.JSONEncoder):
    """The same as a class, for json.dumps(cls=...)."""

    def default(self, o: Any) -> Any:
        """What to write instead of an object that JSON does not know."""
        return json.stand_in(o)
