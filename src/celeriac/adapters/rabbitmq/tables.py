"""AMQP's field tables (the headers of a message) as RabbitMQ writes them, to dicts and back.

pamqp reads and writes them too; this takes a quarter of its time, and every message has a table of twenty fields.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from struct import Struct
from struct import error as StructError  # noqa: N812
from typing import Any, Final

from ...core.errors import DecodeError, EncodeError

_U32: Final = Struct(">I")
_I32: Final = Struct(">i")
_I64: Final = Struct(">q")
_F64: Final = Struct(">d")
_U8_I32: Final = Struct(">Bi")
_STRING: Final = 83  # "S"
_VOID: Final = 86  # "V"
_LONG: Final = 73  # "I"
_TRUE: Final = 116  # "t"
_EMPTY: Final = b"F\0\0\0\0"
_TWO_VOIDS: Final = b"A\0\0\0\2VV"  # no time limits
# Names of headers come again and again.
_names: dict[bytes, str] = {}
_keys: dict[str, bytes] = {}
_MOST_NAMES: Final = 2000


def encode(fields: dict[str, Any]) -> bytes:
    """The table with its length in front. Raises EncodeError for a value AMQP has no form for."""
    parts: list[bytes] = [b""]
    add, pack, known = parts.append, _U32.pack, _keys.get
    for name, value in fields.items():
        key = known(name) or _key(name)
        # What most fields of most messages are is not worth a call.
        if value is None:
            add(key + b"V")
            continue
        kind = type(value)
        if kind is str:
            raw = value.encode("utf-8", "surrogatepass")
            add(key + b"S" + pack(len(raw)) + raw)
            continue
        add(key)
        if not value and kind is dict:
            add(_EMPTY)
            continue
        if kind is list and value == [None, None]:
            add(_TWO_VOIDS)
            continue
        try:
            _write(parts, value)
        except (ValueError, TypeError, OverflowError, StructError) as error:
            raise EncodeError(f"The header {name!r} can't be sent by AMQP: {error}") from error
    body = b"".join(parts)
    return _U32.pack(len(body)) + body


def _key(name: str) -> bytes:
    try:
        raw = name.encode()
    except (AttributeError, UnicodeEncodeError):
        raise EncodeError(f"{name!r} is no name for an AMQP header: names are text") from None
    if len(raw) > 255:
        raise EncodeError(f"The header name {name[:40]!r}... is longer than AMQP allows (255 bytes)")
    made = bytes((len(raw),)) + raw
    if len(_keys) < _MOST_NAMES:
        _keys[name] = made
    return made


def _write(parts: list[bytes], value: Any) -> None:
    kind = type(value)
    if value is None:
        parts.append(b"V")
    elif kind is str:
        raw = value.encode("utf-8", "surrogatepass")
        parts.append(b"S" + _U32.pack(len(raw)) + raw)
    elif kind is bool:
        parts.append(b"t\x01" if value else b"t\x00")
    elif kind is int:
        parts.append(b"I" + _I32.pack(value) if -0x80000000 <= value <= 0x7FFFFFFF else b"l" + _I64.pack(value))
    else:
        _write_other(parts, value)


def _write_other(parts: list[bytes], value: Any) -> None:
    if isinstance(value, float):
        parts.append(b"d" + _F64.pack(value))
    elif isinstance(value, dict):
        parts.append(b"F" + encode({str(name): item for name, item in value.items()}))
    elif isinstance(value, (list, tuple)):
        items: list[bytes] = []
        for item in value:
            _write(items, item)
        body = b"".join(items)
        parts.append(b"A" + _U32.pack(len(body)) + body)
    elif isinstance(value, (bytes, bytearray, memoryview)):
        parts.append(b"x" + _U32.pack(len(value)) + bytes(value))
    elif isinstance(value, datetime):
        parts.append(b"T" + _I64.pack(int((value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp())))
    elif isinstance(value, Decimal):
        parts.append(_decimal(value))
    elif isinstance(value, (str, bool, int)):  # a class of its own made from one of these
        _write(parts, next(plain(value) for plain in (str, bool, int) if isinstance(value, plain)))
    else:
        raise TypeError(f"there is no form for values of type {type(value).__name__} (turn it into text)")


def _decimal(value: Decimal) -> bytes:
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        raise ValueError(f"{value} is no number")
    unscaled = int("".join(map(str, digits))) * (-1 if sign else 1)
    places = max(-exponent, 0)
    if places > 255 or not -(1 << 31) <= unscaled * 10 ** max(exponent, 0) < 1 << 31:
        raise ValueError(f"{value} is too long for AMQP's decimals")
    return b"D" + _U8_I32.pack(places, unscaled * 10 ** max(exponent, 0))


def decode(data: bytes, pos: int) -> tuple[dict[str, Any], int]:
    """The table whose length stands at `pos`, and where it ends. Raises DecodeError if it is damaged."""
    try:
        return _table(data, pos)
    except (IndexError, ValueError, KeyError, OverflowError, OSError, RecursionError, StructError) as error:
        raise DecodeError(f"These message headers are damaged: {error!r}") from error


def _table(data: bytes, pos: int) -> tuple[dict[str, Any], int]:
    end = pos + 4 + _U32.unpack_from(data, pos)[0]
    pos += 4
    if end > len(data):
        raise ValueError("they are longer than their frame")
    fields: dict[str, Any] = {}
    while pos < end:
        start = pos + 1
        pos = start + data[pos]
        raw = data[start:pos]
        name = _names.get(raw) or _name(raw)
        kind = data[pos]
        if kind == _STRING:
            start = pos + 5
            pos = start + _U32.unpack_from(data, pos + 1)[0]
            fields[name] = data[start:pos].decode("utf-8", "surrogateescape")
        elif kind == _VOID:
            fields[name] = None
            pos += 1
        elif kind == _LONG:
            fields[name] = _I32.unpack_from(data, pos + 1)[0]
            pos += 5
        elif kind == _TRUE:
            fields[name] = data[pos + 1] != 0
            pos += 2
        else:
            fields[name], pos = _value(data, pos)
    if pos != end:
        raise ValueError("a field is longer than its table")
    return fields, end


def _name(raw: bytes) -> str:
    name = raw.decode("utf-8", "surrogateescape")
    if len(_names) < _MOST_NAMES:
        _names[raw] = name
    return name


def _value(data: bytes, pos: int) -> tuple[Any, int]:
    kind = data[pos]
    pos += 1
    if kind == _STRING:
        end = pos + 4 + _U32.unpack_from(data, pos)[0]
        return data[pos + 4 : end].decode("utf-8", "surrogateescape"), end
    if kind == _VOID:
        return None, pos
    if kind == _TRUE:
        return data[pos] != 0, pos + 1
    reader = _READERS.get(kind)
    if reader is None:
        raise ValueError(f"no AMQP field has the type {chr(kind)!r}")
    return reader(data, pos)


def _number(format: str) -> Callable[[bytes, int], tuple[Any, int]]:
    struct = Struct(format)

    def read(data: bytes, pos: int) -> tuple[Any, int]:
        return struct.unpack_from(data, pos)[0], pos + struct.size

    return read


def _array(data: bytes, pos: int) -> tuple[Any, int]:
    end = pos + 4 + _U32.unpack_from(data, pos)[0]
    pos += 4
    items = []
    while pos < end:
        item, pos = _value(data, pos)
        items.append(item)
    return items, end


def _bytes(data: bytes, pos: int) -> tuple[Any, int]:
    end = pos + 4 + _U32.unpack_from(data, pos)[0]
    return data[pos + 4 : end], end


def _moment(data: bytes, pos: int) -> tuple[Any, int]:
    return datetime.fromtimestamp(_I64.unpack_from(data, pos)[0], UTC), pos + 8


def _scaled(data: bytes, pos: int) -> tuple[Any, int]:
    places, unscaled = _U8_I32.unpack_from(data, pos)
    return Decimal(unscaled).scaleb(-places), pos + 5


_READERS: Final[dict[int, Callable[[bytes, int], tuple[Any, int]]]] = {
    ord("b"): _number(">b"),
    ord("B"): _number(">B"),
    ord("s"): _number(">h"),
    ord("u"): _number(">H"),
    ord("I"): _number(">i"),
    ord("i"): _number(">I"),
    ord("l"): _number(">q"),
    ord("L"): _number(">q"),
    ord("f"): _number(">f"),
    ord("d"): _number(">d"),
    ord("F"): _table,
    ord("A"): _array,
    ord("x"): _bytes,
    ord("T"): _moment,
    ord("D"): _scaled,
}
