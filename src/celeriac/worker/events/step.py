"""The steps that make a worker heard of: events, and the heart."""

import asyncio
from typing import Any

from ..blueprint import StartStopStep
from .dispatcher import EventDispatcher
from .heart import FREQUENCY, Watch
from .heart import Heart as TheHeart
from .runs import RunEvents
from .sent import SentEvents


class Events(StartStopStep):
    """The dispatcher, and the witness that tells it of tasks while anybody wants to know."""

    requires = ("Connection",)

    async def start(self, c: Any) -> None:
        dispatcher = c.event_dispatcher = EventDispatcher(c.app, c.hostname, c.connection)
        dispatcher.on_broken = lambda reason: c.on_broken(reason)
        self._consumer = c
        silent = frozenset(name for name, task in c.app.tasks.items() if not getattr(task, "send_events", True))
        self._runs = RunEvents(dispatcher, silent)
        self._watch = Watch(c, self._runs)
        self._watch.on_broken = dispatcher.on_broken
        dispatcher.on_tasks_wanted = self._tell_of_tasks
        dispatcher.start()
        if c.conf["task_send_sent_event"]:
            c.witnesses = (*c.witnesses, SentEvents(dispatcher))
        if c.worker.options.task_events:
            dispatcher.want_tasks(True)

    def _tell_of_tasks(self, wanted: bool) -> None:
        witnesses = tuple(one for one in self._consumer.witnesses if one is not self._runs)
        self._consumer.witnesses = (*witnesses, self._runs) if wanted else witnesses
        if wanted:
            self._watch.start()
        else:
            self._stopping = asyncio.ensure_future(self._watch.close())

    async def shutdown(self, c: Any) -> None:
        await self._watch.close()
        await c.event_dispatcher.close()


class Heart(StartStopStep):
    """worker-online, -heartbeat and -offline."""

    requires = (Events,)

    def __init__(
        self, c: Any, without_heartbeat: bool = False, heartbeat_interval: int | None = None, **kw: Any
    ) -> None:
        self.enabled = not without_heartbeat
        self._frequency = float(heartbeat_interval or FREQUENCY)

    async def start(self, c: Any) -> None:
        c.heart = TheHeart(c, c.event_dispatcher, self._frequency)
        c.heart.on_broken = lambda reason: c.on_broken(reason)
        c.heart.start()

    async def stop(self, c: Any) -> None:
        await c.heart.close()
