"""A loaded fleet moves from Celery to Celeriac, worker by worker, and back: nothing is lost, all results are right."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import redis

from scenarios.workers.running import Process
from servers.redis_server import RedisServer

from .fleet import SIDES, Client, Side, start_worker

# Celery's workers look every second for what nobody came for; by default they do every hundred seconds.
OFTEN = {"unacked_restore_interval": 1, "unacked_restore_throttle": 1}
SETTINGS = {"task_acks_late": True, "broker_transport_options": OFTEN}
AT_ONCE = 20  # unfinished calls of each client
PATIENCE = 60.0


def test_a_loaded_fleet_moves_to_celeriac_and_back_and_every_task_has_run(server: RedisServer, home: Path) -> None:
    with server.client() as notes, ExitStack() as stack:
        fleet = Rolling(stack, server, home)
        fleet.add("celery")
        fleet.add("celery")
        with loaded(server) as clients:
            for side in ("celeriac", "celery"):
                for _ in range(2):
                    fleet.add(side)
                    fleet.retire()
            notes.set("interop:stop", 1)
            answers = {side: client.answer(2 * PATIENCE) for side, client in clients.items()}
        assert {side: answer["wrong"] for side, answer in answers.items()} == {side: {} for side in SIDES}
        assert min(answer["sent"] for answer in answers.values()) > 5 * AT_ONCE
        runs = [entry.decode() for entry in notes.lrange("interop:begun", 0, -1)]
        verdict(runs, notes)


class Rolling:
    """Workers in the order in which they came; the oldest goes first."""

    def __init__(self, stack: ExitStack, server: RedisServer, home: Path) -> None:
        self._stack, self._server, self._home = stack, server, home
        self._workers: list[Process] = []
        self._count = 0

    def add(self, side: Side) -> None:
        """One more, that works."""
        self._count += 1
        options = ("-n", f"{side}@{self._count}", "-c", "2")
        worker = start_worker(side, self._server.url, self._home, *options, app="moving", settings=SETTINGS)
        self._workers.append(self._stack.enter_context(worker))

    def retire(self) -> None:
        """The oldest is asked to end, and does."""
        oldest = self._workers.pop(0)
        oldest.signal(signal.SIGTERM)
        assert oldest.wait_end(PATIENCE) == 0, oldest.text


@contextmanager
def loaded(server: RedisServer) -> Iterator[dict[Side, Client]]:
    """A client of each kind that sends until it is told to stop."""
    clients: dict[Side, Client] = {}
    try:
        for side in SIDES:
            work = {"name": side, "at_once": AT_ONCE, "patience": PATIENCE}
            clients[side] = Client(side, server.url, "moving:load", SETTINGS, work)
        yield clients
    finally:
        for client in clients.values():
            client.end()


def verdict(runs: list[str], notes: "redis.Redis") -> None:
    """Everybody has worked; what ran twice was in the hands of a Celery worker that was told to end."""
    workers = {run.split()[1] for run in runs}
    assert workers >= {"celeriac@3", "celeriac@4"}
    assert {worker.split("@")[0] for worker in workers} == set(SIDES)
    first: dict[str, str] = {}
    for label, worker in (run.split() for run in runs):
        earlier = first.setdefault(label, worker)
        assert earlier is worker or earlier.startswith("celery@"), (label, earlier, worker)
    assert len(first) >= len(runs) - 20
    assert notes.hlen("unacked") == 0
