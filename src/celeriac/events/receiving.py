"""The receiver: listens to events and hands each to its handler."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any, Final, TypeGuard

from celeriac.core.bindings import topic_matches
from celeriac.core.errors import ContentDisallowed, DecodeError, ImproperlyConfigured, OperationalError
from celeriac.core.message import Message
from celeriac.core.ports import AsyncEar, Ear
from celeriac.wire import serializers
from celeriac.wire.body import body_of

from .buswire import newswire
from .words import routing_key_of

logger = logging.getLogger("celeriac.events")

Handler = Callable[[dict[str, Any]], Any]
Heard = tuple[str, dict[str, Any]]  # type, event

_LISTEN: Final = 1.0  # seconds after which `should_stop` is looked at
_DEAF: Final = "Events are lost until the broker is back: %s"
_CLIENT_CLOCK_AHEAD: Final = 2  # a call orders before what a worker says of it, and its clock may not know the worker's


class EventReceiver:
    """`Receiver(handlers={"task-failed": f, "*": g}).capture()`. What no handler is for is passed by."""

    app: Any = None

    def __init__(
        self,
        channel: Any = None,
        handlers: Mapping[str, Handler] | None = None,
        routing_key: str = "#",
        node_id: str | None = None,
        app: Any = None,
        queue_prefix: str | None = None,
        accept: Any = None,
        queue_ttl: float | None = None,
        queue_expires: float | None = None,
        queue_exclusive: bool | None = None,
        queue_durable: bool | None = None,
    ) -> None:
        self.app = app or self.app
        self.channel = channel
        self.handlers: dict[str, Handler] = dict(handlers or {})
        self.routing_key = routing_key
        self.node_id = node_id
        self.should_stop = False
        conf = self.app.conf
        self.accept = serializers.accept_set(accept or {conf["event_serializer"], "json"})
        transport = self.app.transports.read
        found = newswire(transport, transport.bus)
        if found is None:
            raise ImproperlyConfigured(f"There are no events over {transport.describe()}: it has no bus.")
        self._wire = found
        self._transport = transport
        self._channel = found.channel(conf["event_exchange"], routing_key)

    # -- in sync code -------------------------------------------------------------------------------

    def capture(self, limit: int | None = None, timeout: float | None = None, wakeup: bool = True) -> None:
        """Listen until so many messages were heard, nothing was heard for so long (TimeoutError), or should_stop."""
        for _ in self.itercapture(limit, timeout, wakeup):
            pass

    def itercapture(self, limit: int | None = None, timeout: float | None = None, wakeup: bool = True) -> Iterator[Any]:
        """The same, a step at a time; the first step is that it listens."""
        ear: Ear = self._transport.link().listen()
        try:
            ear.add([self._channel])
            yield self
            if wakeup:
                self.wakeup_workers()
            yield from self._steps(ear, limit, timeout)
        finally:
            ear.close()

    consume = itercapture

    def _steps(self, ear: Ear, limit: int | None, timeout: float | None) -> Iterator[Any]:
        watch = _Watch(limit, timeout)
        while not self.should_stop and watch.goes_on():
            try:
                found = ear.next(watch.patience)
            except OperationalError as exc:
                logger.warning(_DEAF, exc)
                time.sleep(_LISTEN)
                found = None
            if watch.saw(found):
                self.receive(found[1])
                yield self

    # -- in async code ------------------------------------------------------------------------------

    async def aitercapture(
        self, limit: int | None = None, timeout: float | None = None, wakeup: bool = True
    ) -> AsyncIterator[dict[str, Any]]:
        """Every event, as it comes; handlers are called too. `limit` counts messages, which may hold several events."""
        watch = _Watch(limit, timeout)
        link = await self._transport.alink()
        try:
            ear = await link.listen()
            try:
                await ear.add([self._channel])
                if wakeup:
                    await asyncio.to_thread(self.wakeup_workers)
                while not self.should_stop and watch.goes_on():
                    found = await _next(ear, watch.patience)
                    for _, event in self.receive(found[1]) if watch.saw(found) else ():
                        yield event
            finally:
                await ear.close()
        finally:
            await link.close()

    # -- what is heard ------------------------------------------------------------------------------

    def receive(self, payload: bytes) -> list[Heard]:
        """One message: its events, each of which was given to its handler."""
        try:
            message: Message = self._wire.read(payload)
            body = body_of(message, self.accept)
        except (DecodeError, ContentDisallowed, ImproperlyConfigured) as exc:
            logger.error("What came as an event can't be read: %s", exc)
            return []
        found = [self.event_from_message(each) for each in (body if isinstance(body, list) else [body])]
        fitting = [heard for heard in found if topic_matches(self.routing_key, routing_key_of(heard[0]))]
        for kind, event in fitting:
            self.process(kind, event)
        return fitting

    def process(self, type: str, event: dict[str, Any]) -> None:
        """Hand it over."""
        handler = self.handlers.get(type) or self.handlers.get("*")
        if handler is not None:
            handler(event)

    def event_from_message(self, body: dict[str, Any], localize: bool = True) -> Heard:
        """With `local_received`, and its clock heeded. Times are seconds since 1970 wherever they come from."""
        kind = str(body["type"])
        clock = body.get("clock")
        if kind == "task-sent":
            own = self.app.clock.value
            body["clock"] = (own if clock is None else max(clock, own)) + _CLIENT_CLOCK_AHEAD
            self.app.clock.adjust(body["clock"])
        elif clock is None:
            body["clock"] = self.app.clock.forward()
        else:
            self.app.clock.adjust(clock)
        body["local_received"] = time.time()
        return kind, body

    def wakeup_workers(self, channel: Any = None) -> None:
        """Ask the workers to say that they are there."""
        self.app.control.broadcast("heartbeat")


async def _next(ear: AsyncEar, seconds: float) -> tuple[str, bytes] | None:
    """None if nothing came, or nothing can."""
    try:
        return await ear.next(seconds)
    except OperationalError as exc:
        logger.warning(_DEAF, exc)
        await asyncio.sleep(_LISTEN)
        return None


class _Watch:
    """How long one capture goes on: so many messages, or until nothing is heard for so long."""

    def __init__(self, limit: int | None, timeout: float | None) -> None:
        self._left = limit
        self._timeout = timeout
        self._quiet_since = time.monotonic()
        self.patience = _LISTEN if timeout is None else min(_LISTEN, timeout)

    def goes_on(self) -> bool:
        return self._left is None or self._left > 0

    def saw(self, found: tuple[str, bytes] | None) -> TypeGuard[tuple[str, bytes]]:
        """True if it is a message. Raises TimeoutError when it has been quiet for too long."""
        if found is not None:
            self._left = None if self._left is None else self._left - 1
            self._quiet_since = time.monotonic()
            return True
        if self._timeout is not None and time.monotonic() - self._quiet_since >= self._timeout:
            raise TimeoutError("timed out")
        return False
