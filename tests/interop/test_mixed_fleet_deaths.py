"""What a worker holds stays its own while it lives, and comes back when it dies, whichever kind sweeps."""

import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import redis

from scenarios.workers.running import Process
from servers.redis_server import RedisServer
from watched import until

from .fleet import SIDES, Client, Side, start_worker

VISIBLE = 4.0  # seconds: what looks older is taken back; nobody who lives is held up for so long
# Who is about to send a chord's body has so long for it, with either kind: its message must not come back before.
FIRING = 12.0
PATIENCE = 60.0


def settings(visible: float = VISIBLE) -> dict[str, Any]:
    """Of workers and clients of both kinds; Celery does not know the last ones."""
    often = {"visibility_timeout": visible, "unacked_restore_interval": 0.5, "unacked_restore_throttle": 1}
    ours = {"worker_lease_ttl": visible, "worker_lease_renew": visible / 5, "worker_recover_interval": 0.5}
    late = {"task_acks_late": True, "task_reject_on_worker_lost": True}
    return {**late, "broker_transport_options": often, **ours}


@pytest.fixture
def notes(server: RedisServer) -> Iterator["redis.Redis"]:
    server.flush()
    with server.client() as client:
        yield client


def start(stack: ExitStack, side: Side, server: RedisServer, home: Path, visible: float = VISIBLE) -> Process:
    """A worker with a name of its own."""
    options = ("-n", f"{side}@{os.urandom(2).hex()}", "-c", "2")
    worker = start_worker(side, server.url, home, *options, app="moving", settings=settings(visible))
    return stack.enter_context(worker)


def kill(worker: Process) -> None:
    """kill -9 of all its processes at once, as when its machine goes away."""
    os.killpg(worker.pid, signal.SIGKILL)
    worker.process.wait(PATIENCE)


def client_of(
    stack: ExitStack, side: Side, server: RedisServer, function: str, visible: float = VISIBLE, **arguments: Any
) -> Client:
    client = Client(side, server.url, f"moving:{function}", settings(visible), arguments)
    stack.callback(client.end)
    return client


def test_a_long_run_of_ours_is_not_taken_away_by_celerys_sweeps(
    server: RedisServer, home: Path, notes: "redis.Redis"
) -> None:
    with ExitStack() as stack:
        start(stack, "celeriac", server, home)
        waiting = client_of(stack, "celery", server, "one", label="long", seconds=VISIBLE + 2.5)
        until(lambda: notes.llen("interop:begun") == 1, PATIENCE)
        start(stack, "celery", server, home)
        assert waiting.answer(PATIENCE) == "long"
        assert notes.llen("interop:begun") == 1


@pytest.mark.parametrize(("dead", "heir"), [("celery", "celeriac"), ("celeriac", "celery")])
def test_what_a_killed_worker_held_is_run_by_one_of_the_other_kind(
    dead: Side, heir: Side, server: RedisServer, home: Path, notes: "redis.Redis"
) -> None:
    """A run, what was claimed behind it, and what was waiting for its time."""
    with ExitStack() as stack:
        worker = start(stack, dead, server, home)
        client = client_of(stack, heir, server, "held", count=6, delayed=3, after=2.0)
        # What Celery is just taking out of the queue, and kombu has not yet noted, would die with it.
        held = 9 if dead == "celery" else 4
        until(lambda: notes.llen("interop:begun") == 2 and notes.hlen("unacked") >= held, PATIENCE)
        kill(worker)
        start(stack, heir, server, home)
        assert client.answer(PATIENCE) == []
        begun = [entry.split()[0].decode() for entry in notes.lrange("interop:begun", 0, -1)]
        wanted = Counter(["held0", "held1", *(f"held{n}" for n in range(6)), *(f"later{n}" for n in range(3))])
        # Celery takes back from itself, too, what it acknowledges later than visibility_timeout, which is short here.
        repeats = 1 if heir == "celery" else 0
        assert not wanted - Counter(begun)
        assert (Counter(begun) - wanted).total() <= repeats, notes.lrange("interop:begun", 0, -1)


def test_workers_of_ours_are_killed_beside_celerys_under_load_and_nothing_is_lost(
    server: RedisServer, home: Path, notes: "redis.Redis"
) -> None:
    """Celery's own are not killed here: what BRPOP has just given to one, and kombu has not yet noted, dies with it."""
    with ExitStack() as stack:
        start(stack, "celery", server, home, FIRING)
        work = {"at_once": 15, "patience": PATIENCE}
        clients = {side: client_of(stack, side, server, "load", FIRING, name=side, **work) for side in SIDES}
        for enough in (100, 200):
            ours = start(stack, "celeriac", server, home, FIRING)
            until(lambda: notes.llen("interop:begun") > enough and _has_begun(notes, ours), PATIENCE)  # noqa: B023
            kill(ours)
        notes.set("interop:stop", 1)
        answers = {side: client.answer(2 * PATIENCE) for side, client in clients.items()}
        assert {side: answer["wrong"] for side, answer in answers.items()} == {side: {} for side in SIDES}
        until(lambda: not notes.hlen("unacked"), PATIENCE)


def _has_begun(notes: "redis.Redis", worker: Process) -> bool:
    """A task of the load, at least."""
    name = worker.wait_line(r"celeriac@\w+ ready").split()[-2]
    return any(entry.endswith(f" {name}".encode()) for entry in notes.lrange("interop:begun", 0, -1))
