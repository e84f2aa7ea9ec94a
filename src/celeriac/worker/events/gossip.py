"""Gossip: workers that hear of each other's coming and going, and elect one of them for what one shall do.

Elections are always heard, for they cost nothing while there are none. To all heartbeats of all workers it listens
only when a program wants to know of other workers (`on.node_join.add(...)`, `state`): in large fleets they add up.
"""

import asyncio
import logging
import os
import time
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Final

from celeriac.core.errors import ContentDisallowed, DecodeError, ImproperlyConfigured, OperationalError
from celeriac.core.message import Message
from celeriac.core.ports.newswire import Newswire, newswire_of
from celeriac.events.state import State
from celeriac.events.words import utcoffset
from celeriac.wire import serializers
from celeriac.wire.body import body_of

from .. import tending
from ..blueprint import StartStopStep
from .elections import ACK, IDENT, Vote, read_vote, winner
from .mingle import Mingle

logger = logging.getLogger("celeriac.worker.consumer")

_VOTES: Final = "worker.elect"
_ELECTIONS: Final = (_VOTES, "worker.elect.ack")
_ALL: Final = "worker.#"
_INTERVAL: Final = 5.0  # seconds between two looks for lost workers
_NOTICE: Final = 1.0  # seconds until it is noticed that somebody wants to know more
_QUIET: Final = 1.0  # seconds after the last vote of an election
_ACK_AFTER: Final = 0.2  # seconds: who counts acknowledgements has heard all votes by then
_REMEMBERED: Final = 1000  # elections
_DEADLINE: Final = 5.0  # seconds for a vote to be sent
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 2.0


class Wanted(set[Callable[..., Any]]):
    """Callbacks; the first one makes that it is listened for them."""

    def __init__(self, on_first: Callable[[], None]) -> None:
        super().__init__()
        self._on_first = on_first

    def add(self, callback: Callable[..., Any]) -> None:
        super().add(callback)
        self._on_first()


class Occasions:
    """Sets of functions, each called with a worker (celeriac.events.state)."""

    def __init__(self, on_first: Callable[[], None]) -> None:
        self.node_join = Wanted(on_first)
        self.node_leave = Wanted(on_first)
        self.node_lost = Wanted(on_first)


