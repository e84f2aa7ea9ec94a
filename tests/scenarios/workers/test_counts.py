"""What a worker may cost: time for many that wait, memory for many that are not due, processor time for nothing.

The margins are wide, for other programs run on the machine of whoever runs this; the figures proper come from the
benchmark.
"""

import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from celeriac import Celeriac
from celeriac.core.message import Post, Route
from celeriac.wire import protocol2
from living import family
from patience import in_time

from .letters import waiting
from .running import Command, until, worker

MEGABYTE = 1 << 20
TIMEOUT = 60


@pytest.fixture
def client(redis_url: str) -> Iterator[Celeriac]:
    with Celeriac("program", broker=redis_url, backend=redis_url, set_as_current=False) as app:
        yield app


def start(folder: Path, url: str, *options: str) -> Command:
    environment = {"PROGRAM_STORE": url, "PROGRAM_NOTES": str(folder / "notes")}
    return worker(folder, "scenarios.workers.program", *options, environment=environment, level="WARNING")


def resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


def on_processor(pids: list[int]) -> float:
    """Seconds these processes have spent on a processor."""
    spent = 0
    for stat in [stat for pid in pids for stat in Path(f"/proc/{pid}/task").glob("*/schedstat")]:
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread that ends meanwhile
            spent += int(stat.read_text().split()[0])
    return spent / 1e9


def test_ten_thousand_tasks_that_sleep_a_second_take_seconds(home: Path, redis_url: str, client: Celeriac) -> None:
    results = client.transports.results
    assert results is not None
    store = results.results
    assert store is not None
    with start(home, redis_url, "-P", "asyncio", "-c", "10000") as running:
        running.wait_line(r"\(asyncio\)")
        client.send_task("program.aadd", (1, 1)).get(TIMEOUT)
        begin = time.monotonic()
        ids = [result.id for result in client.send_many([("program.asleep", (1,))] * 10_000)]
        until(lambda: None not in results.link().run(store.fetch(ids), 10), 30)
        assert in_time(time.monotonic() - begin, 15)


def test_tasks_that_are_not_due_cost_a_worker_no_memory(home: Path, redis_url: str, client: Celeriac) -> None:
    transport = client.transports.write
    assert transport.broker is not None
    eta = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    with start(home, redis_url, "-c", "1") as running:
        client.send_task("program.add", (1, 1)).get(TIMEOUT)
        # As Celery's clients send them: into the queue, for the worker to see that they are not due.
        _send_as_celery(client, eta, 2_000)
        before = resident(running.process.pid)
        for _ in range(8):
            client.send_many([("program.add", (1,))] * 10_000, countdown=3600)
        _send_as_celery(client, eta, 20_000)
        assert client.send_task("program.add", (1, 1)).get(TIMEOUT) == 2
        assert resident(running.process.pid) - before < 20 * MEGABYTE


def _send_as_celery(client: Celeriac, eta: str, count: int) -> None:
    transport = client.transports.write
    assert transport.broker is not None
    for first in range(0, count, 1000):
        calls = [protocol2.TaskCall(name="program.add", id=f"{eta}-{count}-{first + n}", eta=eta) for n in range(1000)]
        posts = [Post(protocol2.build(call), Route("celery")) for call in calls]
        transport.link().run(transport.broker.publish(posts), 30)
    until(lambda: waiting(client, "celery") == [0], 60)


def test_an_idle_worker_costs_next_to_nothing(home: Path, redis_url: str, client: Celeriac) -> None:
    with start(home, redis_url, "-c", "2") as running:
        client.send_task("program.add", (1, 1)).get(TIMEOUT)
        pids = family(running.process.pid)
        used: list[float] = []
        while not used or (used[-1] >= 0.005 * 5.0 and len(used) < 5):  # something may have been left to do
            used.append(_used_in(pids, 5.0))
        assert used[-1] < 0.005 * 5.0, " ".join(f"{each / 5:.2%}" for each in used) + " of a processor"


def _used_in(pids: list[int], seconds: float) -> float:
    before = on_processor(pids)
    time.sleep(seconds)  # the measure itself
    return on_processor(pids) - before
