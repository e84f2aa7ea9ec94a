"""One worker of each kind on the same queues of one RabbitMQ, and clients of both at once; results are in Redis."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from servers.rabbitmq_server import RabbitServer
from servers.redis_server import RedisServer

from .fleet import SIDES, Client, Side, run_client, start_worker
from .test_mixed_chords import expected
from .test_rabbitmq import KINDS

# INTEROP_ROUNDS=all has both kinds of queues.
QUEUES: dict[str, dict[str, Any]] = {
    "quorum": {**KINDS["quorum-redis"], "task_default_queue": "celery", "task_default_routing_key": "celery"},
    "classic": {"worker_detect_quorum_queues": False},
}
RUN = list(QUEUES) if os.environ.get("INTEROP_ROUNDS") == "all" else ["quorum"]
VHOST = 8  # and the next ones
PATIENCE = 120.0


@pytest.fixture(scope="module", params=RUN)
def settings(request: pytest.FixtureRequest, rabbit: RabbitServer) -> dict[str, Any]:
    return {"broker_url": rabbit.url(rabbit.vhost(VHOST + RUN.index(request.param))), **QUEUES[request.param]}


@pytest.fixture(scope="module", autouse=True)
def workers(settings: dict[str, Any], server: RedisServer, home: Path) -> Iterator[None]:
    """Both hear `celery` and the news; each a queue of its own kind."""
    server.flush()
    with ExitStack() as stack:
        for side in SIDES:
            options = ("-n", f"{side}@crew", "-c", "1", "-Q", f"celery,only-{side},news")
            stack.enter_context(start_worker(side, server.url, home, *options, app="crew", settings=settings))
        yield


@pytest.fixture(scope="module")
def answers(settings: dict[str, Any], workers: None, server: RedisServer) -> dict[Side, dict[str, Any]]:
    """What the clients of both kinds got, who asked for everything at the same time."""
    with ExitStack() as stack:
        clients = {side: Client(side, server.url, "crew:everything", settings, {"label": side}) for side in SIDES}
        for client in clients.values():
            stack.callback(client.end)
        return {side: client.answer(PATIENCE) for side, client in clients.items()}


@pytest.mark.parametrize("client", SIDES)
def test_a_task_is_retried_from_one_kind_to_the_other_and_back(client: Side, answers: dict[Side, Any]) -> None:
    ways = [[f"{number} {SIDES[(number + first) % 2]}" for number in range(3)] for first in (0, 0, 1, 1)]
    assert answers[client]["hops"] == ways


@pytest.mark.parametrize("client", SIDES)
def test_what_must_wait_runs_once_and_not_before_its_time(client: Side, answers: dict[Side, Any]) -> None:
    assert answers[client]["waits"]["runs"] == [1]
    assert min(answers[client]["waits"]["late"]) > -0.002  # times on the wire have microseconds, floats somewhat less


@pytest.mark.parametrize("client", SIDES)
def test_what_has_expired_is_run_by_neither(client: Side, answers: dict[Side, Any]) -> None:
    assert answers[client]["too_late"] == {"states": ["REVOKED"], "runs": [0]}


@pytest.mark.parametrize("client", SIDES)
def test_callbacks_and_errbacks_go_to_workers_of_the_other_kind(client: Side, answers: dict[Side, Any]) -> None:
    assert answers[client]["linked"] == {"runs": [1]}


@pytest.mark.parametrize("client", SIDES)
def test_a_broadcast_is_run_by_every_worker_once(client: Side, answers: dict[Side, Any]) -> None:
    assert answers[client]["told_to_all"] == [1, 1]


@pytest.mark.parametrize("client", SIDES)
def test_the_body_of_a_chord_is_called_once_whoever_runs_the_header(client: Side, answers: dict[Side, Any]) -> None:
    *right, (failed, errbacks) = answers[client]["chords"]
    assert right == [[expected(f"{client}.{number}", 4), 1] for number in range(9)]
    assert (failed.startswith("ChordError("), errbacks) == (True, 1)


@pytest.mark.parametrize("client", SIDES)
def test_tasks_are_terminated_wherever_they_are(
    client: Side, settings: dict[str, Any], server: RedisServer, answers: dict[Side, Any]
) -> None:
    """When everything else is done."""
    found = run_client(client, server.url, "crew:ended", settings=settings, count=8)
    assert found["running"] == {f"{side}@crew": [True] for side in SIDES}
    assert found["states"] == ["REVOKED"]
    # Celery ends the runs of what it had in hand when they have begun.
    assert found["begun"]["celeriac"] == 1 <= found["begun"]["celery"]
