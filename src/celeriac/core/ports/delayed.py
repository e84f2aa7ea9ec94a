"""The delayed port: what waits in a broker's delayed store, for people who want to see it."""

from collections.abc import Sequence
from typing import Protocol

from ..flow import Flow


class Delayed(Protocol):
    """One operation, which takes nothing away."""

    def waiting(self, queues: Sequence[str], limit: int) -> Flow[tuple[tuple[float, bytes], ...]]:
        """(when it is due, in Unix seconds; the message) of the first `limit` of these queues, the earliest first."""
        ...


def delayed_of(transport: object) -> Delayed | None:
    """The delayed store of a transport; None where it can't be looked into."""
    found: Delayed | None = getattr(transport, "delayed", None)
    return found
