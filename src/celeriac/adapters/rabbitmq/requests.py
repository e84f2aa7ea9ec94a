"""What the flows of this adapter ask of a link, as data. All requests of one flow go over one connection."""

from collections.abc import Sequence
from typing import Any

import msgspec
from pamqp import base

from ...core.message import Queue
from .contents import Parcel


class Ask(msgspec.Struct, frozen=True):
    """One question; the reply is the server's method or an Arrival. Being Refused ends the flow's channel only."""

    method: base.Frame


class AskAll(msgspec.Struct, frozen=True):
    """Many questions in one round trip; the reply is the list of replies."""

    methods: Sequence[base.Frame]


class Say(msgspec.Struct, frozen=True):
    """Acknowledge or give back what `Ask(Get)` of the same flow brought: (tag, requeue)."""

    endings: Sequence[tuple[int, bool]]


class Shut(msgspec.Struct, frozen=True):
    """Close the flow's channel: what it got and did not end is back in its queue when the reply comes."""


class Send(msgspec.Struct, frozen=True):
    """Publish; the reply, {place in parcels: why not}, comes when all is confirmed or refused."""

    parcels: Sequence[Parcel]


class Open(msgspec.Struct, frozen=True):
    """Begin a session for this owner: a connection of its own, on which it claims. It lasts as long as that."""

    owner: str
    ttl: float


class Renew(msgspec.Struct, frozen=True):
    """True if the owner's session lives."""

    owner: str
    ttl: float


class Leave(msgspec.Struct, frozen=True):
    """End the owner's session; True if there was one. What it held goes back."""

    owner: str


class Sweep(msgspec.Struct, frozen=True):
    """End sessions whose lease was released or ran out; the reply is how many messages went back."""


class Pull(msgspec.Struct, frozen=True):
    """Take up to `limit` messages: the reply is a list of Taken. Raises LeaseLost without a session."""

    owner: str
    queues: Sequence[Queue]
    limit: int


class Held(msgspec.Struct, frozen=True):
    """What the owner has taken and not ended: Taken by tag; empty without a session."""

    owner: str


class End(msgspec.Struct, frozen=True):
    """Acknowledge (False) or give back (True) by tag; the reply says for each whether it was the owner's."""

    owner: str
    endings: Sequence[tuple[str, bool]]


class Wait(msgspec.Struct, frozen=True):
    """Hold these messages here until they are due: (tag, Unix seconds). For spans shorter than a second."""

    owner: str
    dues: Sequence[tuple[str, float]]


class NextDue(msgspec.Struct, frozen=True):
    """When the first of those held here is due; None if there is none."""

    owner: str


class Taken(msgspec.Struct, frozen=True, gc=False):
    """One claimed message: its tag, its queue and what came."""

    tag: str
    queue: str
    arrival: Any
    innocent: int = 0  # so often this very process had given it back
