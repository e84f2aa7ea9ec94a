"""Hands jobs to the pool, keeps in line what it has no room for."""

from collections import deque
from typing import cast

from celeriac.pools.pool import BatchingPool, Pool
from celeriac.process.packets import LONGEST_BATCH

from .hands import Hand, Hands
from .paces import Paces


class Dispatcher:
    """First in, first out; the pool's slots take what they can. Quick jobs go several at a time."""

    def __init__(self, pool: Pool, hands: Hands, paces: Paces) -> None:
        self._pool = pool
        self._batching = cast(BatchingPool, pool) if getattr(pool, "batches", False) else None
        self._hands = hands
        self._together = paces.together
        self._line: deque[Hand] = deque()
        self.dispatch = self._line.append  # put it in line; `flush` hands over

    def flush(self) -> None:
        """Hand over what the pool has room for."""
        line = self._line
        while line:
            batch = self._next_batch()
            if len(batch) == 1:
                taken = self._pool.offer(batch[0])
            else:
                assert self._batching is not None
                taken = self._batching.offer_batch(batch)
            if not taken:
                return
            for _ in batch:
                line.popleft()

    def _next_batch(self) -> list[Hand]:
        """What goes together from the head of the line: no more than each of them may, and a fair share."""
        line, together = self._line, self._together
        first = line[0]
        if self._batching is None or len(line) == 1:
            return [first]
        name = first.head.task
        most = min(together(name), max(1, len(line) // (2 * self._pool.slots)))
        if most == 1:
            return [first]
        size = 0
        batch: list[Hand] = []
        for hand in line:
            size += len(hand.raw)
            if len(batch) == most or size > LONGEST_BATCH or hand.head.task != name:
                break
            batch.append(hand)
        return batch or [first]

    def take_back(self) -> list[Hand]:
        """Everything that has not begun, oldest first, out of hand."""
        runs = [job.run for job in self._pool.take_back()] + [hand.run for hand in self._line]
        self._line.clear()
        return [hand for run in runs if (hand := self._hands.put_back(run)) is not None]
