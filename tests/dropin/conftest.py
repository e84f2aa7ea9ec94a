"""A Redis for the programs of this folder."""

from collections.abc import Iterator

import pytest

from servers.redis_server import RedisServer


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    """One for all tests of a file; each begins with an empty one."""
    with RedisServer() as server:
        yield server


@pytest.fixture(autouse=True)
def empty(request: pytest.FixtureRequest) -> None:
    """Nothing of the test before."""
    if "redis" in request.fixturenames:
        request.getfixturevalue("redis").flush()
