"""The consumer's own steps: reach the broker, then consume."""

import asyncio
from typing import Any, Final

from .blueprint import StartStopStep
from .housekeeping import house_of

_SETTLE_WITHIN: Final = 10.0


class Connection(StartStopStep):
    """The connections to the broker and the result store, and the lease."""

    async def start(self, c: Any) -> None:
        await c.connect(c.app.transports.read, c.app.transports.results)

    async def shutdown(self, c: Any) -> None:
        await c.finish(asyncio.get_running_loop().time() + _SETTLE_WITHIN)


class Tasks(StartStopStep):
    """Claiming, dispatching and settling."""

    requires = (Connection,)

    async def start(self, c: Any) -> None:
        await c.consume(c.select_queues())

    async def close(self, c: Any) -> None:
        await c.stop_claiming()


class Housekeeping(StartStopStep):
    """Old results and dead letters are thrown away, whether or not there is a beat to say when."""

    requires = (Tasks,)

    async def start(self, c: Any) -> None:
        c.housekeeper = house_of(c)
        c.housekeeper.on_broken = lambda reason: c.on_broken(reason)
        c.housekeeper.start()

    async def close(self, c: Any) -> None:
        await c.housekeeper.close()


CONSUMER_STEPS = (Connection, Tasks, Housekeeping)
