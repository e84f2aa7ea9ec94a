"""Waiting for thousands of results on every store, in both colours, also when the connections break meanwhile."""

import asyncio
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from redis.asyncio.connection import Connection

from celeriac import Celeriac
from celeriac.adapters.redis.connections import hang_up
from celeriac.core.states import SUCCESS
from servers.redis_server import RedisServer

MANY = 2_000
_numbers = count()


@pytest.fixture(params=["memory", "sqlite", "redis"])
def app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Celeriac]:
    if request.param == "redis":
        url = request.getfixturevalue("server").url
    else:
        url = f"memory://many-{next(_numbers)}" if request.param == "memory" else f"sqlite:///{tmp_path}/many.sqlite3"
    with Celeriac("many", broker=url, backend=url, set_as_current=False) as made:
        yield made


def members(app: Celeriac) -> list[str]:
    number = next(_numbers)
    return [f"{number}-{member}" for member in range(MANY)]


class Writer(threading.Thread):
    """Another process's worth of results, stored in steps; `go` begins the next."""

    def __init__(self, app: Celeriac, ids: list[str], steps: int = 1) -> None:
        super().__init__(daemon=True)
        self._app, self._ids, self._steps = app, ids, steps
        self._go = threading.Semaphore(0)
        self.start()

    def go(self) -> None:
        self._go.release()

    def run(self) -> None:
        url = self._app.conf.broker_url
        with Celeriac("writer", broker=url, backend=url, set_as_current=False) as app:
            size = len(self._ids) // self._steps
            for start in range(0, len(self._ids), size):
                self._go.acquire()
                for task_id in self._ids[start : start + size]:
                    app.backend.store_result(task_id, task_id, SUCCESS)


def test_thousands_of_results_are_waited_for(app: Celeriac) -> None:
    ids = members(app)
    writer = Writer(app, ids, steps=2)
    group = app.GroupResult("g", [app.AsyncResult(task_id) for task_id in ids])
    writer.go()
    arrived = []
    for pair in group.iterate(timeout=120):
        arrived.append(pair)
        if len(arrived) == MANY // 4:
            writer.go()
    assert sorted(arrived) == sorted((task_id, task_id) for task_id in ids)
    assert group.get(timeout=120) == ids
    group.forget()
    assert not app.AsyncResult(ids[0]).exists()
    writer.join(60)


async def test_thousands_of_results_are_waited_for_by_async_code(app: Celeriac) -> None:
    ids = members(app)
    writer = Writer(app, ids, steps=2)
    group = app.GroupResult("g", [app.AsyncResult(task_id) for task_id in ids])
    writer.go()
    arrived = []
    async for pair in group.aiterate(timeout=120):
        arrived.append(pair)
        if len(arrived) == MANY // 4:
            writer.go()
    assert sorted(arrived) == sorted((task_id, task_id) for task_id in ids)
    assert await group == ids
    writer.join(60)
    await app.aclose()


@pytest.mark.parametrize("colour", ["sync", "async"])
async def test_cut_connections_cost_no_result(server: RedisServer, colour: str) -> None:
    with Celeriac("cut", broker=server.url, backend=server.url, set_as_current=False) as app:
        ids = members(app)
        writer = Writer(app, ids, steps=8)
        group = app.GroupResult("g", [app.AsyncResult(task_id) for task_id in ids])
        got, cuts = [], 0
        writer.go()

        def take(pair: tuple[str, object]) -> None:
            nonlocal cuts
            got.append(pair)
            if len(got) % (MANY // 8) == 0:
                with server.client() as client:
                    cuts += client.client_kill_filter(_type="pubsub")
                writer.go()

        if colour == "sync":
            for pair in group.iterate(timeout=120):
                take(pair)
        else:
            async for pair in group.aiterate(timeout=120):
                take(pair)
        assert sorted(got) == sorted((task_id, task_id) for task_id in ids)
        assert cuts > 0
        writer.join(60)
        await app.aclose()


async def test_who_is_interrupted_while_hanging_up_leaves_nothing_open(server: RedisServer) -> None:
    connection = Connection(port=server.port)
    await connection.connect()
    hanging = asyncio.ensure_future(hang_up(connection, wait=True))
    await asyncio.sleep(0)
    hanging.cancel()
    await asyncio.wait([hanging])
    assert hanging.cancelled()
    assert not connection.is_connected
