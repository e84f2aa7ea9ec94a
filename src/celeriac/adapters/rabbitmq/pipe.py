"""One connection of an event loop: a protocol that drives a Talk, and its heartbeats."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from typing import Any, Final

from pamqp import base, commands

from . import methods
from .channel import Answer, Channel
from .connecting import most_telling
from .contents import Parcel
from .doorway import Doorway
from .outbox import PUBLISHING, Outbox
from .place import Server
from .refusals import FAILURES, Lost, failure
from .talk import Talk

ASKING: Final = 2
_FIRST_NUMBER: Final = 10  # of channels that are lent
_CLOSED_WITHIN: Final = 1.0


class Pipe(asyncio.Protocol):
    """Any number of coroutines may ask and publish at once."""

    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        self._loop = asyncio.get_running_loop()
        self._transport: Any = None
        self._heard = self._loop.time()
        self._beating: asyncio.TimerHandle | None = None
        self._unblocked = asyncio.Event()
        talk.on_unblocked = self._unblocked.set
        self._next_number = _FIRST_NUMBER
        self._outbox = Outbox(self)

    # -- asyncio's side -----------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._heard = self._loop.time()
        self.talk.feed(data)
        if self.talk.out:
            self.flush()
        if self.talk.ended is not None:
            self._transport.close()

    def eof_received(self) -> bool:
        return False  # close

    def connection_lost(self, exc: Exception | None) -> None:
        self._unblocked.set()
        self.talk.end(Lost(str(exc) if exc else "the server closed the connection"))
        if self._beating is not None:
            self._beating.cancel()

    # -- ours ---------------------------------------------------------------------------------------

    @property
    def closed(self) -> bool:
        return self.talk.ended is not None

    def flush(self) -> None:
        """Send what is to be sent, at once."""
        out = self.talk.out
        if out and self._transport is not None:
            data = b"".join(out) if len(out) > 1 else out[0]
            out.clear()
            self._transport.write(data)

    def channel(self, number: int, confirms: bool = False) -> Channel:
        found = self.talk.channels.get(number)
        return found if found is not None else self.talk.channel(number, confirms or number == PUBLISHING)

    def number(self) -> int:
        """Of a channel that nobody has had yet."""
        self._next_number += 1
        return self._next_number - 1

    async def ask(self, method: base.Frame, channel: int = ASKING) -> Any:
        return await self.wait(self.talk.ask(self.channel(channel), method))

    async def publish(self, parcels: Sequence[Parcel]) -> dict[int, str]:
        """Returns when all are confirmed or not taken (why, by place)."""
        while self.talk.blocked:
            self._unblocked.clear()
            await self._unblocked.wait()
        return await self._outbox.send(parcels)

    async def shut(self, number: int) -> None:
        """Close a channel: what was got on it and not acknowledged is back when this returns."""
        channel = self.talk.channels.get(number)
        if channel is not None:
            await self.wait(self.talk.ask(channel, commands.Channel.Close(200, "", 0, 0)))

    async def wait(self, answer: Answer) -> Any:
        self.flush()
        if not answer.done:
            done = self._loop.create_future()

            def wake() -> None:
                if not done.done():
                    done.set_result(None)

            answer.wake = wake
            await done
        return answer.result()

    def beat(self) -> None:
        """Heartbeats from now on, if they were agreed upon."""
        if self.talk.heartbeat:
            self._beat()

    def _beat(self) -> None:
        every = self.talk.heartbeat / 2
        if self.closed:
            return
        if self._loop.time() - self._heard > 2 * self.talk.heartbeat + 1:
            self.talk.end(Lost(f"no heartbeat came for {2 * self.talk.heartbeat} s"))
            self._transport.abort()
            return
        self._transport.write(methods.HEARTBEAT)
        self._beating = self._loop.call_later(every, self._beat)

    async def close(self) -> None:
        """In good order, if the server is quick about it."""
        if not self.closed and self._transport is not None:
            try:
                async with asyncio.timeout(_CLOSED_WITHIN):
                    await self.wait(self.talk.bye())
            except FAILURES:
                pass
        self.drop()

    def drop(self) -> None:
        self.talk.end(Lost("the connection was closed here"))
        if self._beating is not None:
            self._beating.cancel()
        if self._transport is not None:
            self._transport.abort()


async def connect(doorway: Doorway, deadline: float, heartbeat: float = 0.0) -> Pipe:
    """A connection to the first node that lets us in."""
    loop = asyncio.get_running_loop()
    servers = list(doorway.place.servers)
    if doorway.shuffled:
        random.shuffle(servers)
    errors: list[BaseException] = []
    for turn, server in enumerate(servers):
        share = loop.time() + max(deadline - loop.time(), 0.0) / (len(servers) - turn)
        try:
            async with asyncio.timeout_at(min(share, loop.time() + doorway.options.connect_timeout)):
                return await _open(doorway, server, heartbeat)
        except FAILURES as error:
            errors.append(error)
    raise failure(doorway.place, most_telling(errors))


async def _open(doorway: Doorway, server: Server, heartbeat: float) -> Pipe:
    loop = asyncio.get_running_loop()
    context = doorway.tls(server)
    talk = Talk(doorway.login(server, heartbeat))
    named: dict[str, Any] = {"ssl": context, "server_hostname": doorway.name(server)} if context is not None else {}
    pipe: Pipe
    transport, pipe = await loop.create_connection(lambda: Pipe(talk), server.host, server.port, **named)
    sock = transport.get_extra_info("socket")
    if sock is not None:
        doorway.prepare(sock)
    try:
        await pipe.wait(talk.begin())
    except BaseException:
        pipe.drop()
        raise
    pipe.beat()
    return pipe
