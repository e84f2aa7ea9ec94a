"""JSON as kombu writes it: plain JSON plus {"__type__", "__value__"} objects for dates, UUIDs, decimals and bytes."""

import json as stdlib
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal, DecimalException
from json import encoder as _stdlib_encoder
from typing import Any, Final
from uuid import UUID

import msgspec

from ..core.errors import DecodeError, EncodeError
from .unwritable import path_of

MAX_BYTES: Final = 512 * 1024 * 1024  # longer documents are refused unread

_MARKED = b'"__type__"'
_PARSE = msgspec.json.Decoder().decode

# In order of registration: the first entry a value is an instance of decides (datetime stands before date).
_encoders: list[tuple[type, str | None, Callable[[Any], Any]]] = []
_decoders: dict[str, Callable[[Any], Any]] = {}


def register_type(
    t: type, marker: str | None, encoder: Callable[[Any], Any], decoder: Callable[[Any], Any] = lambda value: value
) -> None:
    """Teach the dialect a type. A marker of None writes what the encoder returns, without the type's name."""
    entry = (t, marker, encoder)
    for place, known in enumerate(_encoders):
        if known[0] is t:
            _encoders[place] = entry
            break
    else:
        _encoders.append(entry)
    if marker is not None:
        _decoders[marker] = decoder


def unregister_type(t: type) -> None:
    """Forget a type; unknown ones are no error. Its marker can still be read."""
    _encoders[:] = [entry for entry in _encoders if entry[0] is not t]


def dumps(obj: Any) -> bytes:
    """The bytes kombu would write. Raises EncodeError that names the type it can't write."""
    try:
        return _render(obj).encode("ascii")
    except RecursionError:
        raise EncodeError("JSON can't write a value that contains itself or is nested too deep.") from None
    except (TypeError, ValueError) as exc:
        raise EncodeError(f"JSON can't write this value: {exc}{_advice(obj)}") from exc


def _advice(obj: Any) -> str:
    path = path_of(obj, stand_in)
    place = f" (at {path})" if path else ""
    return f"{place}. Give something that JSON has, such as an id instead of an object, or name another serializer."


def loads(data: bytes | str, *, max_bytes: int = MAX_BYTES) -> Any:
    """The value in `data`. Raises DecodeError for whatever is not JSON, too long, or nested too deep."""
    if len(data) > max_bytes:
        raise DecodeError(f"The JSON document is {len(data)} bytes long; at most {max_bytes} are read.")
    try:
        if type(data) is bytes and _MARKED not in data:
            return _PARSE(data)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        pass  # NaN, lone surrogates and huge numbers are JSON to the standard library only
    return _loads_slowly(data)


def _loads_slowly(data: bytes | str) -> Any:
    try:
        text = data if isinstance(data, str) else bytes(data).decode()
        return stdlib.loads(text, object_hook=revive)
    except RecursionError:
        raise DecodeError("The JSON document is nested too deep.") from None
    except (ValueError, TypeError, AttributeError, ArithmeticError) as exc:
        raise DecodeError(f"This is not JSON: {exc}") from exc


def revive(obj: dict[str, Any]) -> Any:
    """The value a {"__type__", "__value__"} object stands for; any other dict unchanged."""
    if len(obj) != 2 or "__type__" not in obj or "__value__" not in obj:
        return obj
    marker = obj["__type__"]
    decoder = _decoders.get(marker) if isinstance(marker, str) else None
    if decoder is None:
        raise DecodeError(f"The JSON document contains a value of the unknown type {marker!r}; see register_type.")
    try:
        return decoder(obj["__value__"])
    except (ValueError, TypeError, AttributeError, KeyError, DecimalException) as exc:
        raise DecodeError(f"The JSON document contains a damaged {marker}: {exc}") from exc


def stand_in(obj: Any) -> Any:
    """What to write instead of an object that JSON does not know."""
    own = getattr(obj, "__json__", None)
    if own is not None:
        return own()
    for t, marker, encoder in _encoders:
        if isinstance(obj, t):
            value = encoder(obj)
            return value if marker is None else {"__type__": marker, "__value__": value}
    if isinstance(obj, bytes):
        return _bytes_object(obj)
    raise TypeError(f"Object of type {type(obj).__name__} is not JSON serializable")


def _bytes_object(data: bytes) -> dict[str, str]:
    try:
        return {"__type__": "bytes", "__value__": data.decode()}
    except UnicodeDecodeError:
        return {"__type__": "base64", "__value__": b64encode(data).decode("ascii")}


def _renderer() -> Callable[[Any], str]:
    """One C encoder for the whole process: json.dumps builds one per call, which costs more than its work.

    It does not track cycles (the marks of one call would be seen by other threads); they end in RecursionError.
    """
    make = getattr(_stdlib_encoder, "c_make_encoder", None)
    if make is None:
        return stdlib.JSONEncoder(default=stand_in, check_circular=False).encode
    encode = make(None, stand_in, _stdlib_encoder.encode_basestring_ascii, None, ": ", ", ", False, False, True)
    return lambda obj: "".join(encode(obj, 0))


_render = _renderer()

register_type(datetime, "datetime", datetime.isoformat, datetime.fromisoformat)
register_type(date, "date", date.isoformat, lambda text: datetime.fromisoformat(text).date())
register_type(time, "time", time.isoformat, time.fromisoformat)
register_type(Decimal, "decimal", str, Decimal)
register_type(UUID, "uuid", lambda value: {"hex": value.hex}, lambda fields: UUID(**fields))
_decoders["bytes"] = lambda text: text.encode()
_decoders["base64"] = lambda text: b64decode(text.encode())
