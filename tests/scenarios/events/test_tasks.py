"""Events of tasks: every way a run can end is told, with Celery's fields."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from celeriac import Celeriac

from ..workers.notes import notes_of
from ..workers.running import Command, until
from .conftest import PATIENCE, Monitor, Start

NODE = "told@here"


@pytest.fixture(scope="module", autouse=True)
def node(start: Start, monitor: Monitor) -> Iterator[Command]:
    with start("-E", "-c", "2", "-n", NODE) as running:
        yield running


def test_a_task_is_sent_received_started_and_succeeds(client: Celeriac, monitor: Monitor) -> None:
    result = client.send_task("events.add", (2, 3))
    succeeded = monitor.wait(result.id, "task-succeeded")
    monitor.wait(result.id, "task-sent")  # the client may tell of it after the worker
    assert sorted(monitor.kinds(result.id)) == ["task-received", "task-sent", "task-started", "task-succeeded"]
    assert succeeded["result"] == "5"
    assert 0 <= succeeded["runtime"] < PATIENCE
    sent, received = monitor.wait(result.id, "task-sent"), monitor.wait(result.id, "task-received")
    assert (sent["name"], sent["args"], sent["kwargs"]) == ("events.add", "(2, 3)", "{}")
    assert (sent["queue"], sent["routing_key"], sent["retries"]) == ("celery", "celery", 0)
    assert sent["hostname"].startswith("gen")
    assert (received["name"], received["args"], received["hostname"]) == ("events.add", "(2, 3)", NODE)
    assert received["root_id"] == result.id
    clocks = [event["clock"] for event in monitor.of(result.id) if event["type"] != "task-sent"]
    assert clocks == sorted(set(clocks))
    task = monitor.state.tasks[result.id]
    assert (task.state, task.name, task.result, task.worker.hostname) == ("SUCCESS", "events.add", "5", NODE)
    assert task.client == sent["hostname"]


async def test_calls_of_async_code_are_told_too(client: Celeriac, monitor: Monitor) -> None:
    many = await client.asend_many([("events.add", (n, n)) for n in range(3)])
    for result in many:
        assert monitor.wait(result.id, "task-sent")["name"] == "events.add"
        monitor.wait(result.id, "task-succeeded")
    await client.aclose()


def test_failures_retries_and_rejections(client: Celeriac, monitor: Monitor) -> None:
    failed = monitor.wait(client.send_task("events.fail").id, "task-failed")
    assert failed["exception"] == "ValueError('no')"
    assert 'raise ValueError("no")' in failed["traceback"]
    again = client.send_task("events.again")
    assert "again" in monitor.wait(again.id, "task-retried")["exception"]
    assert monitor.wait(again.id, "task-succeeded")["result"] == "'done'"
    rejected = monitor.wait(client.send_task("events.reject").id, "task-rejected")
    assert rejected["requeue"] is False
    lost = monitor.wait(client.send_task("events.die").id, "task-failed")
    assert lost["exception"].startswith("WorkerLostError('Worker exited prematurely")


def test_what_never_runs_is_told(client: Celeriac, monitor: Monitor) -> None:
    unknown = client.send_task("events.nobody")
    assert monitor.wait(unknown.id, "task-failed")["exception"] == "NotRegistered('events.nobody')"
    expired = client.send_task("events.add", (1, 1), expires=-1)
    told = monitor.wait(expired.id, "task-revoked")
    assert (told["expired"], told["terminated"], told["signum"]) == (True, False, None)
    client.control.revoke("unwanted", reply=True, timeout=20, limit=1)
    client.send_task("events.add", (1, 1), task_id="unwanted")
    told = monitor.wait("unwanted", "task-revoked")
    assert (told["expired"], told["terminated"]) == (False, False)
    for id in (unknown.id, expired.id, "unwanted"):
        assert "task-received" not in monitor.kinds(id)
    assert monitor.state.tasks["unwanted"].state == "REVOKED"


def test_a_run_that_lasts_is_told_while_it_runs_and_when_it_is_ended(
    client: Celeriac, monitor: Monitor, home: Path
) -> None:
    result = client.send_task("events.sleep", (600,))
    until(lambda: "begin" in notes_of(home, result.id), PATIENCE)
    monitor.wait(result.id, "task-started")
    client.control.revoke(result.id, terminate=True)
    told = monitor.wait(result.id, "task-revoked")
    assert (told["expired"], told["terminated"], told["signum"]) == (False, True, 15)
    assert monitor.kinds(result.id).count("task-started") == 1


def test_a_task_tells_something_of_its_own(client: Celeriac, monitor: Monitor) -> None:
    result = client.send_task("events.tell")
    told = monitor.wait(result.id, "task-progress")
    assert (told["done"], told["hostname"]) == (7, NODE)


def test_a_task_without_send_events_is_not_told_of(client: Celeriac, monitor: Monitor) -> None:
    silent, last = client.send_task("events.silent"), client.send_task("events.add", (1, 1))
    silent.get(timeout=PATIENCE)
    monitor.wait(last.id, "task-succeeded")
    monitor.wait(silent.id, "task-sent")  # the client's events and the worker's come each at their own pace
    assert monitor.kinds(silent.id) == ["task-sent"]
