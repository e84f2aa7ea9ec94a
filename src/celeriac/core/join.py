"""Joins: where the parts of a chord's header are counted, and what a run's end sets in motion besides its own posts."""

import enum
from typing import Final

import msgspec

from .message import Post
from .record import Record

# The size of the join, in the `chord` (a signature's dict) that header messages carry. Only clients that open the
# join before they publish write it: a part that says so and finds no join knows that it is over.
DECLARED: Final = "chord_size"


class OpenJoin(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A join to be declared before any of its parts can be published: so many parts are to come."""

    group: str
    size: int
    ttl: float | None = None  # seconds after the last sign of life of the join; None: for ever


class Part(msgspec.Struct, frozen=True, gc=False):
    """What one member of a header brings. Two parts with the same task and index are one."""

    group: str
    task_id: str
    index: int | None  # the member's place in the header; None (from old clients): behind all others
    payload: bytes  # celeriac.wire.parts
    owner: str  # who will fire what follows if this part completes the join; of this attempt alone
    declared: bool = True  # the message says DECLARED
    more: int = 0  # so many parts more are to come (add_to_chord); counted once, with the part
    ttl: float | None = None


class Count(enum.IntEnum):
    """What counting a part found."""

    OPEN = 0  # others are still to come
    COMPLETE = 1  # all are there, and the owner of this part is to fire what follows
    TAKEN = 2  # all are there, but another owner is about to fire: ask again until it has, or has died
    OVER = 3  # the join is closed: what followed has been fired


class Counted(msgspec.Struct, frozen=True):
    """`parts`, in the order of the header, only when COMPLETE."""

    state: Count
    parts: tuple[bytes, ...] = ()
    foreign: bool = False  # others than this product may count here, and must find that the join is over


class Sequel(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What takes effect with a settlement besides its own record and posts.

    With a `group`: only if that join is still open and nobody but `owner` is about to fire it; the join is closed
    in the same step, so however often the last part is repeated, this happens once.
    """

    posts: tuple[Post, ...] = ()
    records: tuple[Record, ...] = ()
    opens: tuple[OpenJoin, ...] = ()
    grows: tuple[OpenJoin, ...] = ()  # so many parts more are to come of open joins
    group: str = ""
    owner: str = ""
    foreign: bool = False
    drops: tuple[str, ...] = ()  # pieces of chains whose links are sent on, or will never run
