"""A revoked task does not run: not when it is claimed, not when it waits in a worker's hand, not after restarts."""

from collections.abc import Callable
from typing import Any

import pytest

from celeriac import Celeriac
from celeriac.exceptions import TaskRevokedError

from ..workers.running import Command, until
from .conftest import NODE, Start, Told

SENTINEL = "control.pid"
TIMEOUT = 60


def stamped(**stamps: Any) -> dict[str, Any]:
    """The headers of a call that carries stamps."""
    return {"headers": {"stamped_headers": list(stamps), "stamps": stamps}}


def refused(result: Any) -> None:
    with pytest.raises(TaskRevokedError):
        result.get(timeout=TIMEOUT)
    assert result.state == "REVOKED"


def test_it_is_refused_by_a_worker_that_was_down(client: Celeriac, start: Start, told: Told) -> None:
    queued = [client.send_task("control.sleep", (0,)) for _ in range(3)]
    delayed = client.send_task("control.sleep", (0,), countdown=1.0)
    other = client.send_task("control.sleep", (0,))
    client.control.revoke([result.id for result in (*queued, delayed)])
    with start() as worker:
        assert other.get(timeout=TIMEOUT) == "slept"
        for result in (*queued, delayed):
            refused(result)
        assert client.control.inspect(timeout=20).revoked() == {NODE: [result.id for result in (*queued, delayed)]}
        assert worker.stop() == 0
    with start() as worker:  # and by those that come later
        again = client.send_task("control.sleep", (0,), task_id=queued[0].id)
        assert client.send_task(SENTINEL).get(timeout=TIMEOUT)
        until(lambda: f"Discarding revoked task: control.sleep[{again.id}]" in worker.text, 20)
        assert worker.stop() == 0
    assert [told.of(result.id) for result in (*queued, delayed)] == [[]] * 4


def test_what_waits_in_a_workers_hand_is_discarded(client: Celeriac, node: Command, told: Told) -> None:
    busy = [client.send_task("control.sleep", (60,)) for _ in range(2)]
    told.begun(*busy)
    waiting = [client.send_task("control.sleep", (0,)) for _ in range(3)]
    for result in waiting:
        result.revoke()
        refused(result)
    client.control.terminate([result.id for result in busy])
    for result in busy:
        refused(result)
    assert client.send_task(SENTINEL).get(timeout=TIMEOUT)
    assert [told.of(result.id) for result in waiting] == [[]] * 3


@pytest.mark.parametrize("countdown", [None, 1.0])
def test_whoever_waits_is_told_before_the_message_comes(
    client: Celeriac, node: Command, told: Told, countdown: float | None
) -> None:
    result = client.send_task("control.sleep", (0,), countdown=countdown, queue="nobody-consumes-this")
    result.revoke()
    refused(result)
    client.purge_queues(["nobody-consumes-this"])


def test_stamps_groups_and_workflows_are_refused(client: Celeriac, node: Command, told: Told) -> None:
    busy = [client.send_task("control.sleep", (60,)) for _ in range(2)]
    told.begun(*busy)
    kinds: dict[str, tuple[dict[str, Any], Callable[[], Any]]] = {
        "stamp": (stamped(user="7"), lambda: client.control.revoke_by_stamped_headers({"user": ["6", "7"]})),
        "group": ({"group_id": "the-group"}, lambda: client.control.revoke_by_group("the-group")),
        "root": ({"root_id": "the-root"}, lambda: client.control.revoke_by_root("the-root")),
    }
    results = {kind: client.send_task("control.sleep", (0,), **options) for kind, (options, _) in kinds.items()}
    kept = client.send_task("control.sleep", (0,), **stamped(user="8"), group_id="another", root_id="another")
    for _, revoke in kinds.values():
        revoke()
    client.control.terminate([result.id for result in busy])
    for result in results.values():
        refused(result)
    assert kept.get(timeout=TIMEOUT) == "slept"
    assert all(told.of(result.id) == [] for result in results.values())


def test_a_task_that_retries_stops_when_it_is_revoked(client: Celeriac, node: Command, told: Told) -> None:
    result = client.send_task("control.again")
    told.begun(result)
    result.revoke()
    refused(result)
    until(lambda: f"Discarding revoked task: control.again[{result.id}]" in node.text, 20)


def test_only_the_nodes_that_are_named_refuse_it(client: Celeriac, node: Command) -> None:
    result = client.send_task("control.pid", queue="later")
    assert client.control.revoke(result.id, destination=["other@here"], reply=True, timeout=0.2) == []
    client.control.add_consumer("later", reply=True, timeout=20, limit=1)
    assert result.get(timeout=TIMEOUT)
    client.control.cancel_consumer("later", reply=True, timeout=20, limit=1)


def test_a_state_file_keeps_what_was_heard(client: Celeriac, start: Start, home: Any) -> None:
    """For brokers that remember nothing; here the broker is kept from it by naming the node."""
    options = ("-c", "1", "-n", "keeper@here", "--statedb", "%n.state")
    with start(*options) as worker:
        client.control.revoke("an-id", destination=["keeper@here"], reply=True, timeout=20)
        assert worker.stop() == 0
    assert (home / "keeper.state").exists()
    with start(*options) as worker:
        found = client.control.inspect(destination=["keeper@here"], timeout=20).revoked()
        assert "an-id" in found["keeper@here"]
        assert worker.stop() == 0


def test_a_task_that_runs_elsewhere_is_not_told_to_be_revoked(
    client: Celeriac, node: Command, start: Start, told: Told
) -> None:
    """Each of two workers hears of it, and one of them runs it: revoking alone ends nothing."""

    def unharmed() -> bool:
        running = [client.send_task("control.sleep", (1.5,)) for _ in range(3)]  # so that each has one
        told.begun(*running)
        delayed = client.send_task("control.sleep", (0,), countdown=600)
        client.control.revoke([result.id for result in (*running, delayed)], reply=True, timeout=20, limit=2)
        refused(delayed)
        try:
            return [result.get(timeout=TIMEOUT) for result in running] == ["slept"] * 3
        except TaskRevokedError:
            return False  # one of the workers stood still for longer than the other waits to hear of what it runs

    with start("-c", "2", "-n", "second@here") as second:
        until(unharmed)
        assert second.stop() == 0
