"""The seats port: a place that one process at a time may take, for brokers whose connections are their only leases."""

from collections.abc import Callable, Sequence
from typing import Protocol

from ..message import Post


class Journal(Protocol):
    """Entries in the order in which they were written, kept by the server. In sync code; one reads at a time."""

    def read(self) -> list[bytes]:
        """All entries; empty if nothing was ever written. Raises OperationalError if others never stop reading."""
        ...

    def rewrite(self, make: Callable[[list[bytes]], list[bytes]]) -> list[bytes]:
        """Read all; what `make` says of them takes their place in one step, before what others have written
        meanwhile or after it. Nothing changes if it says nothing. Returns what was read."""
        ...

    def append(self, entries: Sequence[bytes], posts: Sequence[Post] = ()) -> None:
        """Write entries and publish posts, all or nothing. A post that reaches no queue goes to the dead letters."""
        ...

    def length(self) -> int | None:
        """How many entries there are; None while somebody reads them, for then nobody else can tell."""
        ...


class Seat(Protocol):
    """In sync code. It is held as long as this process's connection to the server lives, and not a moment longer."""

    def take(self) -> bool:
        """True if it is ours now; False if another has it. Raises OperationalError if the server can't be asked."""
        ...

    @property
    def held(self) -> bool:
        """No I/O: whether the server was heard of lately, on the connection that holds the seat."""
        ...

    def leave(self) -> None:
        """Another may take it at once."""
        ...

    def journal(self, name: str) -> Journal:
        """A journal over the connection that holds the seat: LeaseLost, and nothing written, when that is gone."""
        ...


class Seats(Protocol):
    """Seats by name; and journals, which outlive who wrote them and may be written by anybody."""

    def seat(self, name: str, ttl: float) -> Seat:
        """No I/O. A holder that has vanished without a word is missed after about `ttl` seconds."""
        ...

    def journal(self, name: str) -> Journal:
        """No I/O. For who has no seat."""
        ...


def seats_of(transport: object) -> Seats | None:
    """Those a transport brings along; None where leases do the same."""
    found: Seats | None = getattr(transport, "seats", None)
    return found
