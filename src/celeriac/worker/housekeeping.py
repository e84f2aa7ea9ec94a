"""Throws away what is past its time: results where the store does not do so itself, and old dead letters."""

import asyncio
import logging
import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from celeriac.core.flow import Flow

from . import tending
from .connection import Connection, ConnectionClosed

logger = logging.getLogger("celeriac.worker")
_LONGEST: Final = 300.0
_SHORTEST: Final = 1.0
_BREATH: Final = 0.05  # seconds between two steps: whoever has work to do goes first


class Housekeeper:
    """Every worker tidies now and then, a little at a time; any number of them may at the same time."""

    def __init__(self) -> None:
        self._rooms: list[tuple[str, Connection, Callable[[], Flow[int]]]] = []
        self._every = _LONGEST
        self._task: asyncio.Task[None] | None = None
        self.on_broken = tending.nobody

    def keep(self, what: str, connection: Connection, expire: Callable[[], Flow[int]], ttl: float) -> None:
        """Call `expire` until nothing is left, several times in the span for which `what` is kept."""
        self._rooms.append((what, connection, expire))
        self._every = max(_SHORTEST, min(self._every, ttl / 4))

    def start(self) -> None:
        if self._rooms:
            self._task = tending.start(self._run(), "housekeeper", lambda: self.on_broken)

    async def close(self) -> None:
        await tending.end(self._task)

    async def _run(self) -> None:
        try:
            while True:
                await asyncio.sleep(self._every * (0.8 + 0.4 * random.random()))
                for what, connection, expire in self._rooms:
                    await self._tidy(what, connection, expire)
        except ConnectionClosed:
            return

    async def _tidy(self, what: str, connection: Connection, expire: Callable[[], Flow[int]]) -> None:
        gone = 0
        while some := await connection.run(expire):
            gone += some
            await asyncio.sleep(_BREATH)
        if gone:
            logger.info("Threw away %s %s past their time", gone, what)


def house_of(consumer: Any) -> Housekeeper:
    """What this worker is to tidy: as the settings say."""
    keeper, conf, connection = Housekeeper(), consumer.conf, consumer.connection
    dead, results = connection.transport.dead, consumer.app.transports.results
    letters, records = _seconds(conf["dead_letter_ttl"]), _seconds(conf["result_expires"])
    if letters and dead is not None:
        keeper.keep("dead letter(s)", connection, lambda: dead.expire(letters), letters)
    if records and results is not None and results.results is not None:
        store = consumer.store_connection or connection
        keeper.keep("result(s)", store, results.results.expire, records)
    return keeper


def _seconds(value: Any) -> float:
    if isinstance(value, timedelta):
        return value.total_seconds()
    return float(value or 0.0)
