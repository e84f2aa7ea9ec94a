"""One PostgreSQL for all tests of a process, and its tables emptied between them."""

from collections.abc import Iterator

import pytest

from celeriac.adapters.postgres import PostgresTransport
from servers.postgres_server import PostgresServer

_NAMES = "messages dead results leases bindings passing parcels joins parts revoked books plans"
# Quicker than TRUNCATE, which makes every file anew.
_EMPTY = "; ".join(f"DELETE FROM celeriac.{table}" for table in _NAMES.split())


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with PostgresServer() as server:
        made = PostgresTransport([server.url()])
        made.link().run(made.broker.count(["celery"]), 60.0)  # makes the tables
        made.link().close()
        yield server


def emptied(server: PostgresServer) -> str:
    """The URL of a schema with nothing in it."""
    server.execute(f"{_EMPTY}; UPDATE celeriac.counters SET value = CASE name WHEN 'revoked' THEN 0 ELSE value + 1 END")
    return server.url()
