"""What only the SQLite broker does: group commit, claims nobody waits for, queues that pass, the default file."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from celeriac.adapters.sqlite import SQLiteTransport
from celeriac.adapters.sqlite.alink import SQLiteAsyncLink
from celeriac.adapters.sqlite.request import Write
from celeriac.adapters.sqlite.session import Session
from celeriac.core.clock import ManualClock
from celeriac.core.delivery import Action, Claim, Settlement
from celeriac.core.errors import LeaseLost, OperationalError
from celeriac.core.flow import Flow
from celeriac.core.message import Exchange, Message, Post, Queue, Route
from celeriac.core.ports import TransportOptions
from celeriac.core.record import Record
from celeriac.testing.conformance.harness import ids, post
from celeriac.wire import envelope

QUEUE = [Queue("celery")]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def transport(folder: Path, clock: ManualClock) -> SQLiteTransport:
    return SQLiteTransport([f"sqlite:///{folder}/queue.sqlite3"], TransportOptions(clock=clock))


@pytest.fixture
async def link(transport: SQLiteTransport) -> AsyncIterator[SQLiteAsyncLink]:
    link = await transport.alink()
    yield link
    await link.close()
    transport.link().close()


async def test_operations_asked_together_all_happen(transport: SQLiteTransport, link: SQLiteAsyncLink) -> None:
    await asyncio.gather(*(link.run(transport.broker.publish([post(f"n{number}")]), 60.0) for number in range(300)))
    assert await link.run(transport.broker.count(["celery"]), 60.0) == {"celery": 300}


async def test_one_that_fails_does_not_touch_the_others(transport: SQLiteTransport, link: SQLiteAsyncLink) -> None:
    nowhere = Post(post("x").message, Route("key", "no such exchange", "topic"))
    flows = [
        transport.broker.publish([post("a")]),
        transport.broker.publish([post("b"), nowhere]),
        transport.broker.claim("nobody", QUEUE, 5),
        transport.broker.publish([post("c")]),
    ]
    first, second, third, fourth = await asyncio.gather(
        *(link.run(flow, 60.0) for flow in flows), return_exceptions=True
    )
    assert (first, fourth) == (None, None)
    assert isinstance(second, OperationalError) and "declare the queue" in str(second)
    assert isinstance(third, LeaseLost)
    assert await link.run(transport.broker.count(["celery"]), 60.0) == {"celery": 2}


async def test_what_was_claimed_for_nobody_goes_back(
    transport: SQLiteTransport, link: SQLiteAsyncLink, folder: Path
) -> None:
    await link.run(transport.lease.acquire("worker/w", "w", 60.0), 60.0)
    await link.run(transport.broker.publish([post("a"), post("b")]), 60.0)
    for delay in (0, 0, 0, 1, 1, 1):
        claim = asyncio.create_task(link.run(transport.broker.claim("w", QUEUE, 5), 60.0))
        for _ in range(delay + 1):
            await asyncio.sleep(0)
        claim.cancel()
        with pytest.raises(asyncio.CancelledError):
            await claim
    taken: list[str] = []
    async with asyncio.timeout(60.0):
        while len(taken) < 2:
            taken += ids(await link.run(transport.broker.claim("w", QUEUE, 5), 60.0))
    assert sorted(taken) == ["a", "b"]


async def test_an_operation_given_up_for_a_lock_never_happens(
    transport: SQLiteTransport, link: SQLiteAsyncLink, folder: Path
) -> None:
    await link.run(transport.broker.publish([post("a")]), 60.0)
    other = sqlite3.connect(folder / "queue.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(OperationalError):
        await link.run(transport.broker.publish([post("b")]), 0.1)
    other.execute("ROLLBACK")
    other.close()
    assert await link.run(transport.broker.count(["celery"]), 60.0) == {"celery": 1}


def write(begun: threading.Event, go_on: threading.Event) -> Flow[None]:
    """Has the file to itself until it is told to go on."""

    def step(session: Session) -> None:
        begun.set()
        assert go_on.wait(60.0)

    yield Write(step)


async def test_what_is_given_up_while_others_write_before_it_in_one_transaction_never_happens(
    transport: SQLiteTransport, link: SQLiteAsyncLink
) -> None:
    begun, go_on = [threading.Event(), threading.Event()], [threading.Event(), threading.Event()]
    first = asyncio.create_task(link.run(write(begun[0], go_on[0]), 60.0))
    assert await asyncio.to_thread(begun[0].wait, 60.0)
    second = asyncio.create_task(link.run(write(begun[1], go_on[1]), 60.0))
    third = asyncio.create_task(link.run(transport.broker.publish([post("a")]), 1.0))
    await asyncio.sleep(0)  # now both wait for the first
    go_on[0].set()
    assert await asyncio.to_thread(begun[1].wait, 60.0)
    with pytest.raises(OperationalError, match="in time"):
        await third
    go_on[1].set()
    await asyncio.gather(first, second)
    assert await link.run(transport.broker.count(["celery"]), 60.0) == {"celery": 0}


async def test_large_and_small_messages_are_claimed_together(transport: SQLiteTransport, link: SQLiteAsyncLink) -> None:
    bodies = [b"s", b"L" * 300_000, b"", b"m" * 20_000, b"t"]
    posts = [
        Post(Message({"id": str(place), "task": "t"}, {}, body), Route("celery")) for place, body in enumerate(bodies)
    ]
    await link.run(transport.broker.publish(posts), 60.0)
    await link.run(transport.lease.acquire("worker/w", "w", 60.0), 60.0)
    claim: Claim = await link.run(transport.broker.claim("w", QUEUE, 9), 60.0)
    assert [envelope.decode(delivery.raw).body for delivery in claim.deliveries] == bodies


async def test_a_queue_that_nobody_uses_goes_with_its_messages(
    transport: SQLiteTransport, link: SQLiteAsyncLink, clock: ManualClock
) -> None:
    everybody = Exchange("everybody", "fanout")
    used = Queue("used", everybody, auto_delete=True)
    unused = Queue("unused", everybody, auto_delete=True)
    await link.run(transport.broker.declare([used, unused]), 60.0)
    await link.run(transport.lease.acquire("worker/w", "w", 600.0), 60.0)
    for number in range(4):
        await link.run(
            transport.broker.publish([Post(post(str(number)).message, Route("", "everybody", "fanout"))]), 60.0
        )
        clock.advance(20.0)
        await link.run(transport.broker.claim("w", [used], 5), 60.0)
    await link.run(transport.broker.recover(envelope.redelivered), 60.0)
    assert await link.run(transport.broker.count(["unused"]), 60.0) == {"unused": 0}
    await link.run(transport.broker.publish([Post(post("last").message, Route("", "everybody", "fanout"))]), 60.0)
    assert ids(await link.run(transport.broker.claim("w", [used, unused], 5), 60.0)) == ["last"]


async def test_a_post_of_a_settlement_that_reaches_no_queue_is_kept(
    transport: SQLiteTransport, link: SQLiteAsyncLink
) -> None:
    await link.run(transport.lease.acquire("worker/w", "w", 60.0), 60.0)
    await link.run(transport.broker.publish([post("a")]), 60.0)
    (delivery,) = (await link.run(transport.broker.claim("w", QUEUE, 1), 60.0)).deliveries
    nowhere = Post(post("b").message, Route("key", "no such exchange", "topic"))
    assert await link.run(transport.broker.settle("w", [Settlement(delivery, Action.ACK, posts=(nowhere,))]), 60.0) == (
        True,
    )
    (letter,) = await link.run(transport.dead.letters(), 60.0)
    assert "no such exchange" in letter.reason
    assert envelope.decode(letter.raw).headers["id"] == "b"


async def test_many_old_results_go_in_rounds(
    transport: SQLiteTransport, link: SQLiteAsyncLink, clock: ManualClock
) -> None:
    await link.run(transport.results.store([Record(str(n), "SUCCESS", b"1", ttl=5.0) for n in range(2500)]), 60.0)
    clock.advance(10.0)
    assert [await link.run(transport.results.expire(), 60.0) for _ in range(4)] == [1000, 1000, 500, 0]


def test_only_the_same_file_settles_in_one_step(folder: Path) -> None:
    first = SQLiteTransport([f"sqlite:///{folder}/a.sqlite3"])
    same = SQLiteTransport([f"sqlite:////{folder}/./a.sqlite3"])
    assert first.settles(same)
    assert not first.settles(SQLiteTransport([f"sqlite:///{folder}/b.sqlite3"]))


def test_a_closed_link_may_be_used_again(transport: SQLiteTransport) -> None:
    transport.link().close()
    transport.link().run(transport.broker.publish([post("a")]), 60.0)
    transport.link().close()
    transport.link().close()
    assert transport.link().run(transport.broker.count(["celery"]), 60.0) == {"celery": 1}
    transport.link().close()
