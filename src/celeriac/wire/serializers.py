"""The serializers by name and content type, and the guard that decides which of them may be read."""

import importlib
from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec

from celeriac.core.near import near

from ..core.errors import (
    ContentDisallowed,
    DecodeError,
    EncodeError,
    ImproperlyConfigured,
    SecurityError,
    SerializerNotInstalled,
)
from . import json

Encoder = Callable[[Any], bytes | str]
Decoder = Callable[[bytes], Any]

RAW: Final = frozenset({"application/data", "application/text"})  # bytes as they came: nothing is decoded
# What may say that it is application/data: bytes as they came, or what a signature is looked for in.
_ALWAYS_READ: Final = ("raw", "auth")
PICKLE_PROTOCOL: Final = 4


class Serializer(msgspec.Struct, frozen=True):
    """How one content type is written and read."""

    name: str
    content_type: str
    content_encoding: str
    encode: Encoder
    decode: Decoder


_by_name: dict[str, Serializer] = {}
_by_type: dict[str, Serializer] = {}
_elsewhere: list[Callable[[str], "Serializer | None"]] = []
# Read only when accept names them: whoever can write such a message can make the reader do what he likes.
_unsafe: set[str] = {"application/x-python-serialize", "application/x-yaml", "application/x-msgpack"}


def register(
    name: str, encoder: Encoder | None, decoder: Decoder | None, content_type: str, content_encoding: str = "utf-8"
) -> None:
    """Add or replace a serializer; without an encoder it only reads, without a decoder it only writes."""
    if name == "json" and name in _by_name:
        # Its functions are called directly where speed counts, so a replacement would be used here and not there.
        raise ImproperlyConfigured("The serializer json can't be replaced; teach it types with register_type.")
    serializer = Serializer(
        name, content_type, content_encoding, encoder or _refuser(name, "write"), decoder or _refuser(name, "read")
    )
    _by_name[name] = serializer
    _by_type[content_type] = serializer


def unregister(name: str) -> None:
    """Remove a serializer, by name or content type."""
    found = _by_name.get(name) or _by_type.get(name)
    if found is None:
        raise SerializerNotInstalled(f"There is no serializer {name!r}: {_known(name)}")
    _by_name.pop(found.name, None)
    _by_type.pop(found.content_type, None)


def enable(name: str) -> None:
    """Let this serializer be read where no accept_content is given."""
    _unsafe.discard(_resolve(name))


def disable(name: str) -> None:
    """Have this serializer read only where accept_content names it."""
    _unsafe.add(_resolve(name))


def names() -> frozenset[str]:
    """Every registered serializer's name."""
    return frozenset(_by_name)


def content_type_of(name: str) -> str:
    """The content type a serializer writes."""
    return _find(name).content_type


def dumps(data: Any, name: str = "json") -> tuple[str, str, bytes]:
    """(content type, content encoding, bytes). Raises EncodeError if the serializer can't write `data`."""
    if name == "json":
        return _JSON_TYPE, "utf-8", _by_name["json"].encode(data)  # type: ignore[return-value]
    serializer = _find(name)
    if name == "raw" and isinstance(data, str):
        return serializer.content_type, "utf-8", data.encode()
    try:
        payload = serializer.encode(data)
    except (EncodeError, SerializerNotInstalled):
        raise
    except Exception as exc:
        raise EncodeError(f"The serializer {name} can't write this value: {exc}") from exc
    body = payload.encode(serializer.content_encoding) if isinstance(payload, str) else payload
    return serializer.content_type, serializer.content_encoding, body


def loads(
    data: bytes, content_type: str | None, content_encoding: str | None = None, accept: frozenset[str] | None = None
) -> Any:
    """The value in `data`.

    Raises ContentDisallowed if `accept` (content types; None: all that are harmless) does not name the type.
    """
    kind = content_type or "application/data"
    serializer = _by_type.get(kind)
    if kind not in RAW or (serializer is not None and serializer.name not in _ALWAYS_READ):
        _check_accepted(kind, accept)
    if kind == _JSON_TYPE:
        return _by_type[kind].decode(data)
    serializer = serializer or next(filter(None, (find(kind) for find in _elsewhere)), None)
    if serializer is None or serializer.name == "raw" or kind == "application/text":
        return _as_text(data, content_encoding)
    try:
        return serializer.decode(data)
    except (DecodeError, SerializerNotInstalled):
        raise
    except SecurityError as exc:
        raise DecodeError(str(exc)) from exc
    except Exception as exc:
        raise DecodeError(f"The body is not the {kind} it says it is: {type(exc).__name__}: {exc}") from exc


