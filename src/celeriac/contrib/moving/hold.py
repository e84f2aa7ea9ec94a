"""Hold: claims of a program that is no worker, under a lease of its own; what it does not end goes back."""

import time
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from celeriac.core.delivery import Action, Delivery, Settlement
from celeriac.core.errors import LeaseLost, OperationalError
from celeriac.core.flow import Flow
from celeriac.core.ids import incarnation
from celeriac.core.message import Queue
from celeriac.core.ports import Transport

T = TypeVar("T")

# A program that is killed gives its messages back after so long.
_LEASE: Final = 120.0
_DEADLINE: Final = 30.0
_AT_ONCE: Final = 500  # settled in one round trip


class Hold:
    """`with Hold(transport) as hold: hold.take(queues, 10)`. Used by one thread."""

    def __init__(self, transport: Transport) -> None:
        if transport.broker is None or transport.lease is None:
            raise OperationalError(f"{transport.describe()} holds no queues")
        self._transport = transport
        self._broker = transport.broker
        self._lease = transport.lease
        self._held: dict[str, Delivery] = {}
        self._owner = ""
        self._renew_at = 0.0

    def take(self, queues: Sequence[Queue], limit: int) -> tuple[Delivery, ...]:
        """Up to so many ready messages. Raises LeaseLost if what was held is others' by now."""
        self.stay()
        claim = self._run(self._broker.claim(self._owner, queues, limit))
        self._held.update((delivery.tag, delivery) for delivery in claim.deliveries)
        return claim.deliveries

    def end(self, deliveries: Iterable[Delivery], action: Action) -> int:
        """Acknowledge or give back; how many of them were still held here."""
        ours = [delivery for delivery in deliveries if delivery.tag in self._held]
        settled = 0
        for start in range(0, len(ours), _AT_ONCE):
            some = ours[start : start + _AT_ONCE]
            done = self._run(self._broker.settle(self._owner, [Settlement(one, action) for one in some]))
            settled += sum(done)
            for one in some:
                del self._held[one.tag]
        return settled

    def stay(self) -> None:
        """Keep what is held; call it at least every half minute."""
        now = time.monotonic()
        if now < self._renew_at:
            return
        if not self._owner:
            self._owner = incarnation()
            self._run(self._lease.acquire(self._name, self._owner, _LEASE))
        elif not self._run(self._lease.renew(self._name, self._owner, _LEASE)):
            self._owner = ""
            self._held.clear()
            raise LeaseLost(
                f"The lease at {self._transport.describe()} ran out: what was held here is in its queue again."
            )
        touch: Any = getattr(self._broker, "touch", None)
        if touch is not None and self._held:
            self._run(touch(self._owner, tuple(self._held)))
        self._renew_at = time.monotonic() + _LEASE / 4

    def close(self) -> None:
        """What is held goes back as it was, the first to the front."""
        if not self._owner:
            return
        # Each goes back to the end that is served next, so the first one is given back last.
        self.end(list(self._held.values())[::-1], Action.REQUEUE)
        self._run(self._lease.release(self._name, self._owner))
        self._owner, self._renew_at = "", 0.0

    @property
    def _name(self) -> str:
        return f"worker/{self._owner}"

    def _run(self, flow: Flow[T]) -> T:
        return self._transport.link().run(flow, _DEADLINE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        try:
            self.close()
        except OperationalError:
            if error is None:
                raise  # else the first trouble is told; what is held goes back when the lease ends
