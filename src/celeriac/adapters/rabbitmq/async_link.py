"""The async link: one connection for publishing and asking, one for each owner that claims; all of one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar

from pamqp import commands

from ...core.errors import OperationalError
from ...core.flow import Flow, adrive
from ...core.message import Queue
from . import methods, requests
from .bell import RabbitBell
from .doorway import Doorway
from .ears import AsyncioEar
from .pipe import Pipe, connect
from .place import Place
from .refusals import FAILURES, Blocked, Halted, failure
from .register import Register
from .session import Session

T = TypeVar("T")
_AT_ONCE: Final = 1000  # so many are published before any of them must be confirmed


class RabbitAsyncLink:
    """Flows run concurrently."""

    def __init__(self, doorway: Doorway, register: Register) -> None:
        self._doorway = doorway
        self._register = register
        self._pipe: Pipe | None = None
        self._connecting = asyncio.Lock()
        self._sessions: dict[str, Session] = {}
        self._listened: frozenset[str] = frozenset()
        self._channels: list[int] = []  # of the pipe, open and idle
        self.rung = asyncio.Event()

    async def run(self, flow: Flow[T], timeout: float) -> T:
        deadline = asyncio.get_running_loop().time() + timeout
        turn = _Turn(self, timeout)
        try:
            async with asyncio.timeout_at(deadline) as turn.limit:
                return await adrive(flow, turn.perform)
        except FAILURES as error:
            if isinstance(error, TimeoutError):
                raise turn.late(error) from error
            raise failure(self._doorway.place, error) from error
        finally:
            turn.over()

    async def bell(self, queues: Sequence[Queue]) -> RabbitBell:
        names = frozenset(queue.name for queue in queues)
        self._listened = names
        try:
            for session in list(self._sessions.values()):
                if not session.pipe.closed:
                    await session.keep_to(set(names))
        except FAILURES as error:
            raise failure(self._doorway.place, error) from error
        return RabbitBell(self)

    async def listen(self) -> AsyncioEar:
        return AsyncioEar(self.connect, self._doorway)

    async def connect(self, timeout: float | None = None) -> Pipe:
        """One more connection, for whoever wants one to itself."""
        options = self._doorway.options
        loop = asyncio.get_running_loop()
        return await connect(self._doorway, loop.time() + (timeout or options.connect_timeout), options.heartbeat)

    async def close(self) -> None:
        for owner in list(self._sessions):
            await self.leave(owner)
        if self._pipe is not None:
            pipe, self._pipe = self._pipe, None
            await pipe.close()

    @property
    def place(self) -> Place:
        return self._doorway.place

    def check(self) -> None:
        """Raises what broke a session, if nobody has been told yet."""
        for owner in list(self._sessions):
            if self._sessions[owner].pipe.closed:
                del self._sessions[owner]
                self._register.trouble(owner)

    # -- connections --------------------------------------------------------------------------------

    async def pipe(self) -> Pipe:
        pipe = self._pipe
        if pipe is not None and not pipe.closed:
            return pipe
        async with self._connecting:
            if self._pipe is None or self._pipe.closed:
                self._pipe = await self.connect()
                self._channels.clear()
            return self._pipe

    def borrow_channel(self, pipe: Pipe) -> int:
        return self._channels.pop() if self._channels else pipe.number()

    def return_channel(self, pipe: Pipe, number: int) -> None:
        if pipe is self._pipe:
            self._channels.append(number)  # if it was closed, whoever takes it opens it anew

    # -- sessions -----------------------------------------------------------------------------------

    async def open(self, request: requests.Open) -> None:
        if request.owner in self._sessions and self._register.renew(request.owner, request.ttl):
            return
        pipe = await self.connect()
        session = Session(request.owner, pipe, self._register.given, self._doorway.options.max_prefetch, self.rung.set)
        await pipe.wait(pipe.talk.ask(session.channel, methods.Qos(prefetch_count=0)))
        self._register.begin(request.owner, request.ttl)
        self._sessions[request.owner] = session

        def broke(error: Exception) -> None:
            self._register.broke(request.owner, failure(self._doorway.place, error))
            session.close()
            pipe.drop()
            self.rung.set()

        session.channel.on_closed = broke

    async def leave(self, owner: str, innocent: bool = True) -> bool:
        had = self._register.end(owner)
        session = self._sessions.pop(owner, None)
        if session is not None:
            await session.leave(innocent)
        return had

    async def sweep(self, request: requests.Sweep) -> int:
        lapsed, back = self._register.lapsed(), 0
        for owner in lapsed:
            session = self._sessions.get(owner)
            held = len(session.holding) if session is not None else 0
            if await self.leave(owner, innocent=False):
                back += held
        return back

    def session(self, owner: str) -> Session:
        self._register.check(owner)
        found = self._sessions.get(owner)
        if found is None:
            raise OperationalError(f"The session of worker {owner} belongs to another event loop")
        return found

    def known(self, owner: str) -> Session | None:
        """The session, even if its lease has run out, so long as its connection holds."""
        self._register.trouble(owner)
        found = self._sessions.get(owner)
        return None if found is None or found.pipe.closed else found

    async def pull(self, request: requests.Pull) -> list[requests.Taken]:
        session = self.session(request.owner)
        listen = bool(self._listened) and self._listened.issuperset(queue.name for queue in request.queues)
        return await session.pull(request.queues, request.limit, listen)

    async def held(self, request: requests.Held) -> dict[str, requests.Taken]:
        session = self.known(request.owner)
        return {} if session is None else dict(session.holding.taken())

    async def end(self, request: requests.End) -> tuple[bool, ...]:
        session = self.known(request.owner)
        return (False,) * len(request.endings) if session is None else await session.end(request.endings)

    async def wait(self, request: requests.Wait) -> None:
        session = self.known(request.owner)
        if session is not None:
            session.holding.wait(request.dues)
            self.rung.set()  # whoever waits must wait no longer than until then

    async def next_due(self, request: requests.NextDue) -> float | None:
        session = self.known(request.owner)
        return None if session is None else session.holding.next_due

    async def renew(self, request: requests.Renew) -> bool:
        return self._register.renew(request.owner, request.ttl) and request.owner in self._sessions


class _Turn:
    """One flow's way over the connection: its own channel for questions, made when it asks the first."""

    limit: asyncio.Timeout

    def __init__(self, link: RabbitAsyncLink, patience: float) -> None:
        self._link = link
        self._patience = patience
        self._pipe: Pipe | None = None
        self._number = 0
        self._got = False  # messages may be unacknowledged on the channel
        self._confirmed = False  # something that it has sent

    def late(self, error: TimeoutError) -> OperationalError:
        """Time is up. A connection that does not answer is not asked again; one that is blocked may be soon again."""
        pipe, place = self._pipe, self._link.place
        if pipe is None:
            return failure(place, error)
        if pipe.talk.blocked:
            return failure(place, Blocked(pipe.talk.blocked))
        pipe.drop()
        return failure(place, error)

    def perform(self, request: Any) -> Awaitable[Any]:
        kind = type(request)
        asked = _OF_THE_LINK.get(kind)
        return asked(self._link, request) if asked is not None else _OF_THE_TURN[kind](self, request)

    async def _connected(self) -> Pipe:
        if self._pipe is None:
            self._pipe = await self._link.pipe()
        return self._pipe

    async def _ask(self, request: requests.Ask) -> Any:
        return (await self._ask_all(requests.AskAll((request.method,))))[0]

    async def _ask_all(self, request: requests.AskAll) -> list[Any]:
        pipe = await self._connected()
        if not self._number:
            self._number = self._link.borrow_channel(pipe)
        channel = pipe.channel(self._number)
        self._got = self._got or any(isinstance(method, commands.Basic.Get) for method in request.methods)
        answers = [pipe.talk.ask(channel, method) for method in request.methods]
        return [await pipe.wait(answer) for answer in answers]

    async def _say(self, request: requests.Say) -> None:
        pipe = await self._connected()
        for tag, requeue in request.endings:
            pipe.talk.say(methods.nack(self._number, tag) if requeue else methods.ack(self._number, tag))
        await self._ask(requests.Ask(methods.Qos(prefetch_count=0)))

    async def _shut(self, request: requests.Shut) -> None:
        if self._number:
            await (await self._connected()).shut(self._number)
            self._number = 0

    async def _send(self, request: requests.Send) -> dict[int, str]:
        """In parts, each of which has the whole of the time: so many messages as there are, some are confirmed."""
        pipe, parcels = await self._connected(), request.parcels
        failures: dict[int, str] = {}
        for start in range(0, len(parcels), _AT_ONCE):
            if self._confirmed and not self.limit.expired():
                self.limit.reschedule(asyncio.get_running_loop().time() + self._patience)
            end = min(start + _AT_ONCE, len(parcels))
            try:
                more = await pipe.publish(parcels[start:end])
            except Halted as halted:
                failures.update({start + place: why for place, why in halted.failures.items()})
                undone = [start + place for place in halted.undone]
                raise Halted(halted, [*undone, *range(end, len(parcels))], failures) from halted
            failures.update({start + place: why for place, why in more.items()})
            self._confirmed = True
        return failures

    def over(self) -> None:
        """The channel may be used by the next flow, unless something is left on it."""
        pipe = self._pipe
        if pipe is not None and self._number:
            channel = pipe.talk.channels.get(self._number)
            if channel is not None and (self._got or channel.asked or channel.content is not None):
                pipe.talk.ask(channel, commands.Channel.Close(200, "", 0, 0))
                pipe.flush()
            else:
                self._link.return_channel(pipe, self._number)


_OF_THE_LINK: Final[dict[type[Any], Callable[[RabbitAsyncLink, Any], Awaitable[Any]]]] = {
    requests.Open: RabbitAsyncLink.open,
    requests.Renew: RabbitAsyncLink.renew,
    requests.Leave: lambda link, request: link.leave(request.owner),
    requests.Sweep: RabbitAsyncLink.sweep,
    requests.Pull: RabbitAsyncLink.pull,
    requests.Held: RabbitAsyncLink.held,
    requests.End: RabbitAsyncLink.end,
    requests.Wait: RabbitAsyncLink.wait,
    requests.NextDue: RabbitAsyncLink.next_due,
}
_OF_THE_TURN: Final[dict[type[Any], Callable[[_Turn, Any], Awaitable[Any]]]] = {
    requests.Ask: _Turn._ask,
    requests.AskAll: _Turn._ask_all,
    requests.Say: _Turn._say,
    requests.Shut: _Turn._shut,
    requests.Send: _Turn._send,
}
