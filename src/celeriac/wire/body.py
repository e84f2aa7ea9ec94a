"""A message's body as a value: decompressed, checked against accept_content, and decoded."""

from typing import Any, Final

from ..core.errors import DecodeError, SerializerNotInstalled
from ..core.message import Message
from . import compression, json, serializers

_JSON: Final = "application/json"


def body_of(message: Message, accept: frozenset[str] | None) -> Any:
    """Raises ContentDisallowed, or DecodeError with a reason."""
    data = message.body
    packed = message.headers.get("compression")
    if packed is None and message.content_type == _JSON and (accept is None or _JSON in accept):
        return json.loads(data)
    if packed is not None:
        try:
            data = compression.decompress(data, packed)
        except (SerializerNotInstalled, TypeError) as exc:
            raise DecodeError(f"The body can't be decompressed: {exc}") from exc
    return serializers.loads(data, message.content_type, message.content_encoding, accept)


def written(data: Any, serializer: str, compressed: str | None) -> tuple[str, str, bytes, str | None]:
    """(content type, content encoding, body, value of the header `compression`)."""
    content_type, encoding, body = serializers.dumps(data, serializer)
    if compressed is None:
        return content_type, encoding, body, None
    body, packed = compression.compress(body, compressed)
    return content_type, encoding, body, packed
