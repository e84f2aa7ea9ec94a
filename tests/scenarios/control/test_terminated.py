"""Terminating a task ends its run, whatever pool it is in and whatever signal, and nothing else."""

import signal
from collections.abc import Iterator
from typing import Any

import pytest

from celeriac import Celeriac
from celeriac.exceptions import SoftTimeLimitExceeded, TaskRevokedError

from ..workers.running import Command, until
from .conftest import Start, Told


@pytest.fixture(params=["threads", "asyncio", "solo"])
def pool(request: pytest.FixtureRequest, start: Start, store: str) -> Iterator[Command]:
    """Beside prefork, which the shared worker has: alone, for it takes whatever is sent while it lives."""
    name = request.param
    with start("-n", f"{name}@here", "-P", name, "-c", "1" if name == "solo" else "2") as running:
        yield running


def test_a_running_task_ends_and_its_neighbour_goes_on(client: Celeriac, pool: Command, told: Told) -> None:
    solo = "solo@here" in pool.text
    victim = client.send_task("control.sleep", (60,))
    told.begun(victim)
    neighbour = client.send_task("control.sleep", (1.0,))
    if not solo and "asyncio@here" not in pool.text:  # there it waits until the loop is free
        told.begun(neighbour)
    victim.revoke(terminate=True)
    with pytest.raises(TaskRevokedError, match="terminated"):
        victim.get(timeout=30)
    assert neighbour.get(timeout=30) == "slept"
    until(lambda: f"Terminating {victim.id} (SIGTERM)" in pool.text, 20)
    assert told.of(victim.id) == ["begin"]


def test_its_neighbour_goes_on(client: Celeriac, node: Command, told: Told) -> None:
    victim, neighbour = (client.send_task("control.sleep", (seconds,)) for seconds in (60, 1.5))
    told.begun(victim, neighbour)
    victim.revoke(terminate=True)
    with pytest.raises(TaskRevokedError, match="terminated"):
        victim.get(timeout=30)
    assert neighbour.get(timeout=30) == "slept"
    assert told.of(neighbour.id) == ["begin", "end"]


@pytest.mark.parametrize("name", ["SIGKILL", "SIGINT", "SIGQUIT", "HUP", int(signal.SIGABRT)])
def test_any_signal_will_do(client: Celeriac, node: Command, told: Told, name: Any) -> None:
    victim = client.send_task("control.sleep", (60,))
    told.begun(victim)
    victim.revoke(terminate=True, signal=name)
    with pytest.raises(TaskRevokedError, match="terminated"):
        victim.get(timeout=30)


def test_the_signal_tells_how_and_handlers_of_failures_are_not_called(
    client: Celeriac, node: Command, told: Told
) -> None:
    victim = client.send_task("control.sleep", (60,))
    told.begun(victim)
    client.control.terminate(victim.id, signal="SIGKILL")
    client.control.revoke(f"never-{victim.id}")
    unbegun = client.send_task("control.sleep", (0,), task_id=f"never-{victim.id}", countdown=0.5)
    for id, how in ((victim.id, [True, signal.SIGKILL, False]), (unbegun.id, [False, None, False])):
        until(lambda id=id: told.of(f"handlers of {id}"), 20)  # type: ignore[misc]
        assert told.of(f"handlers of {id}") == [["task_revoked", *how]]


def test_the_soft_limit_is_raised_by_its_signal(client: Celeriac, node: Command, told: Told) -> None:
    victim = client.send_task("control.sleep", (60,))
    told.begun(victim)
    client.control.terminate(victim.id, signal="SIGUSR1")
    with pytest.raises(SoftTimeLimitExceeded):
        victim.get(timeout=30)


def test_a_message_that_was_acknowledged_early_is_ended_too(client: Celeriac, node: Command, told: Told) -> None:
    victim = client.send_task("control.early", (60,))
    told.begun(victim)
    victim.revoke(terminate=True)
    with pytest.raises(TaskRevokedError, match="terminated"):
        victim.get(timeout=30)


def test_revoking_does_not_end_what_runs(client: Celeriac, node: Command, told: Told) -> None:
    running = client.send_task("control.sleep", (1.0,))
    told.begun(running)
    running.revoke(wait=True, timeout=20)
    assert running.get(timeout=30) == "slept"


def test_a_finished_task_keeps_its_result(client: Celeriac, node: Command) -> None:
    done = client.send_task("control.sleep", (0,))
    assert done.get(timeout=30) == "slept"
    again = client.AsyncResult(done.id)
    again.revoke(terminate=True, wait=True, timeout=20)
    assert again.get(timeout=30) == "slept"


def test_runs_of_a_group_or_a_stamp_are_ended(client: Celeriac, node: Command, told: Told) -> None:
    member = client.send_task("control.sleep", (60,), group_id="to-end")
    stamped = client.send_task("control.sleep", (60,), headers={"stamped_headers": ["job"], "stamps": {"job": "7"}})
    told.begun(member, stamped)
    client.control.revoke_by_group("to-end", terminate=True)
    client.control.revoke_by_stamped_headers({"job": "7"}, terminate=True)
    for victim in (member, stamped):
        with pytest.raises(TaskRevokedError, match="terminated"):
            victim.get(timeout=30)
