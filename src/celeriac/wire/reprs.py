"""How a message's arguments look, as its headers say: for monitors."""

from typing import Any

import msgspec

from ..core.errors import DecodeError
from .forms import BAD, decode, is_packed


class _Headers(msgspec.Struct, frozen=True, gc=False):
    argsrepr: str | None = None
    kwargsrepr: str | None = None


class _Kombu(msgspec.Struct, frozen=True, gc=False):
    headers: _Headers = _Headers()


_read_kombu = msgspec.json.Decoder(_Kombu).decode


def reprs(raw: bytes) -> tuple[str | None, str | None]:
    """The arguments and the keyword arguments; None where the message does not say."""
    try:
        if not is_packed(raw):
            headers = _read_kombu(raw).headers
            return headers.argsrepr, headers.kwargsrepr
        found: dict[str, Any] = decode(raw).headers
    except (*BAD, DecodeError):
        return None, None
    return found.get("argsrepr"), found.get("kwargsrepr")
