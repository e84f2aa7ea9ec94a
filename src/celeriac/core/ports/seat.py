"""The seats port: a place that one process at a time may take, for brokers whose connections are their only leases."""

from typing import Protocol

from ..flow import Flow


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


class Seats(Protocol):
    """Seats by name; and one note beside each, which outlives who wrote it."""

    def seat(self, name: str, ttl: float) -> Seat:
        """No I/O. A holder that has vanished without a word is missed after about `ttl` seconds."""
        ...

    def write(self, name: str, note: bytes) -> Flow[None]:
        """In place of the note before."""
        ...

    def read(self, name: str) -> Flow[bytes | None]:
        """None if there never was one."""
        ...


def seats_of(transport: object) -> Seats | None:
    """Those a transport brings along; None where leases do the same."""
    found: Seats | None = getattr(transport, "seats", None)
    return found
