"""The seeker port: looks through a broker's queues for one message. For people and for doubts, not for every call."""

from collections.abc import Sequence
from typing import Protocol

from ..flow import Flow
from ..whereabouts import Whereabouts


class Seeker(Protocol):
    """Asked of brokers whose queues can be read without consuming them; a transport offers it as `seeker`."""

    def find(self, id: str, queues: Sequence[str]) -> Flow[Whereabouts]:
        """Where the message of this task is: QUEUED, DELAYED, CLAIMED, DEAD or UNKNOWN.

        It reads every message in the way, and holds up nobody else for more than some milliseconds. `queues` are
        those to look in, where the server can't tell which there are.
        """
        ...


def seeker_of(transport: object) -> Seeker | None:
    """The seeker of a transport; None where messages can't be read without consuming them."""
    found: Seeker | None = getattr(transport, "seeker", None)
    return found