class Gossip(StartStopStep):
    """Is `c.gossip`."""

    requires = (Mingle,)

    def __init__(self, c: Any, without_gossip: bool = False, interval: float = _INTERVAL, **kw: Any) -> None:
        self.enabled = not without_gossip
        self.interval = interval
        self.on = Occasions(self._want_all)
        self.election_handlers: dict[str, Callable[[Any], Any]] = {"task": self.call_task}
        self._state = State(on_node_join=self._joined, on_node_leave=self._left)
        self._wants_all = False
        self._heard: dict[str, list[Vote | None]] = {}  # by election, in the order in which all hear it
        self._voted: deque[str] = deque(maxlen=_REMEMBERED)
        self._over: deque[str] = deque(maxlen=_REMEMBERED)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._c = c
        self._wire: Newswire | None = None
        c.gossip = self if self.enabled else None

    # -- life ---------------------------------------------------------------------------------------

    async def start(self, c: Any) -> None:
        self._wire = newswire_of(c.connection.transport)
        if self._wire is None:
            c.gossip = None  # no worker of Celery's can be here, and listening would mean to hear all events
            return
        self.full_hostname = f"{c.hostname}.{os.getpid()}"
        self._accept = serializers.accept_set({c.conf["event_serializer"], "json"})
        listens = asyncio.Event()
        for loop, name in ((self._listen(self._wire, listens), "gossip"), (self._look(), "gossip's look-out")):
            self._tasks.add(tending.start(loop, name, lambda: c.on_broken))
        await listens.wait()

    async def close(self, c: Any) -> None:
        for task in list(self._tasks):
            await tending.end(task)

    async def stop(self, c: Any) -> None:
        """It was closed."""

    # -- other workers ------------------------------------------------------------------------------

    @property
    def state(self) -> State:
        """What is known of other workers, from now on."""
        self._want_all()
        return self._state

    def _want_all(self) -> None:
        self._wants_all = True

    def _joined(self, worker: Any) -> None:
        self._call(self.on.node_join, worker)

    def _left(self, worker: Any) -> None:
        self._call(self.on.node_leave, worker)

    def _call(self, callbacks: Wanted, worker: Any) -> None:
        for callback in list(callbacks):
            try:
                callback(worker)
            except Exception:
                logger.exception("gossip: %r failed", callback)

    async def _look(self) -> None:
        """For workers that have fallen silent."""
        while True:
            await asyncio.sleep(self.interval)
            for worker in list(self._state.workers.values()):
                if not worker.alive:
                    self._state.workers.pop(worker.hostname, None)
                    logger.info("missed heartbeat from %s", worker.hostname)
                    self._call(self.on.node_lost, worker)

    # -- elections ----------------------------------------------------------------------------------

    def election(self, id: str, topic: str, action: Any = None) -> "asyncio.Task[None]":
        """All workers were told to hold one: this is our vote. It may be awaited that it is on its way."""
        return self._later(self._vote(id, topic, action))

    async def _vote(self, id: str, topic: str, action: Any) -> None:
        """At once: events that are told together wait for each other."""
        if id in self._voted or self._wire is None:
            return
        self._voted.append(id)
        c = self._c
        about = {"id": id, "topic": topic, "action": action, "cver": 1, "sw_ident": IDENT}
        who = {"hostname": c.hostname, "utcoffset": utcoffset(), "pid": os.getpid(), "clock": c.app.clock.forward()}
        event = {"type": "worker-elect", **who, "timestamp": time.time(), **about}
        content_type, encoding, body = serializers.dumps(event, c.conf["event_serializer"])
        message = Message({"hostname": c.hostname}, {"delivery_mode": 1}, body, content_type, encoding)
        await c.connection.attempt(self._wire.tell(c.conf["event_exchange"], _VOTES, message), _DEADLINE)

    def _hear_vote(self, event: dict[str, Any]) -> None:
        id, vote = event["id"], read_vote(event)
        heard = self._heard.get(id)
        if heard is None and id in self._over:
            logger.warning("gossip: the vote of %s for %r comes too late", vote.who, id)
            return
        if heard is None:
            heard = self._heard[id] = []
            self._later(self._decide(id))
        heard.append(vote)
        self._later(self._acknowledge(id))

    async def _acknowledge(self, id: str) -> None:
        """Celery's workers count them."""
        await asyncio.sleep(_ACK_AFTER)
        self._c.event_dispatcher.send("worker-elect-ack", id=id)

    async def _decide(self, id: str) -> None:
        heard, known = self._heard[id], 0
        while (votes := len(heard) - heard.count(ACK)) > known:
            known = votes
            await asyncio.sleep(_QUIET)
        self._over.append(id)
        elected = winner(self._heard.pop(id))
        if elected.who != self.full_hostname:
            logger.info("node %s elected for %r", elected.who, id)
            return
        logger.info("I won the election %r", id)
        topic, action = elected.topic, elected.action
        handler = self.election_handlers.get(topic)
        if handler is None:
            logger.error("Unknown election topic %r", topic)
            return
        try:
            await asyncio.to_thread(handler, action)
        except Exception:
            logger.exception("Election %r: %r failed", id, topic)

    def call_task(self, task: Any) -> None:
        """The topic `task`: send this one."""
        self._c.app.signature(task).apply_async()

    def _later(self, what: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.create_task(what)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.warning("gossip: %r", error)

    # -- hearing ------------------------------------------------------------------------------------

    async def _listen(self, wire: Newswire, listens: asyncio.Event) -> None:
        ear, pause, hears_all = None, _FIRST_PAUSE, False
        exchange = self._c.conf["event_exchange"]
        try:
            while True:
                try:
                    if ear is None:
                        ear = await self._c.connection.link.listen()
                        await ear.add([wire.channel(exchange, key) for key in _ELECTIONS])
                        listens.set()
                    if self._wants_all and not hears_all:
                        await ear.add([wire.channel(exchange, _ALL)])
                        await ear.discard([wire.channel(exchange, key) for key in _ELECTIONS])
                        hears_all = True
                    heard = await ear.next(None if hears_all else _NOTICE)
                    pause = _FIRST_PAUSE
                except OperationalError as exc:
                    listens.set()
                    logger.debug("gossip: deaf until the broker is back: %s", exc)
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, _LONGEST_PAUSE)
                    continue
                if heard is not None:
                    self._heed(wire, heard[1])
        finally:
            if ear is not None:
                await ear.close()

    def _heed(self, wire: Newswire, payload: bytes) -> None:
        try:
            body = body_of(wire.read(payload), self._accept)
            for event in body if isinstance(body, list) else [body]:
                self._one(event)
        except (DecodeError, ContentDisallowed, ImproperlyConfigured, KeyError, TypeError, AttributeError) as exc:
            logger.warning("gossip: an event can't be read: %r", exc)

    def _one(self, event: dict[str, Any]) -> None:
        kind = event["type"]
        if isinstance(event.get("clock"), int):
            self._c.app.clock.adjust(event["clock"])
        if kind == "worker-elect":
            self._hear_vote(event)
        elif kind == "worker-elect-ack":
            if event["id"] in self._heard:
                self._heard[event["id"]].append(ACK)
        elif kind.startswith("worker-") and event["hostname"] != self._c.hostname:
            self._state.event(event)
