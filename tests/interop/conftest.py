"""The servers between both sides."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from servers.rabbitmq_server import RabbitServer
from servers.redis_server import RedisServer


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    """A Redis of this file's own."""
    with RedisServer() as started:
        yield started


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where workers run."""
    return tmp_path_factory.mktemp("interop")


@pytest.fixture(scope="session")
def rabbit() -> Iterator[RabbitServer]:
    """One node for all files: each takes virtual hosts of its own."""
    with RabbitServer() as server:
        yield server
