"""One worker of each kind on the same queues, clients of both: what the two must agree on beyond results."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from servers.redis_server import RedisServer

from .fleet import SIDES, Side, run_client, start_worker, wait_for_answers

PRIORITIES = [9, 0, 5, 3, 7, 0, 3, 9]


@pytest.fixture(scope="module", autouse=True)
def workers(server: RedisServer, home: Path) -> Iterator[None]:
    """Both hear `celery` and the news; each a queue of its own kind. One process each, so that order can be seen."""
    with ExitStack() as stack:
        for side in SIDES:
            options = ("-n", f"{side}@crew", "-c", "1", "-Q", f"celery,only-{side},news")
            stack.enter_context(start_worker(side, server.url, home, *options, app="crew"))
        wait_for_answers(server.url, *(f"{side}@crew" for side in SIDES))
        yield


def ask(client: Side, server: RedisServer, function: str, **arguments: Any) -> Any:
    return run_client(client, server.url, f"crew:{function}", **arguments)


@pytest.mark.parametrize("client", SIDES)
def test_a_task_is_retried_from_one_kind_to_the_other_and_back(client: Side, server: RedisServer) -> None:
    ways = [[f"{number} {SIDES[(number + first) % 2]}" for number in range(5)] for first in (0, 0, 1, 1)]
    assert ask(client, server, "hops", label=client, rounds=2) == ways


@pytest.mark.parametrize("client", SIDES)
def test_what_must_wait_runs_once_and_not_before_its_time(client: Side, server: RedisServer) -> None:
    found = ask(client, server, "waits", label=f"wait-{client}", count=18, after=0.7)
    assert found["runs"] == [1]
    assert min(found["late"]) > -0.002  # times on the wire have microseconds, floats somewhat less


@pytest.mark.parametrize("client", SIDES)
def test_what_has_expired_is_run_by_neither(client: Side, server: RedisServer) -> None:
    assert ask(client, server, "too_late", label=f"late-{client}", count=12) == {"states": ["REVOKED"], "runs": [0]}


@pytest.mark.parametrize("client", SIDES)
def test_callbacks_and_errbacks_go_to_workers_of_the_other_kind(client: Side, server: RedisServer) -> None:
    assert ask(client, server, "linked", label=f"link-{client}") == {"runs": [1]}


@pytest.mark.parametrize("client", SIDES)
def test_tasks_are_terminated_wherever_they_are(client: Side, server: RedisServer) -> None:
    found = ask(client, server, "ended", count=8)
    assert found["running"] == {f"{side}@crew": [True] for side in SIDES}
    assert found["states"] == ["REVOKED"]
    # Celery ends the runs of what it had in hand when they have begun.
    assert found["begun"]["celeriac"] == 1 <= found["begun"]["celery"]


@pytest.mark.parametrize("worker", SIDES)
def test_priorities_of_both_kinds_of_clients_are_served_in_order(worker: Side, server: RedisServer) -> None:
    queue = f"ranked-{worker}"
    for client in SIDES:
        ask(client, server, "in_order", queue=queue, priorities=PRIORITIES)
    with server.client() as redis:
        steps = {step: redis.llen(queue + (f"\x06\x16{step}" if step else "")) for step in (0, 3, 6, 9)}
    assert steps == {0: 4, 3: 6, 6: 2, 9: 4}
    ran = ask(worker, server, "heard", queue=queue, node=f"{worker}@crew", count=2 * len(PRIORITIES))
    assert ran == [0] * 4 + [5, 3, 3] * 2 + [7] * 2 + [9] * 4


@pytest.mark.parametrize("client", SIDES)
def test_a_rate_that_is_told_holds_for_both_kinds(client: Side, server: RedisServer) -> None:
    # The first may run at once, each further one a fifth of a second later; a worker that is late is slower still.
    for last in ask(client, server, "paced_by", label=client, rate="5/s", count=5).values():
        assert last > 4 * 0.2 * 0.95


@pytest.mark.parametrize("client", SIDES)
def test_a_broadcast_is_run_by_every_worker_once(client: Side, server: RedisServer) -> None:
    assert ask(client, server, "told_to_all", what=client) == [1, 1]
