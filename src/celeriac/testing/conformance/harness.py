"""The harness that conformance tests run on: peers of one store, a way to let time pass, and short words for both."""

import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

import pytest

from celeriac.core.delivery import Action, Claim, Delivery, Settlement
from celeriac.core.flow import Flow
from celeriac.core.message import Message, Post, Queue, Route
from celeriac.core.ports import Broker, Bus, DeadLetters, Joins, Lease, ResultStore, Transport
from celeriac.wire import envelope

from .peer import BellFace, EarFace, LoopThread, Peer

T = TypeVar("T")
COLOURS = ("sync", "async")
_COUNTED_WITHIN = 60.0
# A time that does not come: what a test leaves in a store that can't be emptied of it must not come in a later one.
LATER = 3600.0


class Harness:
    """`open_transport` makes one more transport to the same, empty store; the first is `self.peer`.

    `tick` is a span that is short to wait for and long against the store's own delays; `pass_time(n)` lets n
    seconds pass (a manual clock just advances). `urgent` and `idle` are the highest and lowest priorities.
    `holds_published` is False where a published message with a due time may be claimed before it, and
    `tells_next_due` where the store does not tell when its delayed messages will be ready. `leases_end_with_links`
    is True where a lease belongs to one link: then nobody else can find that it has run out. `prioritises`,
    `purges_delayed`, `requeues_in_place` (what is given back is served next) and `recovers_in_place` (what dead owners
    held is) are False where they can't be had; `counts_late` is True where a count may be some moments old.
    """

    def __init__(
        self,
        open_transport: Callable[[], Transport],
        colour: str,
        *,
        pass_time: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
        **knobs: Any,
    ) -> None:
        self.colour = colour
        self.now = now
        self.pass_time = pass_time
        self.tick: float = knobs.pop("tick", 0.25)
        self.urgent: int = knobs.pop("urgent", 9)
        self.idle: int = knobs.pop("idle", 0)
        self.holds_published: bool = knobs.pop("holds_published", True)
        self.tells_next_due: bool = knobs.pop("tells_next_due", True)
        self.prioritises: bool = knobs.pop("prioritises", True)
        self.purges_delayed: bool = knobs.pop("purges_delayed", True)
        self.requeues_in_place: bool = knobs.pop("requeues_in_place", True)
        self.recovers_in_place: bool = knobs.pop("recovers_in_place", True)
        self.counts_late: bool = knobs.pop("counts_late", False)
        self.leases_end_with_links: bool = knobs.pop("leases_end_with_links", False)
        if knobs:
            raise TypeError(f"Harness knows no {', '.join(knobs)}")
        self._open_transport = open_transport
        self._loop = LoopThread()
        self._peers: list[Peer] = []
        self._numbers = itertools.count(1)
        self.peer = self.another()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        for peer in self._peers:
            peer.close()
        self._loop.close()

    def another(self) -> Peer:
        """One more process, so to speak, on the same store."""
        peer = Peer(self._open_transport(), self.colour, self._loop)
        self._peers.append(peer)
        return peer

    @property
    def broker(self) -> Broker:
        return present(self.peer.transport.broker)

    @property
    def dead(self) -> DeadLetters:
        return present(self.peer.transport.dead)

    @property
    def results(self) -> ResultStore:
        return present(self.peer.transport.results)

    @property
    def joins(self) -> Joins:
        return present(self.peer.transport.joins)

    @property
    def lease(self) -> Lease:
        return present(self.peer.transport.lease)

    @property
    def bus(self) -> Bus:
        return present(self.peer.transport.bus)

    def run(self, flow: Flow[T], timeout: float = 60.0) -> T:
        return self.peer.run(flow, timeout)

    def ear(self, *channels: str) -> EarFace:
        return self.peer.ear(*channels)

    def bell(self, *queues: str) -> BellFace:
        return self.peer.bell(*queues)

    def worker(self, ttl: float = 60.0) -> str:
        """An owner that holds a lease, as a worker does."""
        owner = f"{next(self._numbers):016x}"
        assert self.run(self.lease.acquire(f"worker/{owner}", owner, ttl)) is not None
        return owner

    def outlive(self, owner: str) -> None:
        """Let the owner's lease run out: from now on, so that what it did before had all the time it needed."""
        assert self.run(self.lease.renew(f"worker/{owner}", owner, self.tick))
        self.pass_time(2 * self.tick)

    def until(self, moment: float) -> None:
        """Let time pass until it is later than that moment, even by another clock than ours."""
        self.pass_time(max(moment - self.now(), 0.0) + self.tick)

    def publish(self, *ids: str, queue: str = "celery", priority: int | None = None) -> None:
        """Publish one message per id, all in one flow."""
        self.run(self.broker.publish([post(id, queue, priority=priority) for id in ids]))

    def claim(self, owner: str, limit: int = 10, queues: Sequence[str] = ("celery",)) -> Claim:
        return self.run(self.broker.claim(owner, [Queue(name) for name in queues], limit))

    def claim_ids(self, owner: str, number: int) -> list[str]:
        """Of so many messages, which have come back or become due: a store that counts late may be late with them."""
        deadline = self._patience()
        found = ids(self.claim(owner))
        while len(found) < number and time.monotonic() < deadline:
            time.sleep(0.01)
            found += ids(self.claim(owner))
        return found

    def take(self, owner: str, queue: str = "celery") -> Delivery:
        """Claim exactly one."""
        deadline = self._patience()
        while not (found := self.claim(owner, 1, (queue,)).deliveries) and time.monotonic() < deadline:
            time.sleep(0.01)
        (delivery,) = found
        return delivery

    def settle(self, owner: str, delivery: Delivery, action: Action = Action.ACK, **rest: Any) -> bool:
        (settled,) = self.run(self.broker.settle(owner, [Settlement(delivery, action, **rest)]))
        return settled

    def expect_stored(self, payloads: Mapping[str, bytes | None]) -> None:
        """What settlements have stored by now; nothing can be asked of a transport that keeps no results."""
        if self.peer.transport.results is not None:
            assert self.run(self.results.fetch(list(payloads))) == tuple(payloads.values())

    def expect_next_due(self, claim: Claim, due: float | None) -> None:
        """What the claim says of delayed messages, where the store knows."""
        if self.tells_next_due:
            assert claim.next_due == (due if due is None else pytest.approx(due, abs=0.01))

    def expect_ready(self, number: int, queue: str = "celery") -> None:
        """So many messages are ready; a store that counts a little late is asked until it says so."""
        deadline = self._patience()
        while (found := self.count(queue)) != number and time.monotonic() < deadline:
            time.sleep(0.01)
        assert found == number

    def _patience(self) -> float:
        """Until when it may say something else."""
        return time.monotonic() + (_COUNTED_WITHIN if self.counts_late else 0.0)

    def count(self, queue: str = "celery") -> int:
        return self.run(self.broker.count([queue]))[queue]


def present(port: T | None) -> T:
    """The port, which the adapter under test must have."""
    assert port is not None, "this transport lacks the port under test"
    return port


def message(id: str, body: bytes = b"[[], {}, {}]") -> Message:
    """A small task message."""
    properties = {"correlation_id": id, "reply_to": "", "delivery_mode": 2, "priority": 0}
    return Message({"lang": "py", "task": "conformance.task", "id": id, "retries": 0}, properties, body)


def post(id: str, queue: str = "celery", *, priority: int | None = None, due: float | None = None) -> Post:
    """A message on its way straight into a queue."""
    return Post(message(id), Route(queue), priority, due)


def ids(claim: Claim) -> list[str]:
    """The task ids of what was claimed, in order."""
    return [envelope.decode(delivery.raw).headers["id"] for delivery in claim.deliveries]
