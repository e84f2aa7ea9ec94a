"""The sync link: a pool of connections shared by threads, each flow on one of them, under one deadline."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar
from weakref import WeakSet

from pamqp import commands

from ...core.errors import OperationalError
from ...core.flow import Flow, drive
from ...core.ports.proof import Proof
from ..lines import Limit, Lines
from . import methods, requests
from .connecting import alive, connect
from .doorway import Doorway
from .ears import SyncEar
from .line import ASKING, Line
from .refusals import FAILURES, Refused, failure
from .register import Register
from .sync_session import SyncSession

T = TypeVar("T")
_links: WeakSet[SyncLink] = WeakSet()


def _after_fork() -> None:
    """A child never uses, and never closes in words, a connection its parent made."""
    for link in list(_links):
        link.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


class SyncLink:
    """Safe for threads; a forked child makes connections of its own."""

    def __init__(self, doorway: Doorway, register: Register, limit: int | None) -> None:
        self._doorway = doorway
        self._register = register
        self._limit = Limit(limit or 1 << 20, f"RabbitMQ at {doorway.place}")
        self._preferred = 0  # the node that was reached last time
        self.forget()
        _links.add(self)

    def forget(self) -> None:
        """Starts without connections; those there were are dropped as they are."""
        self._lines = Lines(self._limit, self._next, alive, Line.drop)
        self._sessions: dict[str, SyncSession] = {}
        self._lock = threading.RLock()

    def run(self, flow: Flow[T], timeout: float) -> T:
        return self._perform(flow, _Turn(self, self._lines, timeout))

    def run_proven(self, flow: Flow[None], timeout: float, proof: Proof) -> None:
        """Sends, and waits for the server's word or the proof, whichever comes first."""
        self._perform(flow, _Turn(self, self._lines, timeout, proof))

    def _perform(self, flow: Flow[T], turn: _Turn) -> T:
        try:
            result = drive(flow, turn.perform)
        except FAILURES as error:
            turn.over(broken=not isinstance(error, Refused) or error.connection)
            raise failure(self._doorway.place, error) from error
        except BaseException:
            # Whatever it was (KeyboardInterrupt, a time limit), the next answer on this connection
            # would be one to somebody else's question.
            turn.over(broken=True)
            raise
        turn.over()
        return result

    def listen(self) -> SyncEar:
        return SyncEar(self.connect, self._doorway)

    def connect(self, timeout: float | None = None, heartbeat: float = 0.0) -> Line:
        """One more connection, for whoever wants one to itself."""
        until = time.monotonic() + (timeout or self._doorway.options.connect_timeout)
        return connect(self._doorway, until, heartbeat=heartbeat)[0]

    def _next(self, deadline: float) -> Line:
        line, self._preferred = connect(self._doorway, deadline, self._preferred)
        return line

    def close(self) -> None:
        with self._lock:
            for owner in list(self._sessions):
                self.leave(owner)
        self._lines.close()

    # -- sessions -----------------------------------------------------------------------------------

    def open(self, request: requests.Open, deadline: float) -> None:
        with self._lock:
            if request.owner in self._sessions and self._register.renew(request.owner, request.ttl):
                return
            line = connect(self._doorway, deadline)[0]
            session = SyncSession(request.owner, line, self._register.given)
            self._register.begin(request.owner, request.ttl)
            self._sessions[request.owner] = session
            session.channel.on_closed = lambda error: self._register.broke(
                request.owner, failure(self._doorway.place, error)
            )

    def leave(self, owner: str, innocent: bool = True) -> bool:
        with self._lock:
            had = self._register.end(owner)
            session = self._sessions.pop(owner, None)
            if session is not None:
                session.leave(innocent)
            return had

    def sweep(self) -> int:
        back = 0
        with self._lock:
            for owner in self._register.lapsed():
                session = self._sessions.get(owner)
                back += len(session.holding) if session is not None else 0
                self.leave(owner, innocent=False)
        return back

    def pull(self, request: requests.Pull, deadline: float) -> list[requests.Taken]:
        with self._lock:
            self._register.check(request.owner)
            with self._watched(request.owner) as session:
                return session.pull(request.queues, request.limit, deadline)

    def known(self, owner: str) -> SyncSession | None:
        self._register.trouble(owner)
        return self._sessions.get(owner)

    def end(self, request: requests.End, deadline: float) -> tuple[bool, ...]:
        with self._lock:
            if self.known(request.owner) is None:
                return (False,) * len(request.endings)
            with self._watched(request.owner) as session:
                return session.end(request.endings, deadline)

    @contextmanager
    def _watched(self, owner: str) -> Iterator[SyncSession]:
        """A session that fails is over, and whoever uses it now is told."""
        session = self._sessions[owner]
        try:
            yield session
        except FAILURES:
            session.line.drop()
            self._sessions.pop(owner, None)
            with suppress(OperationalError):
                self._register.trouble(owner)
            raise


