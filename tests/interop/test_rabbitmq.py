"""Real Celery and us on one RabbitMQ, both ways: calls, results by rpc:// and by Redis, delays, retries, priorities."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from servers.rabbitmq_server import RabbitServer
from servers.redis_server import RedisServer

from .fleet import Side, run_client, start_worker

# Celery delays to quorum queues on topic exchanges by the broker's delay queues; all else in its workers.
KINDS: dict[str, dict[str, Any]] = {
    "classic-rpc": {
        "result_backend": "rpc://",
        "task_default_queue": "classic-rpc",
        "task_queue_max_priority": 9,
        "task_default_priority": 3,
        "worker_detect_quorum_queues": False,
    },
    "quorum-redis": {
        "task_default_queue": "quorum-redis",
        "task_default_queue_type": "quorum",
        "task_default_exchange_type": "topic",
        "task_default_routing_key": "quorum-redis",
        "broker_native_delayed_delivery_queue_type": "quorum",
    },
    "quorum-rpc": {
        "result_backend": "rpc://",
        "task_default_queue": "quorum-rpc",
        "task_default_queue_type": "quorum",
        "task_default_exchange_type": "topic",
        "task_default_routing_key": "quorum-rpc",
        "broker_native_delayed_delivery_queue_type": "quorum",
    },
}
# (client, worker, kind); INTEROP_ROUNDS=all has all of them.
ROUNDS: list[tuple[Side, Side, str]] = [
    ("celery", "celeriac", "classic-rpc"),
    ("celeriac", "celery", "quorum-rpc"),
    ("celery", "celeriac", "quorum-redis"),
    ("celeriac", "celery", "classic-rpc"),
    ("celery", "celeriac", "quorum-rpc"),
    ("celeriac", "celery", "quorum-redis"),
]
RUN = ROUNDS if os.environ.get("INTEROP_ROUNDS") == "all" else ROUNDS[:3]

CALLS: list[Any] = [
    ["i.call", [1, "zwei", None], {"label": "plain"}, {}],
    ["i.call", [{"a": [1.5, True]}], {"label": "nested"}, {"priority": 7}],
    ["i.call", ["x" * 300_000], {"label": "large"}, {}],
    ["i.call", ["äß\u20ac"], {"label": "text"}, {"compression": "zlib"}],
    ["i.again", [], {"label": "again"}, {}],
    ["i.fail", ["why"], {"label": "fail"}, {}],
    ["i.call", [], {"label": "given"}, {"task_id": "an-id-of-ones-own", "headers": {"mine": "x"}}],
    *(["i.call", [number], {"label": f"many{number}"}, {}] for number in range(200)),
]
DELAYED: list[Any] = [
    ["i.call", [], {"label": "a-second"}, {"countdown": 1.2}],
    ["i.call", [], {"label": "later"}, {"countdown": 3.2}],
]
WORKFLOWS: list[Any] = [
    ["chain", [["task", "i.call", [1], {"label": "a"}], ["task", "i.call", [2], {"label": "b"}]]],
    ["group", [["task", "i.call", [number], {"label": f"g{number}"}] for number in range(5)]],
    ["chain", [["task", "i.fail", [1], {"label": "f"}], ["task", "i.call", [2], {"label": "never"}]]],
]


@pytest.fixture(scope="module", params=RUN, ids=lambda one: f"{one[0]}-client-{one[1]}-worker-{one[2]}")
def answers(
    request: pytest.FixtureRequest, rabbit: RabbitServer, server: RedisServer, home: Path
) -> Iterator[dict[str, Any]]:
    """What a client of one side got from a worker of the other, on a virtual host of their own; and what was run."""
    server.flush()
    client, worker, kind = request.param
    settings = {"broker_url": rabbit.url(rabbit.vhost(ROUNDS.index(request.param))), **KINDS[kind]}
    with start_worker(worker, server.url, home, settings=settings):
        sent = {"delayed": DELAYED, "calls": CALLS, "workflows": WORKFLOWS}
        found = run_client(client, server.url, "rabbit:everything", settings=settings, **sent)
        with server.client() as runs:
            found["runs"] = {key.decode(): int(count) for key, count in runs.hgetall("interop:runs").items()}
            found["times"] = {key.decode(): float(when) for key, when in runs.hgetall("interop:times").items()}
        yield found


def test_calls_are_answered(answers: dict[str, Any]) -> None:
    assert answers["calls"] == [
        ["plain(1,zwei,None)", "SUCCESS"],
        ["nested({a:[1.5,True]})", "SUCCESS"],
        [f"large({'x' * 300_000})", "SUCCESS"],
        ["text(äß\u20ac)", "SUCCESS"],
        ["again#1()", "SUCCESS"],
        ["ValueError('fail(why)')", "FAILURE"],
        ["given()", "SUCCESS"],
        *([f"many{number}({number})", "SUCCESS"] for number in range(200)),
    ]


def test_each_call_is_run_once(answers: dict[str, Any]) -> None:
    assert {label: count for label, count in answers["runs"].items() if count != 1} == {"again": 2}
    assert len(answers["runs"]) == len(CALLS) + len(DELAYED) + 2 + 5 + 1  # and those of workflows that are reached


def test_delayed_calls_run_in_their_time(answers: dict[str, Any]) -> None:
    assert answers["delayed"] == [["a-second()", "SUCCESS"], ["later()", "SUCCESS"]]
    # Whatever the delay queues make of parts of seconds, nothing runs before its time.
    assert answers["times"]["a-second"] - answers["began"] >= 1.2
    assert answers["times"]["later"] - answers["began"] >= 3.2


def test_chains_and_groups_come_back(answers: dict[str, Any]) -> None:
    assert answers["workflows"] == [
        ["b(a(1),2)", "SUCCESS"],
        ["[g0(0),g1(1),g2(2),g3(3),g4(4)]", ["SUCCESS"] * 5],
        ["ValueError('f(1)')", "FAILURE"],
    ]
