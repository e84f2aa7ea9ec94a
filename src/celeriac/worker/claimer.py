"""Fetches messages: as many as the window has room for, at once when the bell rings."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from celeriac.core.clock import SYSTEM_CLOCK, Clock
from celeriac.core.delivery import Claim, Delivery
from celeriac.core.errors import LeaseLost, OperationalError
from celeriac.core.message import Queue
from celeriac.core.ports import Bell, Broker
from celeriac.process import crash

from . import tending
from .connection import Connection, ConnectionClosed
from .hands import Hands
from .settler import Settler
from .turns import Turns
from .window import Window

logger = logging.getLogger("celeriac.worker.consumer")

_MOST_AT_ONCE: Final = 500
_MOST_UNSETTLED: Final = 4000
_LAST_ANSWER: Final = 2.0  # seconds to wait at the end for the answer of a claim that is on its way
_POLL: Final = 5.0  # seconds after which to look although no bell rang


class Claimer:
    """One loop: wait for room, claim, hand every delivery to the intake, wait for the bell."""

    def __init__(self, connection: Connection, broker: Broker, hands: Hands, window: Window, settler: Settler) -> None:
        self._connection = connection
        self._broker = broker
        self._hands = hands
        self._window = window
        self._settler = settler
        self._clock: Clock = SYSTEM_CLOCK
        self._queues: tuple[Queue, ...] = ()
        self._bell: Bell | None = None
        self._bell_stale = True
        self._room = asyncio.Event()
        self._paused = False
        self._claiming = False  # a claim is on its way
        self._at_bell = False  # it waits for the bell ...
        self._interrupted = False  # ... and shall look again at once
        self._task: asyncio.Task[None] | None = None
        self.on_broken = tending.nobody
        self.owner: Callable[[], str] = lambda: ""
        self.on_lease_lost: Callable[[str], Awaitable[None]]
        self.intake: Callable[[Delivery, float], None] = lambda delivery, at: None
        self.flush: Callable[[], None] = lambda: None  # the intake has had a whole claim
        # Reads what is newly revoked and says how far it has read: before what was claimed after that is taken in.
        self.on_revoked: Callable[[], Awaitable[int]] | None = None
        self._revoked = 0
        self.turns = Turns()
        self.last_fetch = 0.0  # monotonic: the last claim that was answered

    def start(self, queues: Sequence[Queue]) -> None:
        self._queues = tuple(queues)
        self._task = tending.start(self._run(), "claimer", lambda: self.on_broken)

    @property
    def queues(self) -> tuple[Queue, ...]:
        return self._queues

    def consume(self, queues: Sequence[Queue]) -> None:
        """Change what is consumed, from the next claim on."""
        self._queues = tuple(queues)
        self._bell_stale = True
        self.poke()
        if self._at_bell and self._task is not None:
            self._interrupted = True
            self._task.cancel()  # caught where it waits

    def reconnected(self) -> None:
        """The bell belongs to a connection that is gone."""
        self._bell_stale = True

    def poke(self) -> None:
        """There may be room now."""
        self._room.set()

    def pause(self) -> None:
        """Claim no more."""
        self._paused = True

    async def close(self) -> None:
        """A claim that is on its way is heard: what it brings must not wait for the lease to run out."""
        self._paused = True
        if self._task is not None and self._claiming:
            await asyncio.wait([self._task], timeout=_LAST_ANSWER)
        await tending.end(self._task)
        if self._bell is not None:
            await self._bell.close()

    async def _run(self) -> None:
        """Under load the next claim is on its way while the last one is taken in."""
        claimed: tuple[Delivery, ...] = ()  # and not taken in yet; empty whenever this waits for anything else
        try:
            while not self._paused:
                want = self._wanted(len(claimed))
                if want:
                    claim = await self._claim(want, claimed)
                    full = len(claim.deliveries) == want
                    claimed = claim.deliveries if full else self._take_in(claim.deliveries)
                    if not claim.deliveries and not self._paused:
                        await self._wait_bell(claim.next_due)
                    elif self._bell_stale and not self._paused:
                        # A broker that pushes does so for whoever has a bell; a first pause may be long in coming.
                        claimed = self._take_in(claimed)
                        await self._wait_bell(None)
                elif claimed:
                    claimed = self._take_in(claimed)
                else:
                    self._room.clear()
                    await self._wait_room()
        except ConnectionClosed:
            pass
        self._take_in(claimed)

    def _wanted(self, claimed: int) -> int:
        if not self._queues or len(self._settler) > _MOST_UNSETTLED:
            return 0
        self._window.measure(self._hands.done, time.monotonic())
        return min(_MOST_AT_ONCE, self._window.room(len(self._hands) + claimed))

    def _take_in(self, deliveries: Sequence[Delivery]) -> tuple[Delivery, ...]:
        """Returns what is left to take in: nothing."""
        if deliveries:
            crash.point("after_claim_before_dispatch")
            at = asyncio.get_running_loop().time()
            for delivery in deliveries:
                self.intake(delivery, at)
            self.flush()
        return ()

    async def _wait_room(self) -> None:
        """Room comes with an end, which pokes; the window itself is measured again now and then."""
        try:
            async with asyncio.timeout(0.05 if len(self._settler) else _POLL):
                await self._room.wait()
        except TimeoutError:
            return

    async def _claim(self, want: int, claimed: tuple[Delivery, ...]) -> Claim:
        """Ask for more; what was claimed before is taken in while the broker works on that."""
        owner, queues, broker = self.owner(), self.turns.order(self._queues), self._broker
        losses = self._connection.losses
        self._claiming = True
        try:
            if claimed:
                asking = asyncio.ensure_future(self._connection.run(lambda: broker.claim(owner, queues, want)))
                await asyncio.sleep(0)  # the question goes out
                self._take_in(claimed)
                claim = await asking
            else:
                claim = await self._connection.run(lambda: broker.claim(owner, queues, want))
        except LeaseLost:
            await self.on_lease_lost(owner)
            return Claim(next_due=0.0)  # ask again at once
        finally:
            self._claiming = False
        self.last_fetch = time.monotonic()
        self.turns.served(claim.deliveries)
        if claim.revoked != self._revoked and self.on_revoked is not None:
            self._revoked = await self.on_revoked()
        if self._connection.losses != losses:
            self._take_in(claim.deliveries)
            await self._find_unheard(owner)
            return Claim(next_due=0.0)
        return claim

    async def _find_unheard(self, owner: str) -> None:
        """A claim may have been carried out though its answer was lost with the connection."""
        broker = self._broker
        # Known before the question: what is settled while it is on its way is held in the answer, and in hand no more.
        known = self._hands.tags() | self._settler.tags()
        held = await self._connection.run(lambda: broker.held(owner))
        if self.on_revoked is not None:
            self._revoked = await self.on_revoked()
        self._take_in([delivery for delivery in held if delivery.tag not in known])

    async def _wait_bell(self, next_due: float | None) -> None:
        patience = _POLL
        if next_due is not None:
            patience = min(patience, max(0.0, next_due - self._clock.now()))
        try:
            if self._bell is None or self._bell_stale:
                await self._hang_bell()
                return  # something may have come before the bell was hung: look once more
            self._at_bell = True
            await self._bell.wait(patience)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not self._interrupted or task is None or task.uncancel() > 0:
                raise
        except OperationalError as exc:
            self._bell_stale = True
            self._connection.down(exc)
        finally:
            self._at_bell = self._interrupted = False

    async def _hang_bell(self) -> None:
        if self._bell is not None:
            await self._bell.close()
            self._bell = None
        self._bell = await self._connection.link.bell(self._queues)
        self._bell_stale = False
