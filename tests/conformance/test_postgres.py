"""The PostgreSQL transport keeps every contract, on a server of its own."""

from collections.abc import Iterator

import pytest

from celeriac.adapters.postgres import PostgresTransport
from celeriac.core.ports import TransportOptions
from celeriac.testing.conformance import COLOURS, FanoutContract, Harness, WholeContract
from servers.postgres_server import PostgresServer

from .postgres_tables import emptied, postgres

__all__ = ["postgres"]


@pytest.fixture(params=COLOURS)
def harness(request: pytest.FixtureRequest, postgres: PostgresServer) -> Iterator[Harness]:
    url = emptied(postgres)

    def transport() -> PostgresTransport:
        return PostgresTransport([url], TransportOptions(connect_timeout=30.0))

    with Harness(transport, request.param) as harness:
        yield harness


class TestPostgres(WholeContract): ...


class TestFanout(FanoutContract): ...
