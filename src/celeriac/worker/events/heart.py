"""The heart: tells monitors now and then that the worker is there, and how busy it is."""

import asyncio
import os
import platform
import time
from typing import Any, Final

import celeriac
from celeriac.core import signals

from .. import tending
from .dispatcher import EventDispatcher
from .runs import RunEvents

FREQUENCY: Final = 2.0  # seconds
_LOOK_EVERY: Final = 0.2  # seconds between two looks at what runs, while task events are wanted


class Heart:
    """Beats until it is closed."""

    def __init__(self, consumer: Any, dispatcher: EventDispatcher, frequency: float) -> None:
        self._consumer = consumer
        self._dispatcher = dispatcher
        self.frequency = frequency
        self._task: asyncio.Task[None] | None = None
        self.on_broken = tending.nobody

    def start(self) -> None:
        self.beat("worker-online")
        self._task = tending.start(self._run(), "heart", lambda: self.on_broken)

    async def close(self) -> None:
        if self._task is not None:
            await tending.end(self._task)
            self.beat("worker-offline")

    def beat(self, kind: str = "worker-heartbeat") -> None:
        """Once, now."""
        consumer = self._consumer
        self._dispatcher.send(
            kind,
            freq=self.frequency,
            active=sum(1 for _ in consumer.pool.running()),
            processed=consumer.hands.done,
            loadavg=[round(load, 2) for load in os.getloadavg()],
            sw_ident="py-celeriac",
            sw_ver=celeriac.__version__,
            sw_sys=platform.system(),
        )
        if kind == "worker-heartbeat":
            signals.heartbeat_sent.send(sender=self)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self.frequency)
            self.beat()


class Watch:
    """While task events are wanted: looks which runs last."""

    def __init__(self, consumer: Any, events: RunEvents) -> None:
        self._consumer = consumer
        self._events = events
        self._task: asyncio.Task[None] | None = None
        self.on_broken = tending.nobody

    def start(self) -> None:
        self._task = tending.start(self._run(), "watch of runs", lambda: self.on_broken)

    async def close(self) -> None:
        await tending.end(self._task)
        self._task = None

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            now, hands = time.monotonic(), self._consumer.hands
            for running in self._consumer.pool.running():
                hand = hands.get(running.run)
                if hand is not None:
                    self._events.running(hand, now - running.since)
            self._events.forget(hands)
