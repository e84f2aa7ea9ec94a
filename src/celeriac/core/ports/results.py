"""The result-store port: what became of tasks and groups, and telling whoever waits for it."""

from collections.abc import Sequence
from typing import Protocol

from ..flow import Flow
from ..record import Record


class ResultStore(Protocol):
    """Five operations. A stored SUCCESS is never overwritten."""

    def store(self, records: Sequence[Record]) -> Flow[None]:
        """Keep the records and publish each on the bus channel `channel(record.id)`; one round trip."""
        ...

    def fetch(self, ids: Sequence[str], kind: str = "task") -> Flow[tuple[bytes | None, ...]]:
        """The payloads, None where nothing is stored."""
        ...

    def forget(self, ids: Sequence[str], kind: str = "task") -> Flow[None]:
        """Delete what is stored."""
        ...

    def expire(self) -> Flow[int]:
        """Delete what has outlived its ttl, where the store does not do so itself: some thousand at most.

        Returns how many; call it again until that is 0.
        """
        ...

    def channel(self, id: str) -> str:
        """The bus channel on which the record of this task is published."""
        ...
