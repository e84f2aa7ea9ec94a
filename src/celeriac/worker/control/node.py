"""The node: hears commands that are meant for this worker, carries them out one after the other, and replies."""

import asyncio
import inspect
import logging
import re
from collections.abc import Iterable
from functools import partial
from typing import Any, Final

from celeriac.control.addressing import is_meant_for
from celeriac.control.busbox import pidbox
from celeriac.control.calling import RECORDED, exchanges, reply_message
from celeriac.core.errors import (
    ContentDisallowed,
    DecodeError,
    ImproperlyConfigured,
    OperationalError,
    SerializerNotInstalled,
    WorkerShutdown,
)
from celeriac.core.message import Message
from celeriac.core.ports import AsyncEar
from celeriac.wire import serializers
from celeriac.wire.body import body_of

from .. import tending
from .panel import Panel

logger = logging.getLogger("celeriac.worker.pidbox")

_DEADLINE: Final = 5.0
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 2.0
_SAME_OUTAGE: Final = 10.0  # a failure that follows another so soon is of the same outage


class State:
    """What a command is given: the app, the consumer, the node's name; `tset` makes sets."""

    tset = set

    def __init__(self, app: Any, hostname: str, consumer: Any) -> None:
        self.app = app
        self.hostname = hostname
        self.consumer = consumer
        self.recorded = False  # of the command at hand


class Node:
    """One per worker. What it can't read or answer is logged; the worker goes on."""

    def __init__(self, consumer: Any) -> None:
        self.state = State(consumer.app, consumer.hostname, consumer)
        self.hostname: str = consumer.hostname
        self._consumer = consumer
        self._refused = refused_names(consumer.conf["worker_refused_commands"])
        self._exchanges = exchanges(consumer.conf)
        self._accept = serializers.accept_set(consumer.conf["accept_content"])
        transport = consumer.connection.transport
        self._pidbox = pidbox(transport, transport.bus)
        self._ear: AsyncEar | None = None
        self._task: asyncio.Task[None] | None = None
        self._acting = asyncio.Event()
        self.on_broken = tending.nobody

    async def start(self) -> None:
        """Returns when it listens, or has found that it can't yet."""
        if self._pidbox is None:
            logger.warning("There is no remote control over %s", self._consumer.connection.transport.describe())
            return
        ready = asyncio.Event()
        self._task = tending.start(self._run(ready), "remote control", lambda: self.on_broken)
        await ready.wait()

    def act(self) -> None:
        """The worker is complete: carry out what is heard."""
        self._acting.set()

    async def close(self) -> None:
        await tending.end(self._task)
        await self._consumer.revoker.waiting.close()
        if self._ear is not None:
            await self._ear.close()

    async def _run(self, ready: asyncio.Event) -> None:
        assert self._pidbox is not None
        channel = self._pidbox.channel(self._exchanges.call)
        running = f"{channel}.running"  # which revoked tasks run: workers tell each other
        self._consumer.revoker.waiting.tell_others = partial(self._tell, running)
        pause, known_until = _FIRST_PAUSE, 0.0
        while True:
            try:
                if self._ear is None:
                    self._ear = await self._consumer.connection.link.listen()
                    await self._ear.add([channel, running])
                ready.set()
                heard = await self._ear.next(None)
                pause = _FIRST_PAUSE
            except OperationalError as exc:
                ready.set()
                # Once an outage: the connection tells of each attempt.
                now = asyncio.get_running_loop().time()
                level = logging.DEBUG if now < known_until else logging.WARNING
                logger.log(level, "Remote control is deaf until the broker is back: %s", exc)
                known_until = now + pause + _SAME_OUTAGE
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
                continue
            if heard is not None:
                await self._acting.wait()
                await self._heed(heard, running)

    async def _heed(self, heard: tuple[str, bytes], running: str) -> None:
        if heard[0] == running:
            self._consumer.revoker.waiting.hear(heard[1])
        else:
            await self.hear(heard[1])

    async def _tell(self, channel: str, payload: bytes) -> None:
        connection = self._consumer.connection
        await connection.attempt(connection.transport.bus.tell(channel, payload), _DEADLINE)

    async def hear(self, payload: bytes) -> None:
        """One command; whatever is wrong with it, the next is heard."""
        assert self._pidbox is not None
        try:
            message = self._pidbox.read(payload)
            body = body_of(message, self._accept)
            method, arguments = body["method"], body.get("arguments") or {}
            meant = is_meant_for(self.hostname, body)
        except (DecodeError, ContentDisallowed, SerializerNotInstalled, ImproperlyConfigured) as exc:
            logger.error("A remote control command can't be read: %s", exc)
            return
        except (TypeError, KeyError, AttributeError, re.error) as exc:
            logger.error("What came as a remote control command is none: %r", exc)
            return
        clock = message.headers.get("clock")
        if isinstance(clock, int):
            self.state.app.clock.adjust(clock)
        if not meant:
            return
        self.state.recorded = message.headers.get(RECORDED) is True
        reply = await self._dispatch(method, arguments)
        to = body.get("reply_to")
        if to and reply is not _NO_REPLY:
            await self._answer(to, body.get("ticket"), reply)

    async def _dispatch(self, method: str, arguments: dict[str, Any]) -> Any:
        ends = isinstance(arguments, dict) and arguments.get("terminate") and "terminate" in self._refused
        if method in self._refused or ends:
            logger.warning("Remote control command %s: worker_refused_commands forbids it", method)
            return {"error": f"this worker refuses the command {method} (worker_refused_commands)"}
        try:
            found = Panel.data[method](self.state, **arguments)
            return await found if inspect.isawaitable(found) else found
        except WorkerShutdown as exc:
            logger.warning("%s", exc)
            return _NO_REPLY
        except Exception as exc:
            logger.error(
                "Remote control command %s: %r", method, exc, exc_info=not isinstance(exc, KeyError | ValueError)
            )
            return {"error": repr(exc)}

    async def _answer(self, to: dict[str, Any], ticket: Any, reply: Any) -> None:
        assert self._pidbox is not None
        headers = {"ticket": ticket, "clock": self.state.app.clock.forward()}
        message = self._message({self.hostname: reply}, headers)
        try:
            flow = self._pidbox.answer(to["exchange"], to["routing_key"], message)
            await self._consumer.connection.attempt(flow, _DEADLINE)
        except (OperationalError, KeyError, TypeError) as exc:
            logger.warning("A reply could not be sent: %r", exc)

    def _message(self, reply: Any, headers: dict[str, Any]) -> Message:
        """What JSON has no form for is shown as text."""
        try:
            return reply_message(reply, headers, self._exchanges)
        except Exception:  # noqa: BLE001 - arguments of tasks may be anything
            return reply_message(_shown(reply), headers, self._exchanges)


_NO_REPLY: Final = object()


def refused_names(names: Iterable[str]) -> frozenset[str]:
    """With their aliases, and with what does the same by another name. Raises ImproperlyConfigured."""
    refused = set(names)
    unknown = sorted(refused.difference(Panel.data))
    if unknown:
        raise ImproperlyConfigured(f"worker_refused_commands: there is no command {', '.join(unknown)}")
    functions = {Panel.data[name] for name in refused}
    return frozenset(name for name, function in Panel.data.items() if function in functions)


def _shown(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _shown(one) for key, one in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_shown(one) for one in value]
    return value if value is None or isinstance(value, str | int | float | bool) else repr(value)
