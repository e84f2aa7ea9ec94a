"""Where the messages and results of a soak are, and what may befall them there."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar, Protocol

from servers.rabbitmq_server import RabbitServer
from servers.redis_server import RedisServer


class Store(Protocol):
    """`duplicates` is how many ends a lost connection of one worker may repeat."""

    broker: str
    backend: str
    suffers: bool
    duplicates: int

    def cut(self) -> None:
        """Every connection."""
        ...

    def freeze(self) -> None: ...

    def thaw(self) -> None: ...

    def drained(self) -> bool:
        """Nothing is in any worker's hand."""
        ...


class OnSqlite:
    """A file: it suffers nothing."""

    suffers: ClassVar[bool] = False
    duplicates: ClassVar[int] = 0

    def __init__(self, folder: Path) -> None:
        self.broker = self.backend = f"sqlite:///{folder}/subject.sqlite3"

    def cut(self) -> None: ...

    def freeze(self) -> None: ...

    def thaw(self) -> None: ...

    def drained(self) -> bool:
        return True


class OnRedis:
    """A claim outlives the connection on which it was made."""

    suffers: ClassVar[bool] = True
    duplicates: ClassVar[int] = 0

    def __init__(self, server: RedisServer) -> None:
        self.broker = self.backend = server.url
        self._server = server

    def cut(self) -> None:
        with self._server.client() as client:
            for kind in ("normal", "pubsub"):
                client.client_kill_filter(skipme=True, _type=kind)

    def freeze(self) -> None:
        os.kill(self._server.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self._server.pid, signal.SIGCONT)

    def drained(self) -> bool:
        with self._server.client() as client:
            return not client.hlen("unacked")


class OnRabbit:
    """Results are in Redis, for there are chords. What a connection held comes back when it ends."""

    suffers: ClassVar[bool] = True
    duplicates: ClassVar[int] = 64  # a worker's slots, and what had ended and was not acknowledged yet

    def __init__(self, node: RabbitServer, server: RedisServer) -> None:
        self.broker, self.backend = node.url(), server.url
        self._node = node

    def cut(self) -> None:
        self._node.control("close_all_connections", "--global", "a test of ours")

    def freeze(self) -> None:
        os.killpg(self._node.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.killpg(self._node.pid, signal.SIGCONT)

    def drained(self) -> bool:
        unacked = self._node.control("list_queues", "--no-table-headers", "messages_unacknowledged", "name")
        return all(line.startswith("0\t") for line in unacked.splitlines() if not line.endswith("celery_delayed"))


@contextmanager
def _redis() -> Iterator[Store]:
    with RedisServer(durable=True) as server:
        yield OnRedis(server)


@contextmanager
def _rabbit() -> Iterator[Store]:
    with RabbitServer() as node, RedisServer(durable=True) as server:
        yield OnRabbit(node, server)


@contextmanager
def made(name: str, folder: Path) -> Iterator[Store]:
    """One that nobody else uses."""
    if name == "sqlite":
        yield OnSqlite(folder)
        return
    with {"redis": _redis, "rabbitmq": _rabbit}[name]() as store:
        yield store
