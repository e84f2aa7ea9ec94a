"""The link port: one connection (or pool of them) to a server, in one colour, that performs flows."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from ..flow import Flow
from ..message import Queue
from .bus import AsyncEar, Ear

T = TypeVar("T")


class Link(Protocol):
    """Sync. Safe for threads; after a fork the child's link reconnects by itself."""

    def run(self, flow: Flow[T], timeout: float) -> T:
        """Perform the flow. Raises OperationalError if the server can't be reached or does not answer in time."""
        ...

    def listen(self) -> Ear: ...

    def close(self) -> None:
        """Idempotent; a closed link may be used again and reconnects."""
        ...


class Bell(Protocol):
    """Rings when a queue may have something to claim. A ring may be spurious; a missed one costs a poll."""

    async def wait(self, timeout: float) -> bool:
        """True when it rang since the last wait ended, False after `timeout` seconds."""
        ...

    async def close(self) -> None: ...


class AsyncLink(Protocol):
    """Async; belongs to one event loop. Flows may run concurrently."""

    async def run(self, flow: Flow[T], timeout: float) -> T: ...

    async def bell(self, queues: Sequence[Queue]) -> Bell: ...

    async def listen(self) -> AsyncEar: ...

    async def close(self) -> None: ...
