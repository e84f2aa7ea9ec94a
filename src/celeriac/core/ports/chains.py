"""The chains port: the later links of long chains lie here, in pieces, until their turn comes."""

from collections.abc import Sequence
from typing import Protocol

from ..flow import Flow
from ..record import Record


class Chains(Protocol):
    """Three operations. Pieces are records of the kind `chain`; a Sequel may store and drop some with a settlement."""

    def keep(self, pieces: Sequence[Record]) -> Flow[None]:
        """Keep the pieces; again is nothing."""
        ...

    def read(self, id: str, later: Sequence[str] = (), ttl: float | None = None) -> Flow[bytes | None]:
        """The payload of a piece, None if it is not there. The time of the later pieces begins anew."""
        ...

    def drop(self, ids: Sequence[str]) -> Flow[None]:
        """Their links have been sent on, or will never run."""
        ...


def chains_of(transport: object) -> Chains | None:
    """The port, if this transport offers it: not all result stores do."""
    found: Chains | None = getattr(transport, "chains", None)
    return found
