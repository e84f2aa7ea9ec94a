"""The consumer's own steps: reach the broker, then consume."""

import asyncio
from typing import Any, Final

from .blueprint import StartStopStep
from .control.node import Node
from .events import Events, Gossip, Heart, Mingle
from .housekeeping import house_of
from .nodenames import fill_in
from .statedb import StateFile
from .turns import turns

_SETTLE_WITHIN: Final = 10.0


class Connection(StartStopStep):
    """The connections to the broker and the result store, and the lease."""

    async def start(self, c: Any) -> None:
        await c.connect(c.app.transports.read, c.app.transports.results)

    async def shutdown(self, c: Any) -> None:
        await c.finish(asyncio.get_running_loop().time() + _SETTLE_WITHIN)


class StateDB(StartStopStep):
    """The state file, if there is one: what it says is known before the first message is taken in."""

    requires = (Connection,)

    def include_if(self, c: Any) -> bool:
        return bool(c.conf["worker_state_db"])

    def create(self, c: Any) -> StateFile:
        path = fill_in(c.conf["worker_state_db"], c.hostname)
        return StateFile(path, c.revoker.revoked, c.app.clock, c.clock)

    async def start(self, c: Any) -> None:
        self.obj.load()

    async def close(self, c: Any) -> None:
        await self.obj.close()

    async def stop(self, c: Any) -> None:
        """It was saved when it was closed."""


class Control(StartStopStep):
    """Remote control: the node that hears commands. It listens before the first task is taken, and acts after that."""

    requires = (Connection, StateDB, Events)

    def include_if(self, c: Any) -> bool:
        return bool(c.conf["worker_enable_remote_control"])

    async def start(self, c: Any) -> None:
        c.node = Node(c)
        c.node.on_broken = lambda reason: c.on_broken(reason)
        await c.node.start()

    async def close(self, c: Any) -> None:
        await c.node.close()


class Tasks(StartStopStep):
    """Claiming, dispatching and settling."""

    requires = (Connection, StateDB, Control, Mingle)

    async def start(self, c: Any) -> None:
        c.claimer.turns = turns(c.conf["broker_transport_options"])
        await c.consume(c.select_queues())
        if c.node is not None:
            c.node.act()

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


CONSUMER_STEPS = (Connection, StateDB, Events, Mingle, Gossip, Heart, Control, Tasks, Housekeeping)
