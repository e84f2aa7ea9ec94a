"""Where results are kept apart from messages: each message is acknowledged after its result is stored."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from celeriac.adapters.memory.transport import MemoryAsyncLink, MemoryTransport
from celeriac.core.delivery import Action, Delivery, Settlement
from celeriac.core.errors import OperationalError
from celeriac.core.message import Queue
from celeriac.core.record import Record
from celeriac.testing.conformance.harness import post
from celeriac.worker.connection import Connection, Tries
from celeriac.worker.sequels import Payer
from celeriac.worker.settler import Settler, Store

_MANY = 1700  # four batches
_TIME = 60.0


class Slow(MemoryTransport):
    """A store in which each write waits until it may."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.asked = 0
        self.allowed: set[int] = set()
        self.broken: set[int] = set()
        self.changed = asyncio.Condition()

    async def alink(self) -> Any:
        return SlowLink(self)

    async def allow(self, *numbers: int) -> None:
        async with self.changed:
            self.allowed.update(numbers)
            self.changed.notify_all()


class SlowLink(MemoryAsyncLink):
    def __init__(self, transport: Slow) -> None:
        super().__init__(transport.store)
        self._slow = transport

    async def run(self, flow: Any, timeout: float) -> Any:
        slow, number = self._slow, self._slow.asked
        slow.asked += 1
        async with slow.changed:
            slow.changed.notify_all()
            await slow.changed.wait_for(lambda: number in slow.allowed)
        if number in slow.broken:
            raise OperationalError("the store went away")
        return await super().run(flow, timeout)


async def _turn() -> None:
    await asyncio.sleep(0)


class Bench:
    """A settler between a broker and a slow store, with many claimed messages."""

    async def start(self) -> None:
        self.broker, self.slow = MemoryTransport("memory://settler-broker"), Slow("memory://settler-results")
        self.link = await self.broker.alink()
        await self.run(self.broker.broker.declare([Queue("celery")]))
        await self.run(self.broker.broker.publish([post(str(number)) for number in range(_MANY)]))
        await self.run(self.broker.lease.acquire("worker/me", "me", 600.0))
        claim = await self.run(self.broker.broker.claim("me", [Queue("celery")], _MANY))
        self.deliveries: tuple[Delivery, ...] = claim.deliveries
        here, there = (Connection(one, Tries(1, None)) for one in (self.broker, self.slow))
        await here.open()
        await there.open()
        self.connections = (here, there)
        self.settler = Settler(here, self.broker.broker, Store(there, apart=True), Payer(None))
        self.settler.owner = lambda: "me"

    async def run(self, flow: Any) -> Any:
        return await self.link.run(flow, _TIME)

    def end_all(self) -> None:
        for number, delivery in enumerate(self.deliveries):
            self.settler.add(Settlement(delivery, Action.ACK, Record(str(number), "SUCCESS", b"{}")))
        self.settler.start()

    async def held(self) -> int:
        return len(await self.run(self.broker.broker.held("me")))

    async def until(self, true: Callable[[], bool]) -> None:
        """It comes to that, and to no more in the next turns of the loop."""
        async with asyncio.timeout(_TIME):
            while not true():
                await _turn()
        for _ in range(100):
            await _turn()

    async def stop(self) -> None:
        await self.settler.close()
        for connection in self.connections:
            await connection.close()
        self.broker.forget()
        self.slow.forget()


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    made = Bench()
    await made.start()
    yield made
    await made.stop()


async def test_the_next_results_are_on_their_way_before_the_former_are_stored(bench: Bench) -> None:
    bench.end_all()
    await bench.until(lambda: bench.slow.asked >= 4)
    assert bench.slow.asked == 4
    assert await bench.held() == _MANY  # and nothing was acknowledged


async def test_messages_are_acknowledged_in_order_and_after_their_results(bench: Bench) -> None:
    bench.end_all()
    await bench.until(lambda: bench.slow.asked >= 4)
    await bench.slow.allow(1, 2)
    await bench.until(lambda: True)
    assert await bench.held() == _MANY  # those before them are not stored
    await bench.slow.allow(0)
    await bench.until(lambda: bench.settler.settled >= 1500)
    assert (bench.settler.settled, await bench.held(), len(bench.settler)) == (1500, 200, 200)
    await bench.slow.allow(3)
    assert await bench.settler.drain(asyncio.get_running_loop().time() + _TIME)
    assert (bench.settler.settled, await bench.held()) == (_MANY, 0)
    stored = await bench.run(bench.broker.broker.count(["celery"]))
    assert stored == {"celery": 0}


async def test_results_that_the_store_did_not_take_are_stored_before_their_acknowledgement(bench: Bench) -> None:
    bench.slow.broken = {1, 2}
    bench.end_all()
    await bench.until(lambda: bench.slow.asked >= 4)
    await bench.slow.allow(0, 1, 2, 3)
    await bench.until(lambda: bench.slow.asked >= 6)  # both are tried again
    assert (bench.settler.settled, await bench.held()) == (500, _MANY - 500)
    await bench.slow.allow(*range(4, 20))
    assert await bench.settler.drain(asyncio.get_running_loop().time() + _TIME)
    link = await MemoryTransport("memory://settler-results").alink()
    found = await link.run(bench.slow.results.fetch([str(number) for number in range(_MANY)]), _TIME)
    assert found == (b"{}",) * _MANY
    assert await bench.held() == 0


async def test_a_worker_that_gives_up_while_results_are_on_their_way_leaves_no_loose_ends(bench: Bench) -> None:
    bench.end_all()
    await bench.until(lambda: bench.slow.asked >= 4)
    before = asyncio.all_tasks()
    await bench.settler.close()
    assert len(before) - len(asyncio.all_tasks()) == 5  # the loop and its four batches
    assert await bench.held() == _MANY
