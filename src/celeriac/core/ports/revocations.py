"""The revocations port: what must not run (any more), kept where workers that are away now will find it."""

from collections.abc import Sequence
from typing import Protocol

from ..flow import Flow
from ..revocation import Revoked


class Revocations(Protocol):
    """Two operations. A claim of the same transport tells the version of the newest entry (Claim.revoked).

    So a worker reads the store only when there is something new in it, and always before it takes in
    what it claimed after that.
    """

    def revoke(self, marks: Sequence[str], ttl: float, most: int) -> Flow[None]:
        """Record the marks for `ttl` seconds. Beyond `most` entries the oldest are forgotten.

        A mark that is there already counts from now.
        """
        ...

    def since(self, version: int, limit: int = 10_000) -> Flow[Revoked]:
        """The oldest `limit` entries with a version above this one (0: all that still count)."""
        ...


def revocations_of(transport: object) -> Revocations | None:
    """The revocations of a transport; None where it keeps none: then workers tell each other what they hear."""
    found: Revocations | None = getattr(transport, "revocations", None)
    return found
