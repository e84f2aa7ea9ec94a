"""Performs a call in both colours: open a box, tell the nodes, gather what they answer, close the box."""

import asyncio
import time
from contextlib import suppress
from typing import Any, Final

from celeriac.core.errors import ImproperlyConfigured, OperationalError
from celeriac.core.flow import Flow
from celeriac.core.ports import AsyncLink, Link, Pidbox, Transport

from .busbox import pidbox
from .calling import Call, Exchanges, Gathering

_LOOK_AGAIN: Final = 0.01  # seconds, where the server itself does not wait for replies
DEADLINE: Final = 5.0  # seconds for one request to the server, beside the time that is waited for replies


class Errand:
    """A call with all it needs: the same for both colours."""

    def __init__(
        self, transport: Transport, exchanges: Exchanges, call: Call, gathering: Gathering, clock: int
    ) -> None:
        found = pidbox(transport, transport.bus)
        if found is None:
            raise ImproperlyConfigured(f"Remote control is not possible over {transport.describe()}: it has no bus.")
        self.pidbox: Pidbox = found
        self.call = call
        self.gathering = gathering
        self.reply_exchange = exchanges.reply
        self.channel = self.pidbox.box_channel(exchanges.reply, call.box)
        self.told = self.pidbox.call(exchanges.call, call.message(clock, exchanges))

    def collect(self, seconds: float) -> Flow[Any]:
        return self.pidbox.collect(self.reply_exchange, self.call.box, seconds)

    def open(self) -> Flow[None]:
        return self.pidbox.open(self.reply_exchange, self.call.box)

    def close(self) -> Flow[None]:
        return self.pidbox.close(self.reply_exchange, self.call.box)


def perform(link: Link, errand: Errand) -> list[Any] | None:
    """The replies; None if none were asked for. Raises OperationalError if the command could not be sent."""
    if not errand.call.reply:
        link.run(errand.told, DEADLINE)
        return None
    if errand.channel is not None:
        return _hear(link, errand, errand.channel)
    link.run(errand.open(), DEADLINE)
    try:
        errand.gathering.heard = link.run(errand.told, DEADLINE)
        end = time.monotonic() + errand.call.timeout
        while not errand.gathering.over and (left := end - time.monotonic()) > 0:
            replies = link.run(errand.collect(left), left + DEADLINE)
            for message in replies:
                errand.gathering.add(message)
            if not replies:
                time.sleep(min(_LOOK_AGAIN, left))
    finally:
        with suppress(OperationalError):  # what is left of the box runs out by itself
            link.run(errand.close(), DEADLINE)
    return errand.gathering.replies


def _hear(link: Link, errand: Errand, channel: str) -> list[Any]:
    ear = link.listen()
    try:
        ear.add([channel])
        errand.gathering.heard = link.run(errand.told, DEADLINE)
        end = time.monotonic() + errand.call.timeout
        while not errand.gathering.over and (left := end - time.monotonic()) > 0:
            heard = ear.next(left)
            if heard is not None:
                errand.gathering.add(errand.pidbox.read(heard[1]))
    finally:
        ear.close()
    return errand.gathering.replies


async def aperform(link: AsyncLink, errand: Errand) -> list[Any] | None:
    """The same in async code."""
    if not errand.call.reply:
        await link.run(errand.told, DEADLINE)
        return None
    if errand.channel is not None:
        return await _ahear(link, errand, errand.channel)
    await link.run(errand.open(), DEADLINE)
    try:
        errand.gathering.heard = await link.run(errand.told, DEADLINE)
        end = time.monotonic() + errand.call.timeout
        while not errand.gathering.over and (left := end - time.monotonic()) > 0:
            replies = await link.run(errand.collect(left), left + DEADLINE)
            for message in replies:
                errand.gathering.add(message)
            if not replies:
                await asyncio.sleep(min(_LOOK_AGAIN, left))
    finally:
        with suppress(OperationalError):
            await link.run(errand.close(), DEADLINE)
    return errand.gathering.replies


async def _ahear(link: AsyncLink, errand: Errand, channel: str) -> list[Any]:
    ear = await link.listen()
    try:
        await ear.add([channel])
        errand.gathering.heard = await link.run(errand.told, DEADLINE)
        end = time.monotonic() + errand.call.timeout
        while not errand.gathering.over and (left := end - time.monotonic()) > 0:
            heard = await ear.next(left)
            if heard is not None:
                errand.gathering.add(errand.pidbox.read(heard[1]))
    finally:
        await ear.close()
    return errand.gathering.replies
