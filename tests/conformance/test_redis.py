"""The Redis transport keeps every contract, on a server of its own."""

from collections.abc import Iterator

import pytest

from celeriac.adapters.redis import RedisTransport
from celeriac.core.ports import TransportOptions
from celeriac.testing.conformance import COLOURS, AttendanceContract, Harness, WholeContract
from servers.redis_server import RedisServer


@pytest.fixture(params=COLOURS)
def harness(request: pytest.FixtureRequest, server: RedisServer) -> Iterator[Harness]:
    with server.client() as client:
        client.flushall()

    def transport() -> RedisTransport:
        return RedisTransport([server.url], TransportOptions(connect_timeout=30.0))

    with Harness(transport, request.param, urgent=0, idle=9, holds_published=False) as harness:
        yield harness


class TestRedis(WholeContract): ...


class TestAttendance(AttendanceContract): ...
