"""One blocking connection: a socket that drives a Talk, each wait under a deadline."""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from collections.abc import Sequence
from typing import Any, Final

from pamqp import base, commands

from ...core.ports.proof import Proof
from .channel import Answer, Batch, Channel
from .contents import Parcel
from .doorway import Doorway
from .place import Server
from .readiness import readable, writable
from .refusals import Blocked, Halted, Lost, Refused
from .talk import Talk

_PIECE: Final = 1 << 18
_WINDOW: Final = 256  # so many messages are written before looking for confirms
_WINDOWS: Final = 12  # so many of these may be unconfirmed
_PATIENCE: Final = 5.0  # of what nobody has given a deadline
PUBLISHING: Final = 1
ASKING: Final = 2


class Line:
    """Used by one thread at a time. Channel 1 publishes with confirms, channel 2 asks and is made anew if refused.

    Who wants heartbeats says them himself.
    """

    def __init__(self, doorway: Doorway, server: Server, deadline: float, heartbeat: float = 0.0) -> None:
        self._sock = _connected(doorway, server, deadline)
        self.talk = Talk(doorway.login(server, heartbeat))
        try:
            self.wait(self.talk.begin(), deadline)
        except BaseException:
            self.drop()
            raise

    def fileno(self) -> int:
        """-1 where bytes may be held that the socket does not show."""
        return -1 if isinstance(self._sock, ssl.SSLSocket) else self._sock.fileno()

    def quiet(self) -> bool:
        """False if the server has hung up meanwhile. What it says of its own accord is taken in."""
        if self.talk.ended is not None:
            return False
        while self._hear_now():
            if self.talk.ended is not None:
                return False
        self._flush()
        return True

    def channel(self, number: int) -> Channel:
        found = self.talk.channels.get(number)
        return found if found is not None else self.talk.channel(number, confirms=number == PUBLISHING)

    def ask(self, method: base.Frame, deadline: float, channel: int = ASKING) -> Any:
        return self.wait(self.talk.ask(self.channel(channel), method), deadline)

    def publish(
        self, parcels: Sequence[Parcel], deadline: float, patience: float = 0.0
    ) -> tuple[dict[int, str], float]:
        """Returns when all are confirmed or not taken (why, by place); and the deadline there is then.

        Written in windows, so that neither side has to hold all of it; each that is confirmed gives as much time
        again as `patience` says: it is a node that does nothing that is not waited for, not one that is slow.
        """
        self._wait_unblocked(deadline)
        channel = self.channel(PUBLISHING)
        batches: list[Batch] = []
        try:
            if len(parcels) == 1:
                batches.append(self.talk.publish(channel, parcels))
                self.wait(batches[0], deadline)
                return batches[0].failures, deadline
            for start in range(0, len(parcels), _WINDOW):
                batches.append(self.talk.publish(channel, parcels[start : start + _WINDOW]))
                self._flush(deadline)  # the server has work while the next ones are made
                if len(batches) > _WINDOWS:
                    self.wait(batches[-1 - _WINDOWS], deadline)
                    deadline = max(deadline, time.monotonic() + patience)
            for batch in batches[-_WINDOWS:]:
                self.wait(batch, deadline)
                deadline = max(deadline, time.monotonic() + patience)
        except TimeoutError:
            if self.talk.blocked:
                raise Blocked(self.talk.blocked) from None
            raise
        except Refused as refused:
            if refused.connection:
                raise
            unsaid = range(len(batches) * _WINDOW, len(parcels))
            raise Halted(refused, [*_undone(batches), *unsaid], _failures(batches)) from refused
        return _failures(batches), deadline

    def publish_proven(self, parcels: Sequence[Parcel], deadline: float, proof: Proof) -> dict[int, str]:
        """The same for one parcel; returns when there is proof that it was taken, if that comes before the confirm.

        The confirm is taken in with whatever comes next on this connection.
        """
        self._wait_unblocked(deadline)
        batch = self.talk.publish(self.channel(PUBLISHING), parcels)
        self._flush(deadline)
        given: bool | None = False
        try:
            while not batch.done and given is False and (elsewhere := proof.fileno()) >= 0:
                if self._readable(_left(deadline), elsewhere):
                    self._hear(deadline)
                else:
                    given = proof.given()
            if not given:
                self.wait(batch, deadline)
        except TimeoutError:
            if self.talk.blocked:
                raise Blocked(self.talk.blocked) from None
            raise
        return batch.failures

    def _wait_unblocked(self, deadline: float) -> None:
        """A server in alarm reads nothing: better to say so with nothing sent than not to know what became of it."""
        while self.talk.blocked:
            if deadline - time.monotonic() <= 0.01:
                raise Blocked(self.talk.blocked)
            with contextlib.suppress(TimeoutError):
                self._hear(deadline - 0.005)

    def wait(self, answer: Answer, deadline: float) -> Any:
        """The answer's value; raises what it says, or TimeoutError."""
        self._flush(deadline)
        while not answer.done:
            self._hear(deadline)
        return answer.result()

    def hear(self, seconds: float | None, bell: socket.socket | None = None) -> bool:
        """Take in what comes next; False if it stays quiet for so long, or the bell rings."""
        self._flush()
        return self._readable(seconds, bell) and self._hear_now()

    def _readable(self, seconds: float | None, bell: socket.socket | int | None = None) -> bool:
        if isinstance(self._sock, ssl.SSLSocket) and self._sock.pending():
            return True
        return readable(self._sock, seconds, bell)

    def _hear_now(self) -> bool:
        """Take in what is there. TLS may be readable and yet have nothing for us."""
        try:
            data = self._sock.recv(_PIECE)
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        self._take_in(data)
        return True

    def _hear(self, deadline: float) -> None:
        if self.talk.ended is not None:
            raise self.talk.ended
        if not self._readable(_left(deadline)):
            raise TimeoutError("nothing came in time")
        self._hear_now()
        if self.talk.out:
            self._flush(deadline)

    def _take_in(self, data: bytes) -> None:
        if not data:
            self.talk.end(Lost("the server closed the connection"))
        self.talk.feed(data)

    def _flush(self, deadline: float | None = None) -> None:
        out = self.talk.out
        if out:
            data = b"".join(out)
            out.clear()
            self._send(data, time.monotonic() + _PATIENCE if deadline is None else deadline)

    def _send(self, data: bytes, deadline: float) -> None:
        """All of it: nearly always there is room for it at once."""
        left = memoryview(data)
        while left:
            patience, ready = _left(deadline), writable
            try:
                left = left[self._sock.send(left) :]
                continue
            except (BlockingIOError, ssl.SSLWantWriteError):
                pass
            except ssl.SSLWantReadError:
                ready = readable
            if not ready(self._sock, patience):
                raise TimeoutError("what was to be sent was not taken in time")

    def shut(self, number: int, deadline: float) -> None:
        """Close a channel: what was got on it and not acknowledged is back when this returns."""
        channel = self.talk.channels.get(number)
        if channel is not None:
            self.wait(self.talk.ask(channel, commands.Channel.Close(200, "", 0, 0)), deadline)

    def close(self) -> None:
        """In good order, if the server is quick about it."""
        with contextlib.suppress(Exception):
            self.wait(self.talk.bye(), time.monotonic() + 0.5)
        self.drop()

    def hang_up(self) -> None:
        """Whoever hears on it in another thread learns that it has ended."""
        self.talk.end(Lost("the connection was closed here"))
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def drop(self) -> None:
        self.talk.end(Lost("the connection was closed here"))
        with contextlib.suppress(OSError):
            self._sock.close()


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("no time was left")
    return left


def _failures(batches: Sequence[Batch]) -> dict[int, str]:
    """By their places in all of it."""
    return {turn * _WINDOW + place: why for turn, batch in enumerate(batches) for place, why in batch.failures.items()}


def _undone(batches: Sequence[Batch]) -> list[int]:
    return [turn * _WINDOW + place for turn, batch in enumerate(batches) for place in batch.undone]


def _connected(doorway: Doorway, server: Server, deadline: float) -> socket.socket:
    left = min(deadline - time.monotonic(), doorway.options.connect_timeout)
    if left <= 0:
        raise TimeoutError("no time was left to connect")
    context = doorway.tls(server)
    sock = socket.create_connection((server.host, server.port), timeout=left)
    try:
        doorway.prepare(sock)
        if context is not None:
            sock = context.wrap_socket(sock, server_hostname=doorway.name(server))
        sock.setblocking(False)
    except BaseException:
        sock.close()
        raise
    return sock
