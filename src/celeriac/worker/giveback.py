"""Returns claimed work to the broker when the slots turn out to be busy for longer than expected."""

import asyncio
import time
from collections.abc import Callable
from typing import Final, cast

from celeriac.pools.pool import BatchingPool, Pool

from . import tending
from .dispatch import Dispatcher
from .hands import Hand, Hands

_LOOK_EVERY: Final = 0.025
_LONG: Final = 0.025  # seconds: behind a run that takes longer nothing waits


class GiveBack:
    """Looks while more is in hand than there are slots."""

    def __init__(self, dispatcher: Dispatcher, hands: Hands, pool: Pool) -> None:
        self._dispatcher = dispatcher
        self._hands = hands
        self._pool = pool
        self._batching = cast(BatchingPool, pool) if getattr(pool, "batches", False) else None
        self._task: asyncio.Task[None] | None = None
        self._some = asyncio.Event()
        self.give_back: Callable[[list[Hand]], None] = lambda hands: None
        self.on_broken = tending.nobody

    def start(self) -> None:
        self._task = tending.start(self._run(), "give-back", lambda: self.on_broken)

    def taken(self) -> None:
        """More is in hand than there are slots: watch."""
        self._some.set()

    async def close(self) -> None:
        await tending.end(self._task)

    async def _run(self) -> None:
        hands = self._hands
        while True:
            if len(hands) <= self._pool.slots:
                self._some.clear()
                await self._some.wait()
            done = hands.done
            await asyncio.sleep(_LOOK_EVERY)
            if len(hands) > self._pool.slots:
                self._look(hands.done != done, time.monotonic() - _LONG)

    def _look(self, something_ended: bool, before: float) -> None:
        """What waits in a child behind a long run goes back, and all that waits if every slot is in one."""
        long = sum(running.since < before for running in self._pool.running())
        if long and self._batching is not None:
            self._batching.call_back(before)
        if long >= self._pool.slots and not something_ended:
            self.give_back(self._dispatcher.take_back())
