"""A loaded fleet moves from Celery to Celeriac, worker by worker, and back: nothing is lost, all results are right."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import redis

from scenarios.workers.running import Process
from servers.rabbitmq_server import RabbitServer
from servers.redis_server import RedisServer
from watched import until

from .fleet import SIDES, Client, Side, start_worker
from .test_rabbitmq import KINDS

VHOST = 11  # nobody else's
AT_ONCE = 20  # unfinished calls of each client
LEAST = 5 * AT_ONCE  # calls of each, in all
PATIENCE = 60.0


class Broker(NamedTuple):
    """Settings of all workers and clients; how many messages are waiting or unacknowledged."""

    settings: dict[str, Any]
    left: Callable[[], int]


# On RabbitMQ: INTEROP_ROUNDS=all moves on both kinds of queues. To a quorum queue Celery delays by the broker.
QUEUES: dict[str, dict[str, Any]] = {"quorum": KINDS["quorum-redis"], "classic": {"worker_detect_quorum_queues": False}}
BROKERS = ["redis", *(QUEUES if os.environ.get("INTEROP_ROUNDS") == "all" else ["quorum"])]


@pytest.fixture(params=BROKERS)
def broker(request: pytest.FixtureRequest, server: RedisServer) -> Iterator[Broker]:
    """Results are in Redis."""
    server.flush()
    late = {"task_acks_late": True}
    with server.client() as notes:
        if request.param == "redis":
            yield Broker(late, lambda: int(notes.hlen("unacked")) + int(notes.llen("celery")))
        else:
            rabbit: RabbitServer = request.getfixturevalue("rabbit")
            vhost = rabbit.vhost(VHOST)
            count = ("list_queues", "-p", vhost, "--no-table-headers", "messages")
            settings = {**late, "broker_url": rabbit.url(vhost), **QUEUES[request.param]}
            yield Broker(settings, lambda: sum(map(int, rabbit.control(*count).split())))


def test_a_loaded_fleet_moves_to_celeriac_and_back_and_every_task_has_run(
    broker: Broker, server: RedisServer, home: Path
) -> None:
    settings = broker.settings
    with server.client() as notes, ExitStack() as stack:
        fleet = Rolling(stack, server, home, settings)
        fleet.add("celery")
        fleet.add("celery")
        with loaded(server, settings) as clients:
            for side in ("celeriac", "celery"):
                for _ in range(2):
                    fleet.add(side)
                    until(lambda: fleet.newest_has_begun(notes), PATIENCE, every=0.1)
                    fleet.retire()
            notes.set("interop:stop", 1)
            answers = {side: client.answer(2 * PATIENCE) for side, client in clients.items()}
        assert {side: answer["wrong"] for side, answer in answers.items()} == {side: {} for side in SIDES}
        assert min(answer["sent"] for answer in answers.values()) >= LEAST
        runs = [entry.decode() for entry in notes.lrange("interop:begun", 0, -1)]
        verdict(runs)
        until(lambda: broker.left() == 0, PATIENCE, lambda: f"{broker.left()} messages are left")


class Rolling:
    """Workers in the order in which they came; the oldest goes first."""

    def __init__(self, stack: ExitStack, server: RedisServer, home: Path, settings: dict[str, Any]) -> None:
        self._stack, self._server, self._home, self._settings = stack, server, home, settings
        self._workers: list[Process] = []
        self._count = 0

    def add(self, side: Side) -> None:
        """One more, that is ready to work."""
        self._count += 1
        options = ("-n", f"{side}@{self._count}", "-c", "2")
        worker = start_worker(side, self._server.url, self._home, *options, app="moving", settings=self._settings)
        self._workers.append(self._stack.enter_context(worker))

    def newest_has_begun(self, notes: "redis.Redis") -> bool:
        """It runs something."""
        name = f"@{self._count}".encode()
        return any(entry.endswith(name) for entry in notes.lrange("interop:begun", 0, -1))

    def retire(self) -> None:
        """The oldest is asked to end, and does."""
        oldest = self._workers.pop(0)
        oldest.signal(signal.SIGTERM)
        assert oldest.wait_end(PATIENCE) == 0, oldest.text


@contextmanager
def loaded(server: RedisServer, settings: dict[str, Any]) -> Iterator[dict[Side, Client]]:
    """A client of each kind that sends until it is told to stop."""
    clients: dict[Side, Client] = {}
    try:
        for side in SIDES:
            work = {"name": side, "at_once": AT_ONCE, "patience": PATIENCE, "least": LEAST}
            clients[side] = Client(side, server.url, "moving:load", settings, work)
        yield clients
    finally:
        for client in clients.values():
            client.end()


def verdict(runs: list[str]) -> None:
    """Everybody has worked; what ran twice, or what followed it, a Celery worker had in hand that was told to end."""
    where: dict[str, list[str]] = {}
    for label, worker in (run.split() for run in runs):
        where.setdefault(label, []).append(worker)
    everybody = {worker for workers in where.values() for worker in workers}
    assert everybody >= {"celeriac@3", "celeriac@4"}
    assert {worker.split("@")[0] for worker in everybody} == set(SIDES)
    twice = {label: workers for label, workers in where.items() if len(workers) > 1}
    excused = {label.split(".")[0] for label, workers in twice.items() if any(w.startswith("celery@") for w in workers)}
    assert {label: workers for label, workers in twice.items() if label.split(".")[0] not in excused} == {}
    assert len(runs) - len(where) <= 40
