"""The Redis between both sides."""

from collections.abc import Iterator
from pathlib import Path

import pytest

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
