"""What a killed worker held on RabbitMQ is run by one of the other kind, at once: the broker gives it back."""

import os
from pathlib import Path
from typing import Any

import pytest

from servers.rabbitmq_server import RabbitServer
from servers.redis_server import RedisServer
from watched import until

from .fleet import Client, Side, start_worker
from .test_mixed_fleet_deaths import PATIENCE, kill
from .test_rabbitmq import KINDS

# (who dies, who inherits); INTEROP_ROUNDS=all has both.
ROUNDS: list[tuple[Side, Side]] = [("celeriac", "celery"), ("celery", "celeriac")]
RUN = ROUNDS if os.environ.get("INTEROP_ROUNDS") == "all" else ROUNDS[:1]
VHOST = 10  # nobody else's
LATE = {"task_acks_late": True, "task_reject_on_worker_lost": True}


@pytest.mark.parametrize(("dead", "heir"), RUN)
def test_what_a_killed_worker_held_is_run_by_one_of_the_other_kind(
    dead: Side, heir: Side, rabbit: RabbitServer, server: RedisServer, home: Path
) -> None:
    """Runs, what was claimed behind them, and what was waiting for its time; results are in Redis."""
    server.flush()
    settings: dict[str, Any] = {**LATE, "broker_url": rabbit.url(rabbit.vhost(VHOST)), **KINDS["quorum-redis"]}
    options = ("-n", f"{dead}@first", "-c", "2")
    work = {"count": 6, "delayed": 3, "after": 2.0}
    with (
        server.client() as notes,
        start_worker(dead, server.url, home, *options, app="moving", settings=settings) as worker,
        Client(heir, server.url, "moving:held", settings, work) as client,
    ):
        until(lambda: notes.exists("interop:stuck:held0", "interop:stuck:held1") == 2, PATIENCE)
        kill(worker)
        with start_worker(heir, server.url, home, "-n", f"{heir}@second", "-c", "2", app="moving", settings=settings):
            assert client.answer(2 * PATIENCE) == []
        begun = [entry.decode() for entry in notes.lrange("interop:begun", 0, -1)]
    first = [label.split()[0] for label in begun if label.endswith("@first")]
    second = [label.split()[0] for label in begun if label.endswith("@second")]
    assert set(first) >= {"held0", "held1"}
    assert sorted({*first, *second}) == sorted([*(f"held{n}" for n in range(6)), *(f"later{n}" for n in range(3))])
    assert {"held0", "held1"} <= set(second) and len(second) == len(set(second))
