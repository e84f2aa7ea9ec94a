"""worker -B: a beat beside the worker, in a process of its own that begins and ends with it."""

import asyncio
from typing import Any

from celeriac.beat import EmbeddedService

from .blueprint import StartStopStep


class Beat(StartStopStep):
    """Forked when created, for then there is no loop and no thread yet."""

    label = "Beat"
    conditional = True

    def include_if(self, w: Any) -> bool:
        return bool(w.options.beat)

    def create(self, w: Any) -> Any:
        options = w.options
        beat = EmbeddedService(w.app, schedule_filename=options.schedule_filename, scheduler_cls=options.scheduler)
        beat.start()
        return beat

    async def start(self, w: Any) -> None:
        """It runs already."""

    async def stop(self, w: Any) -> None:
        await asyncio.get_running_loop().run_in_executor(None, self.obj.stop)

    async def terminate(self, w: Any) -> None:
        await self.stop(w)
