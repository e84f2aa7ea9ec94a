"""What a worker has in hand: every delivery from its claim to its settlement, by run number."""

from collections.abc import Iterator

import msgspec

from celeriac.core.delivery import Delivery
from celeriac.process.packets import REDELIVERED
from celeriac.wire.envelope import Head

from .plans import TaskPlan


class Hand(msgspec.Struct, gc=False):
    """One delivery on its way through this worker."""

    # the four that make it a job (celeriac.process.packets.Offered)
    run: int
    flags: int
    deliveries: int
    raw: bytes
    delivery: Delivery
    head: Head
    plan: TaskPlan
    claimed_at: float  # loop time
    settled: bool = False  # acknowledged early: its end is stored, not settled
    ended_by: str = ""  # why the worker ended the run: "timeout", "terminated"
    limit: float = 0.0  # the limit that ended it, for the error
    signal: int = 0  # by which it was terminated


class Hands:
    """The hands by run number, oldest first, and counts of what passed through."""

    def __init__(self) -> None:
        self._by_run: dict[int, Hand] = {}
        self._kept: dict[str, Delivery] = {}
        self._next_run = 1
        self.done = 0  # ever ended
        self.totals: dict[str, int] = {}  # ended per task name

    def __len__(self) -> int:
        return len(self._by_run)

    def __iter__(self) -> Iterator[Hand]:
        return iter(self._by_run.values())

    def take(self, delivery: Delivery, head: Head, plan: TaskPlan, at: float) -> Hand:
        run = self._next_run
        self._next_run = run + 1
        deliveries = delivery.deliveries or head.deliveries
        flags = plan.flags | REDELIVERED if delivery.redelivered or head.redelivered else plan.flags
        hand = self._by_run[run] = Hand(run, flags, deliveries, delivery.raw, delivery, head, plan, at)
        return hand

    def keep(self, delivery: Delivery) -> None:
        """It is ours and waits for its turn; it takes up no room."""
        self._kept[delivery.tag] = delivery

    def let_go(self, delivery: Delivery) -> None:
        """Its turn has come, or it goes back."""
        self._kept.pop(delivery.tag, None)

    def passed(self) -> None:
        """One ended without ever being in hand (not due, expired, refused): room for it is needed no more."""
        self.done += 1

    def get(self, run: int) -> Hand | None:
        return self._by_run.get(run)

    def end(self, run: int) -> Hand | None:
        """Out of hand; None if it was already (an end may be told twice around a child's death)."""
        hand = self._by_run.pop(run, None)
        if hand is not None:
            self.done += 1
            name = hand.head.task
            self.totals[name] = self.totals.get(name, 0) + 1
        return hand

    def put_back(self, run: int) -> Hand | None:
        """Out of hand without having run."""
        return self._by_run.pop(run, None)

    def tags(self) -> set[str]:
        return {hand.delivery.tag for hand in self._by_run.values()} | self._kept.keys()
