"""The consumer's own steps: reach the broker, then consume."""

import asyncio
from typing import Any, Final

from .blueprint import StartStopStep

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


CONSUMER_STEPS = (Connection, Tasks)
