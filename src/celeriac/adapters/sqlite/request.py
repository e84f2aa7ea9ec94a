"""What a SQLite flow may ask of its link: a step that writes, one that only reads, or a word on the bus."""

from collections.abc import Callable
from typing import Any, NoReturn

import msgspec

from .session import Session


class Write(msgspec.Struct, frozen=True, gc=False):
    """Run `step` inside one transaction; who is to be woken is noted in the session and woken after the commit.

    `undo` is run with the keyword `reply` if whoever asked had given up before the reply was there.
    """

    step: Callable[[Session], Any]
    undo: Callable[..., Any] | None = None


class Read(msgspec.Struct, frozen=True, gc=False):
    """Run `step`, which changes nothing; it sees one state of the database if it makes one query."""

    step: Callable[[Session], Any]


class Tell(msgspec.Struct, frozen=True, gc=False):
    """Send a payload, small enough for a datagram, to the listeners of a channel; the reply is how many there were."""

    channel: str
    payload: bytes
    parcel: int | None = None  # the payload is this row of `parcels` instead


Request = Write | Read | Tell


def unknown(request: object) -> NoReturn:
    """A flow of another adapter has come to the wrong link."""
    raise TypeError(f"The SQLite link can't perform {request!r}: is the flow of another transport?")
