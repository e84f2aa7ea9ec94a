"""Mingle: a worker that starts asks the others what they know to be revoked, and sets its clock by theirs.

Nothing waits for that: revocations are in the broker's store anyway. It is for fleets with workers of Celery's,
which keep them in memory only, and is left out on brokers that these can't share.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any, Final

from celeriac.control.calling import Call, Gathering, exchanges
from celeriac.control.performing import Errand, aperform
from celeriac.core.errors import OperationalError
from celeriac.core.ports.newswire import newswire_of
from celeriac.wire import serializers

from ..blueprint import StartStopStep
from .step import Events

logger = logging.getLogger("celeriac.worker.consumer")

_PATIENCE: Final = 1.0  # seconds for answers
_WITHIN: Final = 15.0  # seconds for all of it, should the broker be slow


class Mingle(StartStopStep):
    """Says hello, once."""

    requires = (Events,)

    def __init__(self, c: Any, without_mingle: bool = False, **kw: Any) -> None:
        self.enabled = not without_mingle
        self._task: asyncio.Task[None] | None = None

    async def start(self, c: Any) -> None:
        if c.conf["worker_enable_remote_control"] and newswire_of(c.connection.transport) is not None:
            self._task = asyncio.create_task(self._sync(c), name="mingle")

    async def close(self, c: Any) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def stop(self, c: Any) -> None:
        """It has ended."""

    async def _sync(self, c: Any) -> None:
        try:
            async with asyncio.timeout(_WITHIN):
                replies = await self._hello(c)
        except (OperationalError, TimeoutError) as exc:
            logger.warning("mingle: the other workers could not be asked: %s", exc)
            return
        others = 0
        for reply in replies:
            others += sum(_learned(c, said) for said in reply.values()) if isinstance(reply, Mapping) else 0
        if others:
            logger.info("mingle: sync with %s nodes complete", others)
        else:
            logger.info("mingle: all alone")

    async def _hello(self, c: Any) -> list[Any]:
        transport, conf = c.connection.transport, c.conf
        call = Call(command="hello", arguments={"from_node": c.hostname}, reply=True, timeout=_PATIENCE)
        gathering = Gathering(call, serializers.accept_set(conf["accept_content"]), c.app.clock.adjust)
        errand = Errand(transport, exchanges(conf), call, gathering, c.app.clock.forward())
        link = await transport.alink()  # the worker's own has better to do than wait for answers
        try:
            return await aperform(link, errand) or []
        finally:
            await link.close()


def _learned(c: Any, said: Any) -> bool:
    """One node's answer: its clock, and the ids of what is revoked. None from this worker itself."""
    if not isinstance(said, Mapping):
        return False
    clock, revoked = said.get("clock"), said.get("revoked")
    if isinstance(clock, int):
        c.app.clock.adjust(clock)
    if revoked and isinstance(revoked, (Mapping, list)):
        c.revoker.hear_of([str(id) for id in revoked])
    return True
