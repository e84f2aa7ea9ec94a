"""The methods of AMQP that are sent here, by pamqp, as bytes ready to go; the frequent ones are written by hand."""

from functools import lru_cache
from struct import Struct
from typing import Any, Final, TypeVar

from pamqp import base, commands, frame

from ...core.errors import ImproperlyConfigured
from .contents import Parcel

METHOD: Final = 1
HEADER: Final = 2
BODY: Final = 3
HEARTBEAT: Final = b"\x08\x00\x00\x00\x00\x00\x00\xce"
PROTOCOL_HEADER: Final = b"AMQP\x00\x00\x09\x01"

# method indexes that are read without pamqp
DELIVER: Final = 0x003C003C
GET_OK: Final = 0x003C0047
RETURN: Final = 0x003C0032
ACK: Final = 0x003C0050
NACK: Final = 0x003C0078

_HEAD: Final = Struct(">BHI")
_ACK: Final = Struct(">BHIIQBB")
_NACK: Final = Struct(">BHIIQBB")
_END: Final = b"\xce"
M = TypeVar("M", bound=type[base.Frame])


def _lenient(command: M) -> M:
    """pamqp allows fewer characters in names than RabbitMQ does; the server is the judge of them."""
    made: Any = type(command.__name__, (command,), {"validate": lambda self: None})
    return made  # type: ignore[no-any-return]


Declare = _lenient(commands.Queue.Declare)
Bind = _lenient(commands.Queue.Bind)
Unbind = _lenient(commands.Queue.Unbind)
Purge = _lenient(commands.Queue.Purge)
Delete = _lenient(commands.Queue.Delete)
DeclareExchange = _lenient(commands.Exchange.Declare)
DeleteExchange = _lenient(commands.Exchange.Delete)
BindExchange = _lenient(commands.Exchange.Bind)
Get = _lenient(commands.Basic.Get)
Consume = _lenient(commands.Basic.Consume)
Cancel = _lenient(commands.Basic.Cancel)
Qos = commands.Basic.Qos
_Publish = _lenient(commands.Basic.Publish)


def write(method: base.Frame, channel: int) -> bytes:
    """Raises ImproperlyConfigured for what AMQP can't say (a name of more than 255 bytes)."""
    try:
        return frame.marshal(method, channel)
    except (ValueError, TypeError, UnicodeEncodeError) as error:
        raise ImproperlyConfigured(f"RabbitMQ can't be asked for {method.name}: {error}") from error


def read(data: bytes) -> Any:
    """A method from its whole frame."""
    return frame.unmarshal(data)[2]


@lru_cache(4096)
def _publish(exchange: str, key: str, mandatory: bool, channel: int) -> bytes:
    return write(_Publish(exchange=exchange, routing_key=key, mandatory=mandatory), channel)


def publish(parcel: Parcel, channel: int, frame_max: int) -> bytes:
    """The frames of one message."""
    header, body = parcel.header, parcel.body
    parts = [
        _publish(parcel.exchange, parcel.key, parcel.mandatory, channel),
        _HEAD.pack(HEADER, channel, len(header)),
        header,
        _END,
    ]
    room = frame_max - 8
    if len(body) <= room:
        if body:
            parts += (_HEAD.pack(BODY, channel, len(body)), body, _END)
    else:
        for start in range(0, len(body), room):
            piece = body[start : start + room]
            parts += (_HEAD.pack(BODY, channel, len(piece)), piece, _END)
    return b"".join(parts)


def ack(channel: int, tag: int, multiple: bool = False) -> bytes:
    return _ACK.pack(METHOD, channel, 13, ACK, tag, multiple, 0xCE)


def nack(channel: int, tag: int, multiple: bool = False, requeue: bool = True) -> bytes:
    return _NACK.pack(METHOD, channel, 13, NACK, tag, multiple | requeue << 1, 0xCE)
