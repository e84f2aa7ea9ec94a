"""The worker's own steps: the pool of processes, then the consumer that feeds it."""

from typing import Any

from celeriac.core import signals
from celeriac.pools.pool import Pool as PoolPort

from . import children
from .autoscale import WorkerComponent as Autoscaler
from .blueprint import Blueprint, StartStopStep
from .consumer import Consumer as TaskConsumer
from .consumer_steps import CONSUMER_STEPS
from .embedded_beat import Beat
from .health import Health
from .selection import pool_class


class Hub(StartStopStep):
    """The event loop: it is running when this step starts."""


class Pool(StartStopStep):
    """The executing processes. Forked when created (no loop, no thread yet), started in the loop."""

    requires = (Hub,)
    lives_from_creation = True

    def create(self, w: Any) -> PoolPort:
        settings = children.settings_for(w)
        settings.make_runner()  # imports what every child would else import again, each time one is made
        w.pool = pool_class(w.options.pool)(settings)
        signals.worker_before_create_process.send(sender=w.pool)  # the first of all forks; see children for the others
        w.pool.fork()
        return w.pool  # type: ignore[no-any-return]

    async def start(self, w: Any) -> None:
        w.consumer = TaskConsumer(w.app, w.pool, w.hostname, w.clock)
        w.consumer.on_broken = w.fail
        await w.pool.start(w.consumer)

    async def stop(self, w: Any) -> None:
        await w.pool.kill()  # nothing runs any more: this only closes

    def info(self, w: Any) -> dict[str, Any]:
        return {"pool": w.pool.describe()}


class Consumer(StartStopStep):
    """Last to start, first to stop: it has a blueprint of its own."""

    requires = (Pool,)
    last = True

    def create(self, w: Any) -> Blueprint:
        return Blueprint("Consumer", {*CONSUMER_STEPS, *w.app.steps["consumer"]})

    async def start(self, w: Any) -> None:
        w.consumer.worker = w
        w.consumer.blueprint = self.obj
        self.obj.apply(w.consumer, **w.options.extra)
        await self.obj.start(w.consumer)

    async def stop(self, w: Any) -> None:
        await self.obj.stop(w.consumer)

    async def terminate(self, w: Any) -> None:
        await self.obj.stop(w.consumer, terminate=True)


WORKER_STEPS = (Hub, Beat, Pool, Autoscaler, Health, Consumer)
