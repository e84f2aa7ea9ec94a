"""A program whose workers want to know of each other."""

import os
from typing import Any

from celeriac import Celeriac
from celeriac.bootsteps import StartStopStep

from ..workers.notes import note

STORE = os.environ["PROGRAM_STORE"]
app = Celeriac("neighbours", broker=STORE, backend=STORE)


@app.task(name="neighbours.once", bind=True)
def once(self: Any) -> None:
    note("once", self.request.id)


class Neighbours(StartStopStep):
    """Notes who comes and goes."""

    requires = ("celeriac.worker.events.gossip:Gossip",)

    def start(self, c: Any) -> None:
        c.gossip.on.node_join.add(lambda worker: note("join", c.hostname, worker.hostname))
        c.gossip.on.node_leave.add(lambda worker: note("leave", c.hostname, worker.hostname))
        c.gossip.on.node_lost.add(lambda worker: note("lost", c.hostname, worker.hostname))


app.steps["consumer"].add(Neighbours)
