"""Elections: of workers of both libraries, as of our own alone, exactly one does what they were told."""

import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from scenarios.workers.running import Process
from servers.rabbitmq_server import RabbitServer
from servers.redis_server import RedisServer

from .fleet import PYTHON, SIDES, Side, environment, run_client
from .observing import RUNS

HELD = 2  # elections of each client
TRIES = 3  # of each: a worker that stood still for a second may vote when the others have decided
# A worker of Celery's that has one neighbour ends with an error if it hears its own vote first, so there our client
# is needed, which tells ours first.
FLEETS: list[tuple[Side, tuple[Side, ...]]] = [
    ("celeriac", ("celery", "celeriac")),
    ("celery", ("celery", "celeriac", "celeriac")),
    ("celeriac", ("celeriac", "celeriac", "celeriac")),
]


VHOST = 6  # nobody else's


def worker(side: Side, name: str, server: RedisServer, home: Path, settings: dict[str, Any]) -> Process:
    """With all that the others leave out; Celery tells of its neighbours only when it tells of everything."""
    level = "DEBUG" if side == "celery" else "INFO"
    words = ("-m", side, "-A", "elected", "worker", "-l", level, "-n", name, "-c", "1")
    return Process((PYTHON[side], *words), home, environment(side, server.url, settings))


@pytest.mark.parametrize(("client", "fleet"), FLEETS)
def test_one_of_all_workers_is_elected(
    client: Side, fleet: tuple[Side, ...], server: RedisServer, tmp_path: Path
) -> None:
    hold_elections((client,), fleet, server, tmp_path, {})


def test_one_of_all_workers_on_rabbitmq_is_elected(server: RedisServer, rabbit: RabbitServer, tmp_path: Path) -> None:
    """By clients of both libraries. Results, and what the workers note, are in Redis."""
    settings = {"broker_url": rabbit.url(rabbit.vhost(VHOST)), "worker_detect_quorum_queues": False}
    hold_elections(SIDES, ("celery", "celeriac", "celeriac"), server, tmp_path, settings)


def hold_elections(
    clients: Sequence[Side], fleet: Sequence[Side], server: RedisServer, home: Path, settings: dict[str, Any]
) -> None:
    server.flush()
    names = [f"{side}{number}@here" for number, side in enumerate(fleet)]
    with ExitStack() as stack:
        started = [worker(*pair, server, home, settings) for pair in zip(fleet, names, strict=True)]
        running = [stack.enter_context(one) for one in started]
        for one in running:
            one.wait_line(r"\S+@\S+ ready\.", 60)
        for one, side in zip(running, fleet, strict=True):
            for name in names[1:] if side == "celery" else ():
                one.wait_line(f"{name} joined the party", 60)
        for client in clients:
            held = 0
            for _ in range(TRIES):
                held += _elections(client, HELD - held, running, server, settings)
            assert held == HELD


def _elections(client: Side, count: int, running: list[Process], server: RedisServer, settings: dict[str, Any]) -> int:
    """So many by this client: in how many of them one was elected, which did what they were told once."""
    labels = [f"election-{os.urandom(4).hex()}" for _ in range(count)]
    if labels:
        held = run_client(client, server.url, "elected:hold", labels=labels, settings=settings)
        assert held == [f"{label}()" for label in labels]
    right = 0
    for label in labels:
        ends = [one.wait_line(rf"won the election '{label}'|elected for '{label}'", 60) for one in running]
        with server.client() as redis:
            right += sum("won the election" in line for line in ends) == int(redis.hget(RUNS, label) or 0) == 1
    return right
