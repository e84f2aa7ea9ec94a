"""A Redis for each file, empty for each test."""

from collections.abc import Iterator

import pytest

from servers.redis_server import RedisServer


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    """One for all tests of a file."""
    with RedisServer() as started:
        yield started


@pytest.fixture
def redis(server: RedisServer) -> RedisServer:
    """Empty."""
    server.flush()
    return server
