"""Revoking and terminating tasks in pools of green threads, gevent and eventlet."""

from collections.abc import Iterator

import pytest

from celeriac import Celeriac
from celeriac.exceptions import SoftTimeLimitExceeded, TaskRevokedError

from ..workers.running import Command, until
from .conftest import Start, Told

SLOTS = 2


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """One is enough: all that is seen here is the pool's."""
    return f"sqlite:///{tmp_path_factory.mktemp('store')}/store.sqlite3"


@pytest.fixture(scope="module", params=["gevent", "eventlet"])
def pool(request: pytest.FixtureRequest, start: Start) -> Iterator[Command]:
    """All slots are in one process."""
    with start("-n", f"{request.param}@here", "-P", request.param, "-c", str(SLOTS)) as running:
        yield running


def test_a_run_ends_where_it_waits_and_its_neighbour_goes_on(client: Celeriac, pool: Command, told: Told) -> None:
    victim, neighbour = client.send_task("control.early", (600,)), client.send_task("control.sleep", (2.0,))
    told.begun(victim, neighbour)
    victim.revoke(terminate=True)
    with pytest.raises(TaskRevokedError, match="terminated"):
        victim.get(timeout=30)
    assert neighbour.get(timeout=30) == "slept"
    assert told.of(neighbour.id) == ["begin", "end"]


def test_the_soft_limit_is_raised_by_its_signal(client: Celeriac, pool: Command, told: Told) -> None:
    victim = client.send_task("control.early", (600,))
    told.begun(victim)
    client.control.terminate(victim.id, signal="SIGUSR1")
    with pytest.raises(SoftTimeLimitExceeded):
        victim.get(timeout=30)


def test_revoking_does_not_end_what_runs(client: Celeriac, pool: Command, told: Told) -> None:
    running = client.send_task("control.sleep", (1.0,))
    told.begun(running)
    running.revoke(wait=True, timeout=20)
    assert running.get(timeout=30) == "slept"


def test_what_waits_for_a_slot_or_for_its_time_never_begins(client: Celeriac, pool: Command, told: Told) -> None:
    busy = [client.send_task("control.sleep", (600,)) for _ in range(SLOTS)]
    told.begun(*busy)
    waiting = [client.send_task("control.sleep", (0,)), client.send_task("control.sleep", (0,), countdown=600)]
    for result in waiting:
        result.revoke()
    for result in waiting:
        with pytest.raises(TaskRevokedError):
            result.get(timeout=30)
    client.control.terminate([result.id for result in busy])
    for result in busy:
        with pytest.raises(TaskRevokedError, match="terminated"):
            result.get(timeout=30)
    assert client.send_task("control.pid").get(timeout=30)
    assert [told.of(result.id) for result in waiting] == [[], []]


def test_a_run_that_never_waits_ends_with_its_process_and_its_neighbour_runs_again(
    client: Celeriac, pool: Command, told: Told
) -> None:
    before = client.send_task("control.pid").get(timeout=30)
    neighbour = client.send_task("control.stuck")
    told.begun(neighbour)
    victim = client.send_task("control.compute", (600,))
    told.begun(victim)
    victim.revoke(terminate=True)
    with pytest.raises(TaskRevokedError, match="terminated"):
        victim.get(timeout=30)
    assert neighbour.get(timeout=60) == "ran again"
    assert client.send_task("control.pid").get(timeout=30) != before
    assert [told.of(result.id) for result in (victim, neighbour)] == [["begin"], ["begin", "begin"]]
    until(lambda: f"Terminating {victim.id} (SIGTERM)" in pool.text, 20)
