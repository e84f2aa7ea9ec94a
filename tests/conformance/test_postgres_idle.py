"""What idle workers cost a PostgreSQL: who finds nothing changes nothing, and looks less and less often."""

import time
from collections.abc import AsyncIterator, Iterator

import pytest

from celeriac.adapters.postgres import PostgresTransport
from celeriac.adapters.postgres.alink import PostgresAsyncLink
from celeriac.adapters.postgres.bell import PostgresBell
from celeriac.adapters.postgres.channels import Channels
from celeriac.adapters.postgres.request import Ask, Statement
from celeriac.core.flow import Flow
from celeriac.core.message import Queue
from celeriac.testing.conformance.harness import post
from servers.postgres_server import PostgresServer

QUEUES = (Queue("celery"),)
LONG = 60.0
WORKERS = 20


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with PostgresServer() as server:
        yield server


@pytest.fixture
def transport(server: PostgresServer) -> PostgresTransport:
    return PostgresTransport([server.url()])


@pytest.fixture
async def link(transport: PostgresTransport) -> AsyncIterator[PostgresAsyncLink]:
    """Of one worker among twenty."""
    link = await transport.alink()
    for number in range(WORKERS):
        await link.run(transport.lease.acquire(f"worker/w{number}", f"w{number}", 600.0), LONG)
    await link.run(transport.broker.purge(["celery"]), LONG)
    yield link
    await link.close()


async def test_a_claim_that_finds_nothing_locks_nothing(
    server: PostgresServer, transport: PostgresTransport, link: PostgresAsyncLink
) -> None:
    with server.client() as other, other.transaction():
        other.execute("SELECT 1 FROM celeriac.leases FOR UPDATE")
        claim = await link.run(transport.broker.claim("w0", QUEUES, 10), LONG)
    assert claim.deliveries == ()


async def test_waiting_for_the_server_takes_no_time_of_the_processor(link: PostgresAsyncLink) -> None:
    await link.run(nap(0.01), LONG)

    async def spent() -> float:
        before = time.thread_time()
        await link.run(nap(0.5), LONG)
        return time.thread_time() - before

    # The interpreter may have something of its own to do, but not each time.
    assert await spent() < 0.1 or await spent() < 0.1 or await spent() < 0.1


def nap(seconds: float) -> Flow[None]:
    yield Ask([Statement("SELECT pg_sleep(%s)", (seconds,))])


async def test_who_looks_in_vain_rests_before_the_next_look_until_it_finds_something(
    transport: PostgresTransport, link: PostgresAsyncLink
) -> None:
    rests: list[float] = []

    async def rest(seconds: float) -> None:
        rests.append(seconds)

    bell = PostgresBell(link.connect, transport.place, LONG, lambda: link.taken, rest)
    await bell.start(Channels("celeriac"), ["celery"])

    async def rings() -> bool:
        """True if it rested after it heard of a message."""
        rests.clear()
        await link.run(transport.broker.publish([post("a")]), LONG)
        assert await bell.wait(LONG)
        return bool(rests)

    assert not await rings()
    assert [await rings() for _ in range(4)] == [True] * 4
    claim = await link.run(transport.broker.claim("w0", QUEUES, 10), LONG)
    assert len(claim.deliveries) == 5
    assert not await rings()
    assert await rings()
    await bell.close()
