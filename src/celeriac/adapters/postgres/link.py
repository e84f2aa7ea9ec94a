"""The sync link: a pool of connections shared by threads, each operation under one deadline."""

import os
import time
from functools import partial
from typing import Any, TypeVar
from weakref import WeakSet

from ...core.flow import Flow, drive
from ..lines import Limit, Lines
from .channels import Channels
from .connections import SyncLine
from .ears import PostgresEar
from .failures import AGAIN, FAILURES, STALE, failure
from .place import Place
from .request import Ask, Statement, Write, transaction, unknown
from .schema import ensure, session
from .usable import alive, reusable, settled

T = TypeVar("T")

ROLLBACK = [Statement("ROLLBACK")]
_links: "WeakSet[PostgresLink]" = WeakSet()
# A child never uses, and never closes, a connection that its parent made.
_inherited: list[object] = []


class PostgresLink:
    """Safe for threads; a forked child makes connections of its own."""

    def __init__(self, place: Place, connect_timeout: float, limit: int | None) -> None:
        self._place = place
        self._connect_timeout = connect_timeout
        self._channels = Channels(place.options.schema)
        self._limit = Limit(limit or 1 << 20, f"PostgreSQL at {place}")
        self._preferred = 0  # the server that was reached last time
        self._lines = Lines(self._limit, self.connect, alive)
        _links.add(self)

    def forget(self) -> None:
        """Starts without connections; those there were are left as they are."""
        _inherited.append(self._lines)
        self._lines = Lines(self._limit, self.connect, alive)

    def run(self, flow: Flow[T], timeout: float) -> T:
        return drive(flow, partial(self._perform, deadline=time.monotonic() + timeout))

    def listen(self) -> PostgresEar:
        return PostgresEar(self.connect, self._channels, self._place, self._connect_timeout)

    def close(self) -> None:
        self._lines.close()

    def _perform(self, request: object, deadline: float) -> Any:
        """The reply; what the server found in a deadlock is done again."""
        while True:
            lines = self._lines
            line = lines.take(deadline)
            line.deadline = deadline
            try:
                reply = self._asked(line, request)
            except BaseException as error:
                if self._is_whole(line, error):
                    lines.give(line)
                else:
                    lines.drop(line)
                if isinstance(error, AGAIN) and time.monotonic() < deadline:
                    continue
                if isinstance(error, STALE):
                    lines.close()
                if isinstance(error, FAILURES):
                    raise failure(self._place, error) from error
                raise
            lines.give(line)
            return reply

    def _asked(self, line: SyncLine, request: object) -> Any:
        if isinstance(request, Ask):
            return request.reply(line.exchange(request.batch()))
        if isinstance(request, Write):
            return drive(transaction(request.step, self._channels), line.exchange)
        return unknown(request)

    @staticmethod
    def _is_whole(line: SyncLine, error: BaseException) -> bool:
        """True if the connection can be used again, after a rollback if need be."""
        if not reusable(error):
            return False
        state = settled(line)
        if state is False:
            try:
                line.exchange(ROLLBACK)
            except FAILURES:
                return False
            state = settled(line)
        return state is True

    def connect(self, deadline: float) -> SyncLine:
        """A new connection to the first server that can be reached, starting with the one that was last time."""
        refused: list[BaseException] = []
        count = len(self._place.servers)
        for turn in range(count):
            number = (self._preferred + turn) % count
            try:
                line = self._open(number, deadline)
            except FAILURES as error:
                refused.append(error)
            else:
                self._preferred = number
                return line
        raise failure(self._place, refused[0]) from refused[0]

    def _open(self, number: int, deadline: float) -> SyncLine:
        options = self._place.options
        seconds = min(self._connect_timeout, deadline - time.monotonic())
        line = SyncLine.open(self._place.servers[number], options.client_name, seconds)
        try:
            line.deadline = deadline
            line.exchange(session(options.schema, options.statement_timeout))
            drive(transaction(partial(ensure, options.schema), self._channels), line.exchange)
        except BaseException:
            line.close()
            raise
        return line


def _after_fork() -> None:
    for link in tuple(_links):
        link.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
