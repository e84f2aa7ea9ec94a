"""A client, and a worker of the program that the tests of one file share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from celeriac import Celeriac
from servers.redis_server import RedisServer

from .running import Command, worker


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    """Redis alone, where the store makes no difference that matters."""
    with RedisServer() as server:
        yield server.url


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the worker runs, and where the program notes what it saw."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def client(store: str) -> Iterator[Celeriac]:
    """An app that knows no task: calls go by name."""
    with Celeriac("program", broker=store, backend=store, set_as_current=False) as app:
        yield app


@pytest.fixture(scope="module")
def program(store: str, home: Path) -> Iterator[Command]:
    """A worker of the program with two processes."""
    environment = {"PROGRAM_STORE": store, "PROGRAM_NOTES": str(home / "notes")}
    with worker(home, "scenarios.workers.program", "-c", "2", "-n", "w@here", environment=environment) as running:
        yield running
