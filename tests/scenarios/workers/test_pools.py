"""Every pool runs every kind of task, keeps time limits, and replaces its processes where it has them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from celeriac import Celeriac
from celeriac.exceptions import SoftTimeLimitExceeded, TimeLimitExceeded

from .running import Command, until, worker

TIMEOUT = 60
POOLS = ["prefork", "threads", "asyncio", "gevent", "eventlet", "solo"]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The pools know nothing of the store."""
    return f"sqlite:///{tmp_path_factory.mktemp('store')}/store.sqlite3"


@pytest.fixture(scope="module", params=POOLS)
def pool(request: pytest.FixtureRequest, store: str, home: Path) -> Iterator[Command]:
    environment = {"PROGRAM_STORE": store, "PROGRAM_NOTES": str(home / "notes")}
    options = ("-P", request.param, "-c", "2", "-n", f"{request.param}@here")
    with worker(home, "scenarios.workers.program", *options, environment=environment) as running:
        yield running


def test_plain_and_async_tasks_run(pool: Command, client: Celeriac) -> None:
    calls = [(f"program.{name}", (n, 1)) for n in range(50) for name in ("add", "aadd")]
    results = client.send_many(calls)
    assert [result.get(TIMEOUT) for result in results] == [n + 1 for n in range(50) for _ in range(2)]


def test_the_banner_names_the_pool(pool: Command) -> None:
    name = next(name for name in POOLS if f"{name}@here" in pool.text)
    pool.wait_line(rf"\.> concurrency: +2 \({name}\)")


def test_errors_retries_and_progress_are_the_same_everywhere(pool: Command, client: Celeriac) -> None:
    with pytest.raises(ValueError, match="the same"):
        client.send_task("program.fail", ("the same",)).get(TIMEOUT)
    assert client.send_task("program.patient", ({"countdown": 0},)).get(TIMEOUT)[0] == 2
    ignoring = client.send_task("program.ignoring")
    until(lambda: ignoring.state == "MINE")


def test_processes_are_named_after_their_pool(pool: Command, client: Celeriac) -> None:
    names = {"prefork": "ForkPoolWorker-", "threads": "ThreadPoolWorker-", "asyncio": "AsyncioPoolWorker-"}
    names |= {"solo": "MainProcess"}
    name = next((names[name] for name in names if f"{name}@here" in pool.text), "PoolWorker-")
    client.send_task("program.add", (1,)).get(TIMEOUT)
    pool.wait_line(rf"/{name}\d*\] Task program\.add\[.*succeeded")


def test_soft_limits_are_raised_in_the_task(pool: Command, client: Celeriac) -> None:
    soft = client.send_task("program.spin", (10,), soft_time_limit=0.3, time_limit=30)
    coroutine = client.send_task("program.asleep", (10,), soft_time_limit=0.3, time_limit=30)
    for result in (soft, coroutine):
        with pytest.raises(SoftTimeLimitExceeded):
            result.get(TIMEOUT)


def test_a_soft_limit_that_has_passed_before_the_body_begins_is_raised_in_it(
    store: str, home: Path, client: Celeriac
) -> None:
    environment = {"PROGRAM_STORE": store, "PROGRAM_NOTES": str(home / "notes")}
    with worker(home, "scenarios.workers.program", "-c", "1", "-Q", "prepared", environment=environment):
        result = client.send_task("program.prepared", (10,), soft_time_limit=0.2, time_limit=60, queue="prepared")
        with pytest.raises(SoftTimeLimitExceeded):
            result.get(TIMEOUT)


def test_hard_limits_end_the_task(pool: Command, client: Celeriac) -> None:
    hard = client.send_task("program.spin", (10,), time_limit=0.3)
    with pytest.raises(TimeLimitExceeded):
        hard.get(TIMEOUT)
    assert client.send_task("program.add", (1, 1)).get(TIMEOUT) == 2


def test_it_ends_when_it_is_told_to(pool: Command, client: Celeriac) -> None:
    assert client.send_task("program.add", (1, 1)).get(TIMEOUT) == 2
    assert pool.stop() == 0


@pytest.mark.parametrize("name", ["prefork", "threads", "asyncio"])
def test_processes_are_replaced_after_so_many_tasks(name: str, store: str, home: Path, client: Celeriac) -> None:
    environment = {"PROGRAM_STORE": store, "PROGRAM_NOTES": str(home / "notes")}
    options = ("-P", name, "-c", "1", "--max-tasks-per-child", "5")
    with worker(home, "scenarios.workers.program", *options, environment=environment):
        pids = [client.send_task("program.pid").get(TIMEOUT) for _ in range(20)]
        assert [pids.count(pid) for pid in dict.fromkeys(pids)] == [5, 5, 5, 5]


def test_processes_that_grow_are_replaced(store: str, home: Path, client: Celeriac) -> None:
    environment = {"PROGRAM_STORE": store, "PROGRAM_NOTES": str(home / "notes")}
    options = ("-c", "1", "--max-memory-per-child", "200000")
    with worker(home, "scenarios.workers.program", *options, environment=environment):
        small = [client.send_task("program.grow", (1,)).get(TIMEOUT) for _ in range(3)]
        large = client.send_task("program.grow", (300,)).get(TIMEOUT)
        after = client.send_task("program.grow", (1,)).get(TIMEOUT)
        assert len({*small, large}) == 1
        assert after != large
