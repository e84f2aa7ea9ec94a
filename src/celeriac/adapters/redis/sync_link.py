"""The sync link: a pool of connections shared by threads, each operation under one deadline."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakSet

from ...core.errors import OperationalError
from ...core.flow import Flow
from ..lines import Limit, Lines
from . import sentinel
from .connections import SyncConnection
from .doorway import Doorway
from .ears import SyncEar
from .failures import FAILURES, failure
from .line import Line, alive
from .packing import Commands
from .place import Server
from .replies import loads, raise_first, unknown_scripts

T = TypeVar("T")

Perform = Callable[[Commands, float], list[Any]]
_links: WeakSet[SyncLink] = WeakSet()


def _after_fork() -> None:
    """A child never uses, and never shuts down, a connection its parent made."""
    for link in list(_links):
        link.forget()


os.register_at_fork(after_in_child=_after_fork)


class SyncLink:
    """Safe for threads; a forked child makes connections of its own."""

    def __init__(self, doorway: Doorway, limit: int | None) -> None:
        self._doorway = doorway
        self._limit = Limit(limit or 1 << 20, f"Redis at {doorway.place}", "broker_pool_limit (or max_connections)")
        self._preferred: int | None = None  # the server that was reached last time
        self.forget()
        _links.add(self)

    def forget(self) -> None:
        """Starts without connections; those there were are dropped as they are."""
        self._lines = Lines(self._limit, self._connected, alive)

    def run(self, flow: Flow[T], timeout: float) -> T:
        return drive(flow, self.perform, time.monotonic() + timeout)

    def listen(self) -> SyncEar:
        return SyncEar(self.connect, self._doorway)

    def close(self) -> None:
        self._lines.close()

    def perform(self, commands: Commands, deadline: float, redirects: bool = False) -> list[Any]:
        """The replies. With `redirects`, a cluster's MOVED and ASK are among them instead of being raised."""
        lines = self._lines
        line = lines.take(deadline)
        try:
            replies = exchange(line, commands, deadline)
            raise_first(replies, redirects)
        except FAILURES as error:
            lines.drop(line)
            raise failure(self._doorway.place, error) from error
        except BaseException:
            # Whatever it was (KeyboardInterrupt, a time limit), the next reply on this connection
            # would be an answer to somebody else's question.
            lines.drop(line)
            raise
        lines.give(line)
        return replies

    def _connected(self, deadline: float) -> Line:
        return Line(self.connect(deadline))

    def connect(self, deadline: float) -> SyncConnection:
        """A new connection to the first server that can be reached, starting with the one that was last time."""
        if self._doorway.place.kind == "sentinel":
            return self._connect_to_master(deadline)
        servers = self._doorway.place.servers
        errors: list[BaseException] = []
        for number in self._doorway.turns(self._preferred):
            try:
                connection = self._open(self._doorway, servers[number], deadline)
            except FAILURES as error:
                errors.append(error)
            else:
                self._preferred = number
                return connection
        raise failure(self._doorway.place, errors[0]) from errors[0]

    def _connect_to_master(self, deadline: float) -> SyncConnection:
        doorway = self._doorway
        name = sentinel.master_name(doorway.place, doorway.options)
        asked = doorway.to_sentinels()
        errors: list[BaseException] = []
        for server in doorway.place.servers:
            try:
                (reply,) = self._ask(self._open(asked, server, deadline), sentinel.question(name), deadline)
                connection = self._open(doorway, sentinel.master(reply, name, doorway.options), deadline)
            except FAILURES as error:
                errors.append(error)
            else:
                return self._checked(connection, name, deadline)
        raise failure(doorway.place, errors[0]) from errors[0]

    def _checked(self, connection: SyncConnection, name: str, deadline: float) -> SyncConnection:
        try:
            (role,) = exchange(Line(connection), sentinel.ROLE, deadline)
            sentinel.check_role(role, name)
        except FAILURES as error:
            connection.disconnect()
            raise failure(self._doorway.place, error) from error
        return connection

    @staticmethod
    def _ask(connection: SyncConnection, commands: Commands, deadline: float) -> list[Any]:
        """One question on a connection of its own."""
        try:
            replies = exchange(Line(connection), commands, deadline)
            raise_first(replies)
            return replies
        finally:
            connection.disconnect()

    @staticmethod
    def _open(doorway: Doorway, server: Server, deadline: float) -> SyncConnection:
        remaining = max(deadline - time.monotonic(), 0.001)
        connection = doorway.sync(server)
        connection.socket_connect_timeout = min(doorway.connect_timeout, remaining)
        connection.socket_timeout = remaining
        try:
            connection.connect()
        except BaseException:
            connection.disconnect()
            raise
        return connection


def drive(flow: Flow[T], perform: Perform, deadline: float) -> T:
    """Runs a flow: performs what it asks for, sends it the replies or throws the error into it."""
    try:
        request = next(flow)
        while True:
            try:
                replies = perform(request, deadline)
            except OperationalError as error:
                request = flow.throw(error)
            else:
                request = flow.send(replies)
    except StopIteration as stop:
        result: T = stop.value
        return result


def exchange(line: Line, commands: Commands, deadline: float) -> list[Any]:
    """Send all, then read all; a refused command's reply is its error. Unknown scripts are loaded and run."""
    replies = line.trip(commands, deadline)
    unknown = unknown_scripts(replies)
    if unknown:
        line.trip(loads(commands, unknown), deadline)
        for i, reply in zip(unknown, line.trip([commands[i] for i in unknown], deadline), strict=True):
            replies[i] = reply
    return replies
