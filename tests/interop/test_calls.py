"""Calls, results, retries, delays and failures between real Celery and us, both ways, over Redis."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from servers.redis_server import RedisServer

from .fleet import Side, run_client, start_worker

WAYS: list[tuple[Side, Side]] = [("celery", "celeriac"), ("celeriac", "celery")]


@pytest.fixture(scope="module", params=WAYS, ids=lambda way: f"{way[0]}-client-{way[1]}-worker")
def way(request: pytest.FixtureRequest, server: RedisServer, home: Path) -> Iterator[tuple[Side, Side]]:
    """A worker of one side; clients of the other are started by the tests."""
    server.flush()
    client, worker = request.param
    with start_worker(worker, server.url, home):
        yield client, worker


def test_calls_are_answered(way: tuple[Side, Side], server: RedisServer) -> None:
    calls: list[Any] = [
        ["i.call", [1, "zwei", None], {"label": "plain"}, {}],
        ["i.call", [{"a": [1.5, True]}], {"label": "nested"}, {"priority": 3}],
        ["i.call", [], {"label": "delayed"}, {"countdown": 0.3}],
        ["i.call", ["x" * 300_000], {"label": "large"}, {}],
        ["i.call", ["äß\u20ac"], {"label": "text"}, {"compression": "zlib"}],
        ["i.again", [], {"label": "again"}, {}],
        ["i.fail", ["why"], {"label": "fail"}, {}],
        ["i.again", [], {"label": "again-later"}, {"countdown": 0.2, "expires": 60}],
        ["i.call", [], {"label": "given"}, {"task_id": "an-id-of-ones-own", "headers": {"mine": "x"}}],
    ]
    answers = run_client(way[0], server.url, "sending:calls", calls=calls)
    assert [answer[1:] for answer in answers] == [
        ["plain(1,zwei,None)", "SUCCESS"],
        ["nested({a:[1.5,True]})", "SUCCESS"],
        ["delayed()", "SUCCESS"],
        [f"large({'x' * 300_000})", "SUCCESS"],
        ["text(äß\u20ac)", "SUCCESS"],
        ["again#1()", "SUCCESS"],
        ["ValueError('fail(why)')", "FAILURE"],
        ["again-later#1()", "SUCCESS"],
        ["given()", "SUCCESS"],
    ]
    assert answers[-1][0] == "an-id-of-ones-own"
    with server.client() as client:
        runs = {key.decode(): int(count) for key, count in client.hgetall("interop:runs").items()}
    assert {label: count for label, count in runs.items() if count != 1} == {"again": 2, "again-later": 2}
    assert len(runs) == len(calls)


def test_what_expired_before_it_began_is_revoked(way: tuple[Side, Side], server: RedisServer) -> None:
    answers = run_client(
        way[0],
        server.url,
        "sending:calls",
        calls=[["i.call", [], {"label": "late"}, {"countdown": 0.5, "expires": 0.1}]],
    )
    assert answers[0][1:] == ["TaskRevokedError('expired')", "REVOKED"]


def test_documents_of_results_have_the_same_fields(way: tuple[Side, Side], server: RedisServer) -> None:
    """What a worker of either side stores is read by the other's client above; here its fields are compared."""
    answers = run_client(
        way[0],
        server.url,
        "sending:calls",
        calls=[["i.call", [1], {"label": "fields"}, {}], ["i.fail", [], {"label": "fields"}, {}]],
    )
    with server.client() as client:
        good, bad = (json.loads(client.get(f"celery-task-meta-{answer[0]}")) for answer in answers)
    fields = [
        *("status", "result", "traceback", "children", "date_done"),
        *("name", "args", "kwargs", "worker", "retries", "queue", "task_id"),
    ]
    assert sorted(good) == sorted(bad) == sorted(fields)
    assert (good["name"], good["args"], good["kwargs"]) == ("i.call", [1], {"label": "fields"})
    assert (good["retries"], good["queue"], good["children"]) == (0, "celery", [])
    assert bad["result"] == {"exc_type": "ValueError", "exc_message": ["fields()"], "exc_module": "builtins"}
    assert bad["traceback"].rstrip().endswith("ValueError: fields()")


def test_a_group_that_one_side_saved_is_restored_by_the_other(way: tuple[Side, Side], server: RedisServer) -> None:
    sender, other = way
    answers = run_client(
        sender, server.url, "sending:calls", calls=[["i.call", [n], {"label": "member"}, {}] for n in range(3)]
    )
    ids = [answer[0] for answer in answers]
    run_client(sender, server.url, "sending:saved_group", group_id="saved", ids=ids)
    for side in (sender, other):
        found = run_client(side, server.url, "sending:restored_group", group_id="saved")
        assert found["values"] == ["member(0)", "member(1)", "member(2)"]
        assert found["tuple"] == [["saved", [["above", None], None]], [[[one, None], None] for one in ids]]


def test_a_tree_that_a_worker_of_one_side_grew_is_walked_by_both(way: tuple[Side, Side], server: RedisServer) -> None:
    sender, other = way
    seeds = [["task", "i.call", [n], {"label": f"seed{n}"}] for n in range(2)]
    calls = [["i.sow", [], {"label": "sow", "seeds": seeds}, {}]]
    ((root, *_),) = run_client(sender, server.url, "sending:calls", calls=calls)
    for side in (sender, other):
        found = run_client(side, server.url, "sending:tree", task_id=root)
        assert found == {"graph": 3, "values": ["seed0(0)", "seed1(1)", "sow()"]}
