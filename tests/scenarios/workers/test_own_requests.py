"""Tasks with a Request class of their own: it is told of each run, in the worker's main process, as Celery tells it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from celeriac import Celeriac
from celeriac.exceptions import TimeLimitExceeded, WorkerLostError

from .notes import notes_of
from .running import Command, until, worker

TIMEOUT = 60


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('store')}/store.sqlite3"


@pytest.fixture(scope="module")
def running(store: str, home: Path) -> Iterator[Command]:
    environment = {"PROGRAM_STORE": store, "PROGRAM_NOTES": str(home / "notes")}
    with worker(home, "scenarios.workers.requested", "-c", "2", environment=environment) as command:
        yield command


@pytest.fixture(autouse=True)
def _worker(running: Command) -> None:
    """All of these need it."""


def told(home: Path, task_id: str, count: int) -> list[list[Any]]:
    """What the request of this call was told, without where: always in the main process, of the right task."""
    until(lambda: len(notes_of(home, task_id)) >= count, told=lambda: str(notes_of(home, task_id)))
    found = notes_of(home, task_id)
    assert {each[1] for each in found} == {"main"}
    return [[each[0], *each[3:]] for each in found]


def test_a_success(client: Celeriac, home: Path) -> None:
    call = client.send_task("requested.well", (1,))
    assert call.get(TIMEOUT) == 2
    assert told(home, call.id, 2) == [["accepted", True], ["success", False, "2", True]]


def test_a_failure_comes_by_success_and_failure(client: Celeriac, home: Path) -> None:
    call = client.send_task("requested.badly")
    with pytest.raises(ValueError, match="bad"):
        call.get(TIMEOUT)
    assert told(home, call.id, 3) == [
        ["accepted", True],
        ["success", True, "ValueError('bad')", True],
        ["failure", "ValueError", True],
    ]


def test_a_retry_comes_by_failure_and_retry(client: Celeriac, home: Path) -> None:
    call = client.send_task("requested.again")
    assert call.get(TIMEOUT) == "done"
    assert [each[0] for each in told(home, call.id, 6)] == [
        *("accepted", "success", "failure", "retry"),
        *("accepted", "success"),
    ]


def test_a_task_that_ignores_its_end(client: Celeriac, home: Path) -> None:
    call = client.send_task("requested.ignored")
    found = told(home, call.id, 3)
    assert [each[:3] for each in found[1:]] == [["success", True, "Ignore()"], ["failure", "Ignore", False]]


def test_limits(client: Celeriac, home: Path) -> None:
    call = client.send_task("requested.slow", (60,), time_limit=50, soft_time_limit=0.5)
    with pytest.raises(Exception, match="SoftTimeLimitExceeded"):
        call.get(TIMEOUT)
    assert told(home, call.id, 4)[0] == ["timeout", True, 0.5]
    call = client.send_task("requested.slow", (60,), time_limit=0.5)
    with pytest.raises(TimeLimitExceeded):
        call.get(TIMEOUT)
    assert told(home, call.id, 2) == [["accepted", True], ["timeout", False, 0.5]]


def test_a_process_that_is_lost(client: Celeriac, home: Path) -> None:
    call = client.send_task("requested.deadly")
    with pytest.raises(WorkerLostError):
        call.get(TIMEOUT)
    assert told(home, call.id, 2)[1][:2] == ["failure", "WorkerLostError"]


def test_a_request_that_raises_is_logged_and_harms_nobody(client: Celeriac, running: Command) -> None:
    assert client.send_task("requested.careless").get(TIMEOUT) == "well all the same"
    running.wait_line("The Request of task requested.careless.* raised")
    running.wait_line("the request's own fault")
    assert client.send_task("requested.plain").get(TIMEOUT) == "plain"


def test_a_strategy_is_not_called_and_the_log_says_so(client: Celeriac, running: Command) -> None:
    running.wait_line("Task requested.strategic has a Strategy of its own .*, which is not called")
    assert client.send_task("requested.strategic").get(TIMEOUT) == "taken in like any other"
