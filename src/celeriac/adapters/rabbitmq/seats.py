"""Seats on RabbitMQ: an exclusive queue, which goes with the connection that declared it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

from ...core.errors import LeaseLost
from ...core.flow import Flow
from ...core.message import Message
from ...core.ports import Link
from . import methods, requests
from .broker import RabbitBroker
from .contents import parcel
from .journal import RabbitJournal
from .line import Line
from .refusals import FAILURES, Lost, Refused, failure

_IO: Final = 5.0
_LOOK: Final = 0.25  # how often a holder looks whether its connection lives
_VISIT: Final = 5.0  # heartbeats of connections for one question, which are never said: a visitor that hangs is missed
_LOCKED: Final = 405
# More than the last word of those who ask whether somebody is there need not be kept.
_ONE: Final[dict[str, Any]] = {"x-max-length": 1}

Connect = Callable[[float], Line]


class RabbitSeats:
    """`connect` makes a connection with heartbeats of so many seconds."""

    def __init__(self, link: Link, connect: Connect, place: object, broker: RabbitBroker) -> None:
        self._link = link
        self._connect = connect
        self._place = place
        self._broker = broker

    def seat(self, name: str, ttl: float) -> RabbitSeat:
        return RabbitSeat(name, ttl, self)

    def journal(self, name: str) -> RabbitJournal:
        return RabbitJournal(name, self._visit, self._link, self._broker)

    @contextmanager
    def _visit(self) -> Iterator[Line]:
        line = self._connect(_VISIT)
        try:
            yield line
        except FAILURES as error:
            line.drop()
            raise failure(self._place, error) from error
        finally:
            line.close()


class RabbitSeat:
    """A thread keeps the connection alive, and notices when it is not."""

    def __init__(self, name: str, ttl: float, seats: RabbitSeats) -> None:
        self._name = name
        self._seats = seats
        # The server misses a client after two heartbeats.
        self._heartbeat = max(int(ttl / 2), 1)
        self._line: Line | None = None
        self._lock = threading.Lock()  # of the line: who sits and who writes take turns
        self._thread: threading.Thread | None = None
        self._leaving = threading.Event()
        self._heard = 0.0

    @property
    def held(self) -> bool:
        line = self._line
        return line is not None and line.talk.ended is None and self._heard_lately()

    def _heard_lately(self) -> bool:
        return time.monotonic() - self._heard < 2 * self._heartbeat

    def take(self) -> bool:
        if self.held:
            return True
        self.leave()
        seats = self._seats
        if not seats._link.run(_free(self._name), _IO):
            return False
        line = seats._connect(self._heartbeat)
        try:
            line.ask(methods.Declare(queue=self._name, exclusive=True, arguments=_ONE), time.monotonic() + _IO)
        except FAILURES as error:
            line.close()
            if isinstance(error, Refused) and error.code == _LOCKED:
                return False  # another was quicker
            raise failure(seats._place, error) from error
        self._heard = time.monotonic()
        self._line = line
        self._leaving.clear()
        self._thread = threading.Thread(target=self._sit, args=(line,), name="celeriac-seat", daemon=True)
        self._thread.start()
        return True

    def leave(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            self._leaving.set()
            thread.join(_IO)
        self._line = None

    def journal(self, name: str) -> RabbitJournal:
        return RabbitJournal(name, self._use, self._seats._link, self._seats._broker)

    @contextmanager
    def _use(self) -> Iterator[Line]:
        """The line for a while. Where nobody knows what it would say next, it is dropped, and the seat with it."""
        with self._lock:
            line = self._line
            if line is None or not self.held:
                raise LeaseLost(f"The seat {self._name} is lost: its connection to the broker is.")
            try:
                yield line
            except FAILURES as error:
                if not isinstance(error, Refused) or error.connection:
                    line.drop()
                raise failure(self._seats._place, error) from error
            except Exception:
                raise
            except BaseException:
                line.drop()
                raise
            self._heard = time.monotonic()

    def _sit(self, line: Line) -> None:
        said = 0.0
        with suppress(*FAILURES):
            while not self._leaving.wait(_LOOK) and line.talk.ended is None:
                with self._lock:
                    now = time.monotonic()
                    if now - said >= self._heartbeat / 2:
                        line.talk.say(methods.HEARTBEAT)
                        said = now
                    # This process may have stood still for longer than the server has waited for it.
                    if not self._heard_lately():
                        raise Lost("too long ago")
                    if line.hear(0.0):
                        self._heard = now
            with self._lock:
                line.close()
            return
        line.drop()


def _free(name: str) -> Flow[bool]:
    """To declare a queue of another connection is an error, which the server writes into its log: so ask before."""
    message = Message({}, {"delivery_mode": 1}, b"is somebody here?", "text/plain", "utf-8")
    failures: dict[int, str] = yield requests.Send((parcel(message, "", name),))
    return bool(failures)
