"""What a run needs of a task message before its body can be called, read in one go; the rest when it is asked for."""

from typing import Any, Final

import msgspec

from . import json
from .forms import BAD, decode, is_packed

Fields = dict[str, Any]


class CallHead(msgspec.Struct, frozen=True, gc=False):
    """The headers without which no run can begin or end."""

    task: str
    id: str
    root_id: str | None = None
    parent_id: str | None = None
    group: str | None = None
    retries: int | None = None
    ignore_result: bool | None = None
    compression: str | None = None


class Followers(msgspec.Struct, frozen=True, gc=False):
    """What follows the task. The links of a chain are read when their turn comes: most of them in other processes."""

    callbacks: list[Any] | None = None
    errbacks: list[Any] | None = None
    chain: list[msgspec.Raw] | None = None
    chord: Any = None


NO_FOLLOWERS: Final = Followers()


class KombuCall(msgspec.Struct, frozen=True, gc=False):
    """kombu's envelope. A body that is no base64 makes it unreadable here, whatever body_encoding says."""

    body: bytes
    headers: CallHead
    content_type: str = msgspec.field(name="content-type")


class PackedCall(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Our packed form; if its headers are JSON text inside, it is unreadable here."""

    form: int
    headers: CallHead
    properties: msgspec.Raw
    body: bytes
    content_type: str


class _KombuFields(msgspec.Struct, frozen=True, gc=False):
    headers: Fields
    properties: Fields


class _PackedFields(msgspec.Struct, frozen=True, gc=False, array_like=True):
    form: int
    headers: Fields
    properties: Fields


# They know the common message alone. What they can't read (any of UNREADABLE) is not said to be wrong: the
# whole decoder, which knows every form and says what is the matter, has a look at it.
read_kombu: Final = msgspec.json.Decoder(KombuCall).decode
read_packed: Final = msgspec.msgpack.Decoder(PackedCall).decode
read_body: Final = msgspec.json.Decoder(tuple[list[Any], Fields, Followers]).decode
UNREADABLE: Final = (*BAD, IndexError)
PACKED: Final = 0x96  # the first byte of the packed form
MARKED: Final = b'"__type__"'  # only the JSON dialect's own decoder knows what such a value is
MAX_BYTES: Final = json.MAX_BYTES

_kombu_fields: Final = msgspec.json.Decoder(_KombuFields).decode
_packed_fields: Final = msgspec.msgpack.Decoder(_PackedFields).decode


def fields_of(raw: bytes) -> tuple[Fields, Fields]:
    """(headers, properties) of a message, without its body. Raises DecodeError."""
    try:
        if is_packed(raw):
            packed = _packed_fields(raw)
            if packed.form == 1:
                return packed.headers, packed.properties
        elif MARKED not in raw:
            kombu = _kombu_fields(raw)
            return kombu.headers, kombu.properties
    except BAD:
        pass  # the whole decoder reads it, or says why not
    message = decode(raw)
    return message.headers, message.properties
