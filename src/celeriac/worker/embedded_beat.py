"""worker -B: a beat beside the worker, in a process of its own that begins and ends with it."""

import asyncio
from typing import Any

from celeriac.beat import EmbeddedService

from .blueprint import StartStopStep


class Beat(StartStopStep):
    """Forked when created, for then there is no loop and no thread yet.

    A broker in this process's memory is there for nobody else: then the beat is a thread, started with the loop.
    """

    label = "Beat"
    conditional = True
    lives_from_creation = True
    in_thread = False

    def include_if(self, w: Any) -> bool:
        return bool(w.options.beat)

    def create(self, w: Any) -> Any:
        options = w.options
        self.in_thread = w.app.transports.write.describe().startswith("memory:")
        beat = EmbeddedService(
            w.app,
            thread=self.in_thread,
            schedule_filename=options.schedule_filename,
            scheduler_cls=options.scheduler,
        )
        if not self.in_thread:
            beat.start()
        return beat

    async def start(self, w: Any) -> None:
        if self.in_thread:
            self.obj.start()

    async def stop(self, w: Any) -> None:
        await asyncio.get_running_loop().run_in_executor(None, self.obj.stop)

    async def terminate(self, w: Any) -> None:
        await self.stop(w)
