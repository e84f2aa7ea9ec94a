"""The dispatcher: keeps events for a moment and sends them together; forgets the oldest if they can't be sent."""

import asyncio
import logging
import os
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final, TypeVar

import msgspec

from celeriac.core.errors import EncodeError, OperationalError
from celeriac.core.flow import Flow
from celeriac.core.message import Message
from celeriac.events.buswire import newswire
from celeriac.events.words import OF_TASKS, AnyEvent, Event, group_of, kind_of, routing_key_of, utcoffset
from celeriac.wire import serializers

from .. import tending
from ..connection import Connection, ConnectionClosed

logger = logging.getLogger("celeriac.worker.events")

_MOST: Final = 10_000  # events kept while the broker is away
_TOGETHER: Final = 200  # events in one message
_COALESCE: Final = 0.01  # seconds that an event waits for others
_LAST_WORDS: Final = 2.0  # seconds to send what is left when the worker ends


def _is_of_task(event: AnyEvent) -> bool:
    return type(event) in OF_TASKS or group_of(kind_of(event)) == "task"


E = TypeVar("E", bound=Event)
Said = AnyEvent | list[AnyEvent]


class EventDispatcher:
    """One per worker. `groups` says which events are sent: `worker`, and `task` if somebody wants them."""

    def __init__(self, app: Any, hostname: str, connection: Connection) -> None:
        self.app = app
        self.hostname = hostname
        self.groups = {"worker"}
        self.dropped = 0  # ever forgotten
        conf = app.conf
        self._connection = connection
        self._exchange: str = conf["event_exchange"]
        self._serializer: str = conf["event_serializer"]
        self._encode = msgspec.json.Encoder().encode
        transport = connection.transport
        self._wire = newswire(transport, transport.bus)
        self._clock = app.clock
        self._pid = os.getpid()
        self._offset = utcoffset()
        self._waiting: deque[AnyEvent] = deque()
        self._some = asyncio.Event()
        self._wake = self._some.set
        self._quiet = asyncio.Event()  # nothing is on its way
        self._quiet.set()
        self._told_of_drops = False
        self._task: asyncio.Task[None] | None = None
        self.on_broken = tending.nobody
        self.on_tasks_wanted: Callable[[bool], None] = lambda wanted: None

    def want_tasks(self, wanted: bool) -> bool:
        """Whether events of tasks are sent from now on; False if that is so already."""
        if wanted == ("task" in self.groups):
            return False
        (self.groups.add if wanted else self.groups.discard)("task")
        self.on_tasks_wanted(wanted)
        return True

    @property
    def enabled(self) -> bool:
        """There is a way for events."""
        return self._wire is not None

    def start(self) -> None:
        if self._wire is None:
            logger.info("There are no events over %s", self._connection.transport.describe())
            return
        self._task = tending.start(self._run(), "event dispatcher", lambda: self.on_broken)

    async def close(self) -> None:
        """Send what is left, if that can be done at once."""
        if self._task is None:
            return
        try:
            async with asyncio.timeout(_LAST_WORDS):
                await self._quiet.wait()
        except TimeoutError:
            pass  # what is on its way is lost
        await tending.end(self._task)
        try:
            async with asyncio.timeout(_LAST_WORDS):
                while self._waiting:
                    await self._connection.attempt(self._telling(*self._next()), _LAST_WORDS)
        except (TimeoutError, OperationalError, ConnectionClosed) as exc:
            logger.debug("The last events were not sent: %r", exc)

    def send(self, type: str, blind: bool = False, utcoffset: int | None = None, **fields: Any) -> None:
        """An event of any type; programs' own are sent as task- events of their group."""
        if group_of(type) in self.groups:
            self.put(type, fields, blind, utcoffset)

    def put(self, type: str, fields: dict[str, Any], blind: bool = False, utcoffset: int | None = None) -> None:
        """An event of any type, whether or not its group is wanted."""
        if self._wire is None:
            return
        event = {
            "type": type,
            "hostname": self.hostname,
            "utcoffset": self._offset if utcoffset is None else utcoffset,
            "pid": self._pid,
            "clock": None if blind else self._clock.forward(),
            "timestamp": time.time(),
            **fields,
        }
        self._keep(event)

    def tell(self, kind: type[E], timestamp: float, *fields: Any) -> None:
        """One of the frequent events; the caller has looked whether its group is wanted."""
        event = kind(self.hostname, self._offset, self._pid, self._clock.forward(), timestamp, *fields)
        waiting = self._waiting
        if len(waiting) >= _MOST:
            self._forget_one()
        waiting.append(event)
        self._wake()

    def _keep(self, event: AnyEvent) -> None:
        if len(self._waiting) >= _MOST:
            self._forget_one()
        self._waiting.append(event)
        self._wake()

    def _forget_one(self) -> None:
        self._waiting.popleft()
        self.dropped += 1
        if not self._told_of_drops:
            self._told_of_drops = True
            logger.warning("Events can't be sent as fast as they come: the oldest are forgotten")

    async def _run(self) -> None:
        try:
            while True:
                await self._some.wait()
                await asyncio.sleep(_COALESCE)
                self._quiet.clear()
                while self._waiting:
                    await self._send_some()
                self._quiet.set()
                self._some.clear()
                self._told_of_drops = False
        except ConnectionClosed:
            return

    async def _send_some(self) -> None:
        routing_key, said = self._next()
        await self._connection.run(lambda: self._telling(routing_key, said))

    def _next(self) -> tuple[str, Said]:
        """What is told together, and by which routing key: one event, or several of tasks."""
        first = self._waiting.popleft()
        kind = kind_of(first)
        if group_of(kind) != "task":
            return routing_key_of(kind), first
        batch, waiting = [first], self._waiting
        while waiting and len(batch) < _TOGETHER and _is_of_task(waiting[0]):
            batch.append(waiting.popleft())
        return (routing_key_of(kind), first) if len(batch) == 1 else ("task.multi", batch)

    def _telling(self, routing_key: str, said: Said) -> Flow[None]:
        assert self._wire is not None
        content_type, encoding, body = self._written(said)
        headers = {"hostname": self.hostname}
        message = Message(headers, {"delivery_mode": 1}, body, content_type, encoding)
        return self._wire.tell(self._exchange, routing_key, message)

    def _written(self, said: Said) -> tuple[str, str, bytes]:
        if self._serializer == "json":
            try:
                return "application/json", "utf-8", self._encode(said)
            except TypeError:
                pass  # a program's own event says something that only the dialect can
        try:
            return serializers.dumps(msgspec.to_builtins(said), self._serializer)
        except (EncodeError, TypeError) as exc:
            logger.error("An event can't be written: %s", exc)
            return serializers.dumps([], "json")
