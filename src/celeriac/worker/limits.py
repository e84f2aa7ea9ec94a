"""Watches runs against their time limits; asleep while no run in hand has one."""

import asyncio
import logging
import signal
import time
from collections.abc import Callable
from typing import Final

from celeriac.pools.pool import Pool, Running

from . import tending
from .hands import Hand, Hands

logger = logging.getLogger("celeriac.worker")
_LOOK_EVERY: Final = 0.1


def limits_of(hand: Hand) -> tuple[float | None, float | None]:
    """(hard, soft): what the caller asked for, else what the task declares."""
    hard, soft = hand.head.timelimit or (None, None)
    return hard or hand.plan.hard_limit, soft or hand.plan.soft_limit


class LimitWatch:
    """Raises soft limits in the run, ends runs at their hard limit."""

    def __init__(self, pool: Pool, hands: Hands) -> None:
        self._pool = pool
        self._hands = hands
        self._warned: set[int] = set()
        self._watched: dict[int, tuple[float | None, float | None]] = {}
        self._some = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.on_broken = tending.nobody
        self.on_soft: Callable[[Hand, float], None] = lambda hand, limit: None  # told when a soft limit has passed

    def start(self) -> None:
        self._task = tending.start(self._run(), "watch over time limits", lambda: self.on_broken)

    async def close(self) -> None:
        await tending.end(self._task)

    def watch(self, hand: Hand) -> None:
        """Called for every hand that may have a limit."""
        hard, soft = limits_of(hand)
        if hard or soft:
            self._watched[hand.run] = (hard, soft)
            self._some.set()

    async def _run(self) -> None:
        while True:
            if not self._watched:
                self._warned.clear()
                self._some.clear()
                await self._some.wait()
            await asyncio.sleep(_LOOK_EVERY)
            self._look(time.monotonic())

    def _look(self, now: float) -> None:
        for run in [run for run in self._watched if self._hands.get(run) is None]:
            del self._watched[run]
            self._warned.discard(run)
        for running in self._pool.running():
            limits = self._watched.get(running.run)
            if limits is not None:
                self._judge(running, now - running.since, *limits)

    def _judge(self, running: Running, age: float, hard: float | None, soft: float | None) -> None:
        hand = self._hands.get(running.run)
        if hand is None:
            return
        if hard and age >= hard:
            if hand.ended_by != "timeout":
                hand.ended_by, hand.limit = "timeout", hard
                logger.error("Task %s[%s]: hard time limit (%ss) exceeded", hand.head.task, hand.head.id, hard)
            self._pool.hard_stop(running.run, signal.SIGKILL)
        elif soft and age >= soft and running.run not in self._warned:
            self._warned.add(running.run)
            logger.warning("Soft time limit (%ss) exceeded for %s[%s]", soft, hand.head.task, hand.head.id)
            self._pool.soft_stop(running.run)
            self.on_soft(hand, soft)
