"""The plumbing port: exchanges, queues and bindings one by one, for people who lay them by hand."""

from typing import Protocol

import msgspec

from ..flow import Flow
from ..message import Exchange, Queue


class QueueState(msgspec.Struct, frozen=True):
    """What a server says of a queue it has."""

    name: str
    messages: int
    consumers: int


class Plumbing(Protocol):
    """Asked of brokers that have exchanges of their own. Raises OperationalError where the server refuses."""

    def declare_exchange(self, exchange: Exchange, passive: bool = False) -> Flow[None]:
        """Make it; or, `passive`, only look whether it is there."""
        ...

    def delete_exchange(self, name: str, if_unused: bool = False) -> Flow[None]: ...

    def declare_queue(self, queue: Queue, passive: bool = False) -> Flow[QueueState]:
        """Make it, with no binding but the default exchange's."""
        ...

    def delete_queue(self, name: str, if_unused: bool = False, if_empty: bool = False) -> Flow[int]:
        """Returns how many messages went with it."""
        ...

    def bind(self, queue: str, exchange: str, routing_key: str) -> Flow[None]: ...


def plumbing_of(transport: object) -> Plumbing | None:
    """None where a transport has nothing of the kind."""
    found: Plumbing | None = getattr(transport, "plumbing", None)
    return found
