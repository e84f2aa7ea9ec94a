"""The dispatcher: keeps events for a moment and sends them together; forgets the oldest if they can't be sent."""

import asyncio
import logging
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from celeriac.core.errors import EncodeError, OperationalError
from celeriac.core.message import Message
from celeriac.events.buswire import newswire
from celeriac.events.words import Event, group_of, kind_of, routing_key_of, utcoffset
from celeriac.events.writing import Writer

from .. import tending
from ..connection import Connection, ConnectionClosed
from .notes import Node, Note, Told
from .outbox import Outbox, Page

logger = logging.getLogger("celeriac.worker.events")

_AT_ONCE: Final = 16  # pages in one round trip to the broker
_COALESCE: Final = 0.005  # seconds that an event waits for others
_WITHIN: Final = 10.0  # seconds for the broker to take a message
_LAST_WORDS: Final = 2.0  # seconds to send what is left when the worker ends
_MULTI: Final = "task.multi"  # the routing key of several events of tasks in one message

Send = Callable[..., Awaitable[int | None]]  # of a routing key and messages


class EventDispatcher:
    """One per worker. `groups` says which events are sent: `worker`, and `task` if somebody wants them."""

    def __init__(self, app: Any, hostname: str, connection: Connection) -> None:
        self.app = app
        self.hostname = hostname
        self.groups = {"worker"}
        self.node = Node(hostname, os.getpid(), utcoffset(), app.clock.forward)
        conf = app.conf
        self._connection = connection
        self._exchange: str = conf["event_exchange"]
        transport = connection.transport
        self._wire = newswire(transport, transport.bus)
        self._writer = Writer(hostname, conf["event_serializer"])
        self._unheard = False  # nobody listened to events of tasks when some were sent last
        self._some = asyncio.Event()
        self.outbox = Outbox(self._some.set, self._page, self._wire.room if self._wire is not None else 0)
        self._quiet = asyncio.Event()  # nothing is on its way
        self._quiet.set()
        self._task: asyncio.Task[None] | None = None
        self.on_broken = tending.nobody
        self.on_tasks_wanted: Callable[[bool], None] = lambda wanted: None

    def want_tasks(self, wanted: bool) -> bool:
        """Whether events of tasks are sent from now on; False if that is so already."""
        if wanted == ("task" in self.groups) or self._wire is None:
            return False
        (self.groups.add if wanted else self.groups.discard)("task")
        self.on_tasks_wanted(wanted)
        return True

    @property
    def enabled(self) -> bool:
        """There is a way for events."""
        return self._wire is not None

    @property
    def dropped(self) -> int:
        """How many events were ever forgotten."""
        return self.outbox.dropped

    # -- saying -------------------------------------------------------------------------------------

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
            "utcoffset": self.node.offset if utcoffset is None else utcoffset,
            "pid": self.node.pid,
            "clock": None if blind else self.node.tick(1),
            "timestamp": time.time(),
            **fields,
        }
        try:
            (self.outbox.note if group_of(type) == "task" else self.outbox.keep)(self._writer.plain(event))
        except EncodeError as exc:
            logger.error("An event of type %s can't be written: %s", type, exc)

    def tell(self, kind: type[Event], timestamp: float, *fields: Any) -> None:
        """One of the known events of tasks; the caller has looked whether they are wanted."""
        if self._wire is not None:
            self.outbox.note(Told(kind, timestamp, fields))

    # -- sending ------------------------------------------------------------------------------------

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
                while self.outbox:
                    await self._send_pages(self._attempt)
                    await self._send_events(self._attempt)
        except (TimeoutError, OperationalError, ConnectionClosed) as exc:
            logger.debug("The last events were not sent: %r", exc)

    async def _run(self) -> None:
        try:
            while True:
                if not self.outbox:
                    self.outbox.caught_up()
                    await self._some.wait()
                self._some.clear()
                await asyncio.sleep(_COALESCE)
                self.node.offset = utcoffset()  # summer time may begin
                self._quiet.clear()
                await self._send_events(self._tell)
                await self._send_pages(self._tell)
                self._quiet.set()
        except ConnectionClosed:
            return

    async def _send_events(self, send: Send) -> None:
        """What is told alone."""
        while (event := self.outbox.next_event()) is not None:
            await send(routing_key_of(kind_of(event)), self._writer.message(event))

    async def _send_pages(self, send: Send) -> None:
        """About tasks, what is there now. If nobody listened last time, one page finds out whether that is still so."""
        outbox = self.outbox
        outbox.end_page()
        due = outbox.turned
        while pages := outbox.next_pages(due, 1 if self._unheard else _AT_ONCE):
            key, last = pages[0].routing_key, outbox.turned
            heard = await send(key, *(page.message for page in pages))
            if key != _MULTI:
                continue
            self._unheard = heard == 0
            if self._unheard:
                # Who begins to listen now has a right to what happens from now on. What waits would go to nobody.
                outbox.pass_over(last)

    def _page(self, notes: Sequence[Note]) -> Page:
        said = self.node.spelled(notes)
        if len(said) > 1:
            return Page(_MULTI, self._writer.message(said), len(notes))
        return Page(routing_key_of(kind_of(said[0])), self._writer.message(said[0]), len(notes))

    async def _tell(self, routing_key: str, *messages: Message) -> int | None:
        """However long it takes. How many heard it, if that is known."""
        wire, exchange = self._wire, self._exchange
        assert wire is not None
        return await self._connection.run(lambda: wire.tell(exchange, routing_key, *messages), _WITHIN)

    async def _attempt(self, routing_key: str, *messages: Message) -> int | None:
        """Once."""
        assert self._wire is not None
        return await self._connection.attempt(self._wire.tell(self._exchange, routing_key, *messages), _LAST_WORDS)