class _Turn:
    """One flow's way over one connection."""

    def __init__(self, link: SyncLink, lines: Lines[Line], patience: float, proof: Proof | None = None) -> None:
        self._link = link
        self._proof = proof
        self._lines = lines
        self._patience = patience
        self._deadline = time.monotonic() + patience
        self._line: Line | None = None
        self._got = False  # messages may be unacknowledged on the channel

    def perform(self, request: Any) -> Any:
        return _DOES[type(request)](self, request)

    def _connected(self) -> Line:
        if self._line is None:
            self._line = self._lines.take(self._deadline)
        return self._line

    def ask_all(self, request: requests.AskAll) -> list[Any]:
        line = self._connected()
        channel = line.channel(ASKING)
        self._got = self._got or any(isinstance(method, commands.Basic.Get) for method in request.methods)
        answers = [line.talk.ask(channel, method) for method in request.methods]
        return [line.wait(answer, self._deadline) for answer in answers]

    def ask(self, request: requests.Ask) -> Any:
        return self.ask_all(requests.AskAll((request.method,)))[0]

    def say(self, request: requests.Say) -> None:
        line = self._connected()
        for tag, requeue in request.endings:
            line.talk.say(methods.nack(ASKING, tag) if requeue else methods.ack(ASKING, tag))
        line.ask(methods.Qos(prefetch_count=0), self._deadline)

    def shut(self, request: requests.Shut) -> None:
        self._connected().shut(ASKING, self._deadline)
        self._got = False

    def send(self, request: requests.Send) -> dict[int, str]:
        line = self._connected()
        if self._proof is not None and len(request.parcels) == 1:
            return line.publish_proven(request.parcels, self._deadline, self._proof)
        failures, self._deadline = line.publish(request.parcels, self._deadline, self._patience)
        return failures

    def open(self, request: requests.Open) -> None:
        self._link.open(request, self._deadline)

    def renew(self, request: requests.Renew) -> bool:
        return self._link._register.renew(request.owner, request.ttl)

    def leave(self, request: requests.Leave) -> bool:
        return self._link.leave(request.owner)

    def sweep(self, request: requests.Sweep) -> int:
        return self._link.sweep()

    def pull(self, request: requests.Pull) -> list[requests.Taken]:
        return self._link.pull(request, self._deadline)

    def held(self, request: requests.Held) -> dict[str, requests.Taken]:
        session = self._link.known(request.owner)
        return {} if session is None else dict(session.holding.taken())

    def end(self, request: requests.End) -> tuple[bool, ...]:
        return self._link.end(request, self._deadline)

    def wait(self, request: requests.Wait) -> None:
        session = self._link.known(request.owner)
        if session is not None:
            session.holding.wait(request.dues)

    def next_due(self, request: requests.NextDue) -> float | None:
        session = self._link.known(request.owner)
        return None if session is None else session.holding.next_due

    def over(self, broken: bool = False) -> None:
        line = self._line
        if line is None:
            return
        if broken or line.talk.ended is not None:
            self._lines.drop(line)
            return
        channel = line.talk.channels.get(ASKING)
        if channel is not None and (channel.asked or self._got):
            self._lines.drop(line)
            return
        self._lines.give(line)


_DOES: dict[type[Any], Callable[[_Turn, Any], Any]] = {
    requests.Ask: _Turn.ask,
    requests.AskAll: _Turn.ask_all,
    requests.Say: _Turn.say,
    requests.Shut: _Turn.shut,
    requests.Send: _Turn.send,
    requests.Open: _Turn.open,
    requests.Renew: _Turn.renew,
    requests.Leave: _Turn.leave,
    requests.Sweep: _Turn.sweep,
    requests.Pull: _Turn.pull,
    requests.Held: _Turn.held,
    requests.End: _Turn.end,
    requests.Wait: _Turn.wait,
    requests.NextDue: _Turn.next_due,
}
