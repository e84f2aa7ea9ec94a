"""Fixtures of all conformance tests: an empty folder, and a Redis of each file's own."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from servers.redis_server import RedisServer

from .redis_desk import Desk


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty directory with a path short enough for a UNIX socket in it (tmp_path holds the test's whole name)."""
    with tempfile.TemporaryDirectory(prefix="celeriac-") as name:
        yield Path(name)


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    """A Redis of this file's own."""
    with RedisServer() as server:
        yield server


@pytest.fixture
def client(server: RedisServer) -> Iterator[redis.Redis]:
    """On an empty server."""
    server.flush()
    with server.client() as client:
        yield client


@pytest.fixture
def desk(server: RedisServer, client: redis.Redis) -> Iterator[Desk]:
    desk = Desk(server)
    yield desk
    desk.close()
