"""The step that opens the door to the worker's health: before it consumes, for starting takes as long as it takes."""

from typing import Any

from celeriac.worker.blueprint import StartStopStep

from .checkup import CheckUp
from .metrics import CONTENT_TYPE
from .server import Page, Server, address
from .tally import Tally


class Health(StartStopStep):
    """/live: the process answers. /ready: it consumes. /metrics: figures."""

    requires = ("Pool",)
    conditional = True

    def include_if(self, w: Any) -> bool:
        return bool(w.app.conf["worker_health"])

    def create(self, w: Any) -> Server:
        self._address = address(str(w.app.conf["worker_health"]))
        self._tally = Tally()
        self._checkup = CheckUp(w, self._tally)
        return Server({"/live": self._live, "/ready": self._ready, "/metrics": self._metrics})

    async def start(self, w: Any) -> None:
        w.consumer.witnesses = (*w.consumer.witnesses, self._tally)
        await self.obj.start(*self._address)

    async def stop(self, w: Any) -> None:
        await self.obj.close()
        await self._checkup.close()

    async def _live(self) -> Page:
        return Page(200, "alive\n")

    async def _ready(self) -> Page:
        reason = self._checkup.why_not_ready()
        return Page(503, f"not ready: {reason}\n") if reason else Page(200, "ready\n")

    async def _metrics(self) -> Page:
        return Page(200, await self._checkup.metrics(), CONTENT_TYPE)
