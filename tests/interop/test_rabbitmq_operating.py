"""Remote control and events over RabbitMQ: clients and monitors of real Celery and of ours, both kinds of workers."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from scenarios.workers.running import Process
from servers.rabbitmq_server import RabbitServer
from servers.redis_server import RedisServer

from .fleet import PYTHON, SIDES, Side, environment, run_client

NODES = {"celery@here", "celeriac@here"}
VHOST = 7  # nobody else's


@pytest.fixture(scope="module")
def settings(rabbit: RabbitServer) -> dict[str, Any]:
    """The broker is RabbitMQ; results, and what the tests note, are in Redis."""
    return {"broker_url": rabbit.url(rabbit.vhost(VHOST)), "worker_detect_quorum_queues": False}


@pytest.fixture(scope="module", autouse=True)
def workers(settings: dict[str, Any], server: RedisServer, home: Path) -> Iterator[None]:
    """One of each side, each on a queue of its own; both start at once."""
    with ExitStack() as stack:
        running = []
        for side in SIDES:
            words = ("-m", side, "-A", "operated", "worker", "-l", "INFO", "-n", f"{side}@here", "-c", "2", "-Q", side)
            given = environment(side, server.url, settings)
            running.append(stack.enter_context(Process((PYTHON[side], *words), home, given)))
        for worker in running:
            worker.wait_line(r"\S+@\S+ ready\.", 60)
        yield


@pytest.fixture
def ask(server: RedisServer, settings: dict[str, Any]) -> Any:
    def asking(client: Side, function: str, **arguments: Any) -> Any:
        return run_client(client, server.url, f"operated:{function}", settings=settings, **arguments)

    return asking


@pytest.mark.parametrize("client", SIDES)
def test_both_kinds_answer_and_do_what_they_are_told(client: Side, ask: Any) -> None:
    questions = ["ping", "registered", "active_queues", "stats"]
    answers = ask(client, "inspected", questions=questions, nodes=2)
    assert {question: set(answers[question]) for question in questions} == dict.fromkeys(questions, NODES)
    assert answers["ping"] == {node: {"ok": "pong"} for node in NODES}
    assert {node: [queue["name"] for queue in answers["active_queues"][node]] for node in NODES} == {
        "celery@here": ["celery"],
        "celeriac@here": ["celeriac"],
    }
    commands: list[Any] = [
        ["rate_limit", {"task_name": "i.call", "rate_limit": "100/s"}, None],
        ["pool_grow", {"n": 1}, ["celery@here"]],
        ["ping", {}, ["celeriac@here"]],
    ]
    for (command, _, to), replies in zip(commands, ask(client, "told", commands=commands, nodes=2), strict=True):
        assert {node for some in replies for node in some} == set(to or NODES), command


@pytest.mark.parametrize(("client", "worker"), [("celery", "celeriac"), ("celeriac", "celery")])
def test_tasks_are_revoked_and_terminated(client: Side, worker: Side, ask: Any) -> None:
    assert ask(client, "ended", queue=worker) == {
        "refused": [False, False, False],
        "running": ["REVOKED", "TaskRevokedError"],
        "delayed": ["REVOKED", "TaskRevokedError"],
        "other": "slept",
    }


@pytest.mark.parametrize("monitor", SIDES)
def test_either_monitor_hears_both_kinds_of_workers(monitor: Side, ask: Any) -> None:
    heard = ask(monitor, "heard", queues=list(SIDES))
    assert heard["alive"] == sorted(NODES)
    assert set(heard["workers"]["celeriac@here"]) == set(heard["workers"]["celery@here"])
    for name in ("i.call", "i.fail", "i.again", "i.tell", "expired"):
        theirs, ours = heard["tasks"][f"celery-{name}"], heard["tasks"][f"celeriac-{name}"]
        assert _fields(ours) == _fields(theirs)
        if name == "i.again":  # Celery's worker tells of a retry after the next try has been sent
            continue
        assert heard["states"][f"celeriac-{name}"] == heard["states"][f"celery-{name}"]


def _fields(events: dict[str, dict[str, Any]]) -> dict[str, set[str]]:
    """By kind. What the fields say is compared on Redis; a traceback may be none."""
    return {kind: set(event) - {"traceback"} for kind, event in events.items()}
