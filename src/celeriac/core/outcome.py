"""How one run ended, as the executing process tells the process that talks to the broker."""

import enum

import msgspec

from .join import Sequel
from .message import Post
from .record import Record


class Ending(enum.IntEnum):
    """The ways a run can end; STARTED is the one report that is no ending."""

    STARTED = 0
    RETURNED = 1
    RAISED = 2
    RETRIED = 3
    IGNORED = 4
    REJECTED = 5
    REVOKED = 6
    TIMED_OUT = 7
    LOST = 8
    REFUSED = 9  # never ran: the body could not be decoded, or its arguments do not fit the task


class Outcome(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One run's end. `record` and `posts` take effect together with the settlement of its delivery."""

    ending: Ending
    record: Record | None = None
    posts: tuple[Post, ...] = ()
    requeue: bool = False  # REJECTED: back to the queue; LOST: it will run again
    reason: str = ""  # REFUSED, REJECTED, RAISED, RETRIED: repr of the exception
    traceback: str | None = None
    result: str = ""  # RETURNED: repr of the result, shortened (for events)
    runtime: float = 0.0
    sequels: tuple[Sequel, ...] = ()  # take effect with the settlement as well
