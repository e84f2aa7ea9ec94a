"""Delayed messages of a queue that a worker on Redis stops to serve, or serves under another name than before."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from celeriac import Celeriac
from servers.redis_server import RedisServer

from .running import Command, until, worker

LATER = 600.0  # seconds; nobody waits for so long


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture
def running(redis: RedisServer, tmp_path: Path) -> Iterator[Command]:
    environment = {"PROGRAM_STORE": redis.url, "PROGRAM_NOTES": str(tmp_path / "notes")}
    options = ("-c", "1", "-Q", "celery,other")
    with worker(tmp_path, "scenarios.workers.program", *options, environment=environment) as running:
        yield running


@pytest.fixture
def client(redis: RedisServer) -> Iterator[Celeriac]:
    with Celeriac("program", broker=redis.url, set_as_current=False) as app:
        yield app


def test_a_worker_that_is_told_to_consume_no_more_gives_back_and_takes_again(
    redis: RedisServer, running: Command, client: Celeriac
) -> None:
    with redis.client() as store:
        for queue in ("celery", "other"):
            client.send_task("program.add", (1, 2), countdown=LATER, queue=queue)
        until(lambda: store.zcard("celeriac.delayed.celery") == store.zcard("celeriac.delayed.other") == 1)
        client.control.cancel_consumer("other", reply=True, timeout=30, limit=1)
        until(lambda: store.llen("other") == 1)
        assert store.llen("celery") == 0
        client.control.add_consumer("other", reply=True, timeout=30, limit=1)
        until(lambda: store.zcard("celeriac.delayed.other") == 1)
        assert store.llen("other") == 0


def test_a_worker_that_has_lost_its_lease_gives_back_under_its_new_name(
    redis: RedisServer, running: Command, client: Celeriac
) -> None:
    with redis.client() as store:
        client.send_task("program.add", (1, 2), countdown=LATER)
        until(lambda: store.zcard("celeriac.delayed.celery") == 1)
        (before,) = store.hkeys("celeriac.serving")
        store.hdel("celeriac.leases", b"worker/" + before)
        store.delete(b"celeriac.lease.worker/" + before)
        until(lambda: set(store.hkeys("celeriac.serving")) - {before})
        running.signal(signal.SIGTERM)
        assert running.wait_end() == 0
        assert (store.llen("celery"), store.zcard("celeriac.delayed.celery")) == (1, 0)