def accept_set(names_or_types: Iterable[str] | None) -> frozenset[str] | None:
    """The content types an accept_content setting means; None stays None."""
    if names_or_types is None:
        return None
    return frozenset(_resolve(item) for item in names_or_types)


def _check_accepted(kind: str, accept: frozenset[str] | None) -> None:
    if (kind in accept) if accept is not None else (kind not in _unsafe):
        return
    known = _by_type.get(kind)
    name = known.name if known else kind
    raise ContentDisallowed(
        f"Refusing to deserialize untrusted content of type {name} ({kind}): it is not in the setting accept_content."
    )


def _resolve(name: str) -> str:
    return name if "/" in name else _find(name).content_type


def look_elsewhere(find: Callable[[str], Serializer | None]) -> None:
    """Where a name or content type is looked up that is not registered here."""
    _elsewhere.append(find)


def _find(name: str) -> Serializer:
    found = _by_name.get(name) or _by_type.get(name) or next(filter(None, (find(name) for find in _elsewhere)), None)
    if found is None:
        raise SerializerNotInstalled(f"There is no serializer {name!r}: {_known(name)}")
    return found


def _known(name: str) -> str:
    if name == "auth":
        return "app.setup_security() makes it; call it where the app is made."
    meant = near(name, _by_name)
    return f"did you mean {meant!r}?" if meant else f"known are {', '.join(sorted(_by_name))}."


def _as_text(data: bytes, content_encoding: str | None) -> bytes | str:
    if content_encoding is None:
        content_encoding = "utf-8"
    if content_encoding in ("binary", "ascii-8bit"):
        return data
    try:
        return data.decode(content_encoding)
    except (UnicodeDecodeError, LookupError) as exc:
        raise DecodeError(f"The body is not text of the encoding {content_encoding!r}: {exc}") from exc


def _refuser(name: str, verb: str) -> Callable[[Any], Any]:
    def refuse(_: Any) -> Any:
        raise SerializerNotInstalled(f"The serializer {name} can't {verb}: it was registered without that function.")

    return refuse


def _pickler() -> Any:
    # Loaded when first used: a program that never names pickle in a setting never has it at hand here.
    return importlib.import_module("pickle")


def _pickle(data: Any) -> bytes:
    return bytes(_pickler().dumps(data, protocol=PICKLE_PROTOCOL))


def _unpickle(data: bytes) -> Any:
    # accept_content has named pickle: the user trusts whoever can write to the broker.
    return _pickler().loads(data)


def can_be_pickled(value: Any) -> bool:
    """True if it survives the journey there and back."""
    try:
        _unpickle(_pickle(value))
    except Exception:  # noqa: BLE001 - user classes may fail in any way
        return False
    return True


def _yaml() -> Any:
    try:
        return importlib.import_module("yaml")
    except ImportError as exc:
        raise SerializerNotInstalled("The serializer yaml needs PyYAML: pip install 'celeriac[yaml]'") from exc


def _raw(data: Any) -> bytes:
    if isinstance(data, bytes | bytearray | memoryview):
        return bytes(data)
    raise EncodeError(f"The serializer raw writes bytes and str, not {type(data).__name__}.")


_JSON_TYPE: Final = "application/json"
register("json", json.dumps, json.loads, _JSON_TYPE, "utf-8")
register("pickle", _pickle, _unpickle, "application/x-python-serialize", "binary")
register("yaml", lambda data: str(_yaml().safe_dump(data)), lambda data: _yaml().safe_load(data), "application/x-yaml")
register("msgpack", msgspec.msgpack.encode, msgspec.msgpack.decode, "application/x-msgpack", "binary")
register("raw", _raw, lambda data: data, "application/data", "binary")
_by_type["text/plain"] = Serializer("text/plain", "text/plain", "utf-8", _raw, lambda data: data.decode())
