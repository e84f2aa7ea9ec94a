"""A message in hand: what a claim returns and what a worker later settles."""

import enum
from collections.abc import Iterable

import msgspec

from .join import Sequel
from .message import Post
from .record import Record


class Delivery(msgspec.Struct, frozen=True, gc=False):
    """One claimed message. `tag` names the claim at the broker; it is never used twice."""

    tag: str
    queue: str
    raw: bytes  # a wire envelope (celeriac.wire.envelope): kombu JSON or our packed form
    redelivered: bool = False
    deliveries: int = 0  # how often it was handed out before, where the broker counts


class Claim(msgspec.Struct, frozen=True):
    """What one claim brought, and when to come again although no bell rings."""

    deliveries: tuple[Delivery, ...] = ()
    next_due: float | None = None  # Unix seconds at which the earliest delayed message becomes ready
    revoked: int = 0  # the version of the newest revocation when this was claimed; 0: there never was one


class Action(enum.IntEnum):
    """What becomes of a claimed message."""

    ACK = 1  # done: forget it
    REQUEUE = 2  # back to the end from which it is served next, unchanged
    DEFER = 3  # into the delayed store until `due`
    DEAD = 4  # into the dead-letter store, with `reason`


class Settlement(msgspec.Struct, frozen=True):
    """The end of one delivery; all its parts happen together or, if the claim was lost, not at all."""

    delivery: Delivery
    action: Action
    record: Record | None = None  # result to store in the same step (only if the store is the broker's)
    posts: tuple[Post, ...] = ()  # messages to publish in the same step (retries, callbacks)
    raw: bytes | None = None  # replaces the message on REQUEUE, DEFER and DEAD (counted redelivery)
    due: float | None = None  # for DEFER, Unix seconds
    reason: str = ""  # for DEAD
    sequels: tuple[Sequel, ...] = ()  # only if the results are the broker's, as with `record`


def still_held(settlements: Iterable[Settlement], held: Iterable[str]) -> tuple[tuple[bool, ...], list[Settlement]]:
    """For each whether its claim is still held, and those of which it is; a delivery that comes twice counts once."""
    tags = set(held)
    ours: list[Settlement] = []
    answers: list[bool] = []
    for settlement in settlements:
        tag = settlement.delivery.tag
        answers.append(tag in tags)
        if tag in tags:
            tags.discard(tag)
            ours.append(settlement)
    return tuple(answers), ours


class DeadLetter(msgspec.Struct, frozen=True):
    """A message that could not be run, as received, with the reason and when."""

    id: str
    queue: str
    raw: bytes
    reason: str
    died_at: float  # Unix seconds by the broker's clock
