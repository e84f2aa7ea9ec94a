"""A store with workers of the program on it, and a client that knows no task: its signatures go by name."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from celeriac import Celeriac
from celeriac.canvas import Signature
from servers.redis_cluster import RedisCluster
from servers.redis_server import RedisServer

from ..workers.notes import notes, tell
from ..workers.running import Command, until, worker

TIMEOUT = 60


class Stage:
    """Where one broker and one result store are; often they are one."""

    def __init__(self, home: Path, broker: str, backend: str) -> None:
        self.home = home
        self.broker = broker
        self.backend = backend
        self.app = Celeriac("flows", broker=broker, backend=backend, set_as_current=False)

    def s(self, name: str, *args: Any, **kwargs: Any) -> Signature:
        """The signature of a task of the program."""
        return self.app.signature(f"flows.{name}", args, kwargs)

    def si(self, name: str, *args: Any, **kwargs: Any) -> Signature:
        return self.app.signature(f"flows.{name}", args, kwargs, immutable=True)

    def worker(self, *options: str, **environment: str) -> Command:
        given = {
            "FLOWS_BROKER": self.broker,
            "FLOWS_BACKEND": self.backend,
            "PROGRAM_NOTES": str(self.home / "notes"),
        }
        words = options if "-c" in options else (*options, "-c", "2")
        return worker(self.home, "scenarios.workflows.program", *words, environment={**given, **environment})

    def tell(self) -> None:
        """What is held may end, now and from now on."""
        tell(self.home)

    def noted(self, what: str, *about: Any) -> list[list[Any]]:
        """The facts noted under a word, of those that begin with these."""
        found = [facts for word, *facts in notes(self.home) if word == what]
        return [facts[len(about) :] for facts in found if facts[: len(about)] == list(about)]

    def wait_noted(self, what: str, *about: Any) -> list[list[Any]]:
        found: list[list[Any]] = until(
            lambda: self.noted(what, *about), TIMEOUT, lambda: f"{what} {about} in {notes(self.home)}"
        )
        return found

    def keys(self) -> list[str]:
        """What is left of joins, and of long chains."""
        transport = self.app.transports.results
        assert transport is not None
        if self.backend.startswith("redis"):
            link: Any = transport.link()
            return [key.decode() for key in link.run(_keys(), TIMEOUT)]
        with sqlite3.connect(self.backend.removeprefix("sqlite:///")) as connection:
            rows = [connection.execute(query).fetchall() for query in _LEFT]
            return [str(row) for some in rows for row in some]

    def wait_no_keys(self) -> None:
        """No join, no part and no piece of a chain is left."""
        until(lambda: not self.keys(), TIMEOUT, self.keys)


_LEFT = (
    "SELECT id FROM joins",
    "SELECT DISTINCT id FROM parts",
    "SELECT id FROM results WHERE kind = 'chain'",
)


def _keys() -> Any:
    joins, pieces = yield (("KEYS", "*celery-taskset-meta-*"), ("KEYS", "*celeriac.chain.*"))
    return [*joins, *pieces]


@contextmanager
def sqlite_stage(home: Path) -> Iterator[Stage]:
    url = f"sqlite:///{home}/store.sqlite3"
    stage = Stage(home, url, url)
    yield stage
    stage.app.close()


@contextmanager
def redis_stage(home: Path) -> Iterator[Stage]:
    with RedisServer() as server:
        stage = Stage(home, server.url, server.url)
        yield stage
        stage.app.close()


@contextmanager
def apart_stage(home: Path) -> Iterator[Stage]:
    """Messages in a file, results and joins in Redis."""
    with RedisServer() as server:
        stage = Stage(home, f"sqlite:///{home}/queue.sqlite3", server.url)
        yield stage
        stage.app.close()


@contextmanager
def cluster_stage(home: Path) -> Iterator[Stage]:
    """Three masters; the keys of a join lie on one of them, messages on another."""
    with RedisCluster() as cluster:
        stage = Stage(home, cluster.url, cluster.url)
        yield stage
        stage.app.close()


STAGES: dict[str, Callable[[Path], Any]] = {
    "sqlite": sqlite_stage,
    "redis": redis_stage,
    "apart": apart_stage,
    "cluster": cluster_stage,
}
