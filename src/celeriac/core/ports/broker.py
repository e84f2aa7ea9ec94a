"""The broker port: how messages wait, are claimed by one worker, and are settled."""

from collections.abc import Sequence
from typing import Protocol

from ..delivery import Claim, DeadLetter, Delivery, Settlement
from ..flow import Flow
from ..message import Post, Queue


class Broker(Protocol):
    """Eight operations, each one flow. Owners are worker incarnations that hold a live lease.

    The lease of owner X is the one named `worker/X` of the same transport's Lease port, held by X.
    """

    def declare(self, queues: Sequence[Queue]) -> Flow[None]:
        """Make queues, exchanges and bindings known; doing it twice is nothing."""
        ...

    def publish(self, posts: Sequence[Post]) -> Flow[None]:
        """All of them are durable (as far as the server is) when the flow ends; one round trip."""
        ...

    def claim(self, owner: str, queues: Sequence[Queue], limit: int) -> Flow[Claim]:
        """Atomically take up to `limit` ready messages, in the queues' order, highest priority first.

        Delayed messages that are due become ready first. Raises LeaseLost if the owner's lease is gone.
        """
        ...

    def settle(self, owner: str, settlements: Sequence[Settlement]) -> Flow[tuple[bool, ...]]:
        """Atomically end deliveries; False where the claim was no longer the owner's: nothing was done for it."""
        ...

    def recover(self, mark: "Mark") -> Flow[int]:
        """Put back what owners without a lease had claimed; returns how many messages came back.

        `mark(raw)` gives the bytes to requeue (it counts the redelivery). Safe to run anywhere, any time.
        """
        ...

    def held(self, owner: str) -> Flow[tuple[Delivery, ...]]:
        """What the owner has claimed and not settled: for a worker whose claim's answer was lost on the way."""
        ...

    def count(self, queues: Sequence[str]) -> Flow[dict[str, int]]:
        """Ready messages per queue."""
        ...

    def purge(self, queues: Sequence[str]) -> Flow[int]:
        """Drop ready and delayed messages of these queues; returns how many."""
        ...


class Mark(Protocol):
    """Rewrites an envelope so that it says it was delivered once more."""

    def __call__(self, raw: bytes) -> bytes: ...


class Touch(Protocol):
    """Asked of brokers that share their queues with Celery workers, who take back what was claimed long ago."""

    touch_every: float  # seconds

    def touch(self, owner: str, tags: Sequence[str]) -> Flow[None]:
        """Says that these claims are alive; call it as often as `touch_every` says for all that is held."""
        ...


class DeadLetters(Protocol):
    """The dead-letter store; letters arrive in it through Broker.settle."""

    def letters(self, limit: int = 100, after: str = "") -> Flow[tuple[DeadLetter, ...]]:
        """The oldest `limit` letters behind the one named `after`."""
        ...

    def replay(self, ids: Sequence[str]) -> Flow[int]:
        """Back into their queues; returns how many there were."""
        ...

    def discard(self, ids: Sequence[str] | None = None) -> Flow[int]:
        """Delete these letters, or all; returns how many."""
        ...

    def expire(self, ttl: float) -> Flow[int]:
        """Delete letters of messages that died more than `ttl` seconds ago: the oldest ones, some hundred at most.

        Returns how many; call it again until that is 0.
        """
        ...
