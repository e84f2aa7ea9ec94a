"""Fixtures of the scenarios: homes of users and stores of workers, with SQLite and with Redis."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from servers.redis_server import RedisServer

from .commands import TASKS, Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A folder with tasks.py; queues and results are in the embedded file."""
    (tmp_path / ".celeriac").mkdir()  # so that none of a parent folder is found
    home = Home(tmp_path)
    home.write(TASKS)
    return home


@pytest.fixture(params=["sqlite", "redis"])
def any_home(request: pytest.FixtureRequest, home: Home, tmp_path: Path) -> Iterator[Home]:
    """The same on each kind of broker."""
    if request.param == "sqlite":
        yield home
        return
    with RedisServer() as server:
        yield Home(tmp_path, server.url)


@pytest.fixture(scope="module", params=["sqlite", "redis"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an empty store: SQLite, then Redis."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('store')}/store.sqlite3"
        return
    with RedisServer() as server:
        yield server.url


@pytest.fixture
def short() -> Iterator[Path]:
    """An empty folder with a short name, to be TMPDIR: sockets in it need one."""
    with tempfile.TemporaryDirectory(prefix="c-") as name:
        yield Path(name)
