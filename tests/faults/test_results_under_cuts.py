"""Waiting for results while the connection to the store is cut again and again: every value arrives."""

import asyncio
import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from celeriac import Celeriac
from servers.redis_server import RedisServer

WAITERS = 400
THREADS = 8
CUTS = 12


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with RedisServer() as running:
        yield running


@pytest.fixture
def app(server: RedisServer) -> Iterator[Celeriac]:
    with Celeriac("p", broker=server.url, backend=server.url, set_as_current=False) as made:
        yield made


class Adversary:
    """Stores the results in random order, and kills every connection in between."""

    def __init__(self, server: RedisServer, ids: list[str]) -> None:
        self._server = server
        self._ids = random.Random(7).sample(ids, len(ids))
        self._pause = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> "Adversary":
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._thread.join()

    def _work(self) -> None:
        url = self._server.url
        client = self._server.client()
        with Celeriac("worker", broker=url, backend=url, set_as_current=False) as app:
            part = len(self._ids) // CUTS + 1
            for start in range(0, len(self._ids), part):
                for task_id in self._ids[start : start + part]:
                    app.backend.store_result(task_id, task_id, "SUCCESS")
                self._pause.wait(0.1)  # the pace of the cuts; nobody waits for it
                client.client_kill_filter(skipme=True, _type="normal")
                client.client_kill_filter(skipme=True, _type="pubsub")
        client.close()


def test_get_in_many_threads_survives_cuts(server: RedisServer, app: Celeriac) -> None:
    ids = [f"task-{number}" for number in range(WAITERS)]
    with ThreadPoolExecutor(THREADS) as pool, Adversary(server, ids):
        values = list(pool.map(lambda task_id: app.AsyncResult(task_id).get(timeout=100), ids))
    assert values == ids


async def test_await_of_many_survives_cuts(server: RedisServer, app: Celeriac) -> None:
    ids = [f"task-{number}" for number in range(WAITERS)]
    with Adversary(server, ids):
        values = await asyncio.gather(*(app.AsyncResult(task_id).aget(timeout=100) for task_id in ids))
    assert values == ids
    await app.aclose()
