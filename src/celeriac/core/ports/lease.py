"""The lease port: who owns a name until when, by the server's clock."""

from typing import Protocol

from ..flow import Flow


class Lease(Protocol):
    """A lease has a name, a holder and an end; every new holder gets a higher term (a fencing number)."""

    def acquire(self, name: str, holder: str, ttl: float) -> Flow[int | None]:
        """The term if the lease was free, had run out, or is the holder's already; None if another holds it."""
        ...

    def renew(self, name: str, holder: str, ttl: float) -> Flow[bool]:
        """True if it is still the holder's (even if it had run out, so long as nobody took it or swept it)."""
        ...

    def release(self, name: str, holder: str) -> Flow[bool]:
        """True if it was the holder's."""
        ...

    def holder(self, name: str) -> Flow[str | None]:
        """Who holds it now."""
        ...
