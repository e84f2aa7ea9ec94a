"""The attendance port: which worker serves which queues, for brokers whose queues other systems consume too."""

from collections.abc import Sequence
from typing import Protocol

from ..flow import Flow


class Attendance(Protocol):
    """One operation. Owners are those of the Broker port: they live while they hold the lease `worker/<owner>`."""

    def attend(self, owner: str, queues: Sequence[str]) -> Flow[int]:
        """From now on this owner serves these queues and no others; none: it leaves.

        Of each queue that it served before and that no living owner serves any more, delayed messages go back into
        the queue itself, where others find them: the soonest ones, some thousands at most, and only those that say
        themselves when they are due. None is in both places, or in neither, at any moment. Returns how many.
        """
        ...


def attendance_of(transport: object) -> Attendance | None:
    """That of a transport; None where delayed messages are found by whoever consumes the queue."""
    found: Attendance | None = getattr(transport, "attendance", None)
    return found
