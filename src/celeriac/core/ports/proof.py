"""The proof port: that a message was taken, heard from elsewhere before the server itself confirms it.

Who waits for the result of each call right after sending it may hear of the result sooner than of the confirmation,
for a server confirms what it has written to its disk. A task that has ended was sent, whatever the disk does.
"""

from collections.abc import Callable
from typing import Any, Protocol

from ..flow import Flow


class Proof(Protocol):
    """Looked at by one thread, while it waits for the server."""

    def fileno(self) -> int:
        """Of the socket on which it may come; -1 if it will not be given any more."""
        ...

    def given(self) -> bool | None:
        """Takes in what has come, without waiting. None: it will not be given, look no more."""
        ...


# As Link.run, but returns None as soon as the proof is given.
RunProven = Callable[[Flow[Any], float, Proof], Any]


def run_proven_of(link: object) -> RunProven | None:
    """That of a link; None where nothing is gained, for confirmations come at once."""
    found: RunProven | None = getattr(link, "run_proven", None)
    return found
