"""A piece of a long chain: links, as a chain travels in a message, with the content type they are written in."""

from collections.abc import Sequence
from typing import Any

from ..core.errors import DecodeError
from . import serializers


def encode(links: Sequence[Any], serializer: str = "json") -> bytes:
    """A line of content type and encoding, then the links. Raises EncodeError for what can't be written."""
    kind, encoding, body = serializers.dumps(list(links), serializer)
    return f"{kind} {encoding}\n".encode() + body


def decode(payload: bytes, accept: frozenset[str] | None = None) -> list[Any]:
    """The links. Raises DecodeError, or ContentDisallowed for a content type that is not accepted."""
    head, _, body = payload.partition(b"\n")
    kind, _, encoding = head.decode("utf-8", "replace").partition(" ")
    links = serializers.loads(body, kind, encoding, accept)
    if not isinstance(links, list | tuple) or not links:
        raise DecodeError("What the result store keeps of a long chain is no list of links.")
    return list(links)
