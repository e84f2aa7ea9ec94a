"""Autoscale: as many child processes as there is work for, between two bounds (--autoscale MAX,MIN).

More come at once when more is in hand than there are processes; the worker claims as if it had all it may have.
Idle ones leave when none was added for a while, so that a pause between two bursts does not cost them.
"""

import asyncio
import logging
import os
import time
from typing import Any, Final

from celeriac.app.symbols import symbol
from celeriac.core.errors import ImproperlyConfigured

from . import tending
from .blueprint import StartStopStep

logger = logging.getLogger("celeriac.worker.autoscale")

KEEPALIVE: Final = float(os.environ.get("AUTOSCALE_KEEPALIVE", 30))  # seconds
_LOOK_EVERY: Final = 1.0
_RESIZABLE: Final = ("prefork", "processes")


class Autoscaler:
    """Decides how many processes there are. Subclasses may decide otherwise: see maybe_scale."""

    def __init__(
        self,
        pool: Any,
        max_concurrency: int,
        min_concurrency: int = 0,
        worker: Any = None,
        keepalive: float = KEEPALIVE,
    ) -> None:
        self.pool = pool
        self.max_concurrency = max_concurrency
        self.min_concurrency = max(1, min_concurrency)
        self.worker = worker
        self.keepalive = keepalive
        self._last_scale_up = time.monotonic()

    @property
    def qty(self) -> int:
        """How many tasks are in hand, running or waiting for a process."""
        return len(self.worker.consumer.hands)

    @property
    def processes(self) -> int:
        """How many processes there are to be at the moment."""
        return int(self.pool.slots)

    def maybe_scale(self) -> bool:
        """Add or remove processes if that is called for; True if it was."""
        before = self.processes
        wanted = min(max(self.qty, self.min_concurrency), self.max_concurrency)
        if wanted > before:
            self.scale_up(wanted - before)
        elif wanted < before:
            self.scale_down(before - wanted)
        return self.processes != before

    def scale_up(self, n: int) -> None:
        """n more, now."""
        self._last_scale_up = time.monotonic()
        logger.info("Scaling up %s processes.", n)
        self.pool.grow(n)
        self.worker.consumer.pool_resized()

    def scale_down(self, n: int) -> None:
        """n fewer, unless some were added lately; busy ones leave when they are done."""
        if time.monotonic() - self._last_scale_up > self.keepalive:
            logger.info("Scaling down %s processes.", n)
            self.pool.shrink(n)
            self.worker.consumer.pool_resized()

    def update(self, max: int | None = None, min: int | None = None) -> tuple[int, int]:
        """Other bounds, at once; returns those that hold now. Raises ValueError."""
        most = self.max_concurrency if max is None else int(max)
        least = self.min_concurrency if min is None else int(min)
        check(most, least)
        self.max_concurrency, self.min_concurrency = most, least
        self.worker.consumer.expect_slots(most)
        excess = self.processes - most
        if excess > 0:
            self.pool.shrink(excess)
        elif self.processes < least:
            self.scale_up(least - self.processes)
        self.worker.consumer.pool_resized()
        return most, least

    def info(self) -> dict[str, Any]:
        """For `inspect stats`."""
        return {
            "max": self.max_concurrency,
            "min": self.min_concurrency,
            "current": self.processes,
            "qty": self.qty,
        }


class WorkerComponent(StartStopStep):
    """The step that scales: when more is in hand than can run, and now and then."""

    label = "Autoscaler"
    requires = ("Pool",)
    conditional = True

    def include_if(self, w: Any) -> bool:
        return w.options.autoscale is not None

    def create(self, w: Any) -> Autoscaler:
        most, least = w.options.autoscale
        made: Autoscaler = symbol(w.app.conf["worker_autoscaler"])(w.pool, most, least, worker=w)
        w.autoscaler = made
        return made

    def info(self, w: Any) -> dict[str, Any]:
        return {"autoscaler": self.obj.info()}

    async def start(self, w: Any) -> None:
        w.consumer.expect_slots(self.obj.max_concurrency)
        w.consumer.on_crowded = self.obj.maybe_scale
        self._task = tending.start(self._look(), "autoscaler", lambda: w.fail)

    async def stop(self, w: Any) -> None:
        w.consumer.on_crowded = lambda: None
        await tending.end(self._task)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            self.obj.maybe_scale()


def check(most: int, least: int) -> None:
    """Raises ValueError for bounds that are none."""
    if not 0 <= least <= most or most < 1:
        raise ValueError(f"autoscale has a MAX of at least 1 and a MIN that is not above it, not {most},{least}")


def bounds(text: str, pool: str) -> tuple[int, int]:
    """What --autoscale says: MAX,MIN or MAX. Raises ImproperlyConfigured."""
    most, _, least = text.partition(",")
    try:
        numbers = int(most), int(least or 0)
        check(*numbers)
    except ValueError as exc:
        raise ImproperlyConfigured(f"--autoscale {text}: give MAX,MIN, such as 10,3 ({exc})") from None
    if pool not in _RESIZABLE:
        raise ImproperlyConfigured(
            f"--autoscale is for processes; in the pool {pool!r} idle slots cost nothing: say -c {numbers[0]}"
        )
    return numbers
