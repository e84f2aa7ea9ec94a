"""Seats on RabbitMQ: an exclusive queue, which goes with the connection that declared it; and a queue for one note."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from ...core.errors import OperationalError
from ...core.flow import Flow
from ...core.message import Message
from ...core.ports import Link
from . import methods, requests
from .channel import NO_ROUTE
from .contents import Arrival, parcel
from .line import Line
from .refusals import FAILURES, Lost, Refused, failure

_IO: Final = 5.0
_LOOK: Final = 0.25  # how long it may take until the connection is left when that is wished
_LOCKED: Final = 405
# More than the last word of those who ask whether somebody is there need not be kept.
_ONE: Final[dict[str, Any]] = {"x-max-length": 1}


class RabbitSeats:
    """`connect` makes a connection with heartbeats of so many seconds."""

    def __init__(self, link: Link, connect: Callable[[float], Line], place: object) -> None:
        self._link = link
        self._connect = connect
        self._place = place

    def seat(self, name: str, ttl: float) -> RabbitSeat:
        return RabbitSeat(name, ttl, self._link, self._connect, self._place)

    def write(self, name: str, note: bytes) -> Flow[None]:
        message = Message({}, {"delivery_mode": 2}, note, "application/json", "utf-8")
        written = requests.Send((parcel(message, "", _note(name)),))
        failures: dict[int, str] = yield written
        if NO_ROUTE in failures.get(0, ""):
            yield requests.Ask(_declaration(name))
            failures = yield written
        if failures:
            raise OperationalError(f"The queue {_note(name)!r} did not take a note: {failures[0]}")

    def read(self, name: str) -> Flow[bytes | None]:
        try:
            reply: Any = yield requests.Ask(methods.Get(queue=_note(name)))
        except Refused as refused:
            if refused.code != 404:
                raise
            return None
        yield requests.Shut()  # puts it back
        return reply.body if isinstance(reply, Arrival) else None


class RabbitSeat:
    """A thread keeps the connection alive, and notices when it is not."""

    def __init__(self, name: str, ttl: float, link: Link, connect: Callable[[float], Line], place: object) -> None:
        self._name = name
        self._link = link
        self._connect = connect
        self._place = place
        # The server misses a client after two heartbeats.
        self._heartbeat = max(int(ttl / 2), 1)
        self._line: Line | None = None
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
        if not self._link.run(_free(self._name), _IO):
            return False
        line = self._connect(self._heartbeat)
        try:
            line.ask(methods.Declare(queue=self._name, exclusive=True, arguments=_ONE), time.monotonic() + _IO)
        except FAILURES as error:
            line.close()
            if isinstance(error, Refused) and error.code == _LOCKED:
                return False  # another was quicker
            raise failure(self._place, error) from error
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

    def _sit(self, line: Line) -> None:
        said = 0.0
        with suppress(*FAILURES):
            while not self._leaving.is_set() and line.talk.ended is None:
                if not self._heard_lately():
                    raise Lost("the server is silent")
                now = time.monotonic()
                if now - said >= self._heartbeat / 2:
                    line.talk.say(methods.HEARTBEAT)
                    said = now
                if line.hear(_LOOK):
                    # This process may have stood still for longer than the server has waited for it.
                    if not self._heard_lately():
                        raise Lost("too long ago")
                    self._heard = time.monotonic()
            line.close()
            return
        line.drop()


def _free(name: str) -> Flow[bool]:
    """To declare a queue of another connection is an error, which the server writes into its log: so ask before."""
    message = Message({}, {"delivery_mode": 1}, b"is somebody here?", "text/plain", "utf-8")
    failures: dict[int, str] = yield requests.Send((parcel(message, "", name),))
    return bool(failures)


def _note(name: str) -> str:
    return f"{name}.note"


def _declaration(name: str) -> Any:
    return methods.Declare(queue=_note(name), durable=True, arguments=_ONE)
