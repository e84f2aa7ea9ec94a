"""A change of the schedule wakes the leader: it need not come by to see it."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from celeriac import Celeriac
from celeriac.beat import SharedScheduler
from scenarios.commands import DEADLINE
from servers.redis_server import RedisServer


@pytest.fixture(params=["redis", "sqlite"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/told.sqlite3"
        return
    with RedisServer() as server:
        yield server.url


def test_the_leader_is_woken_by_a_change(url: str) -> None:
    beat = Celeriac("told", broker=url, set_as_current=False)
    elsewhere = Celeriac("told", broker=url, set_as_current=False)
    scheduler = SharedScheduler(beat)
    # What it wrote itself may wake it once or twice, until it has nothing to do but to keep its lease.
    while scheduler.alarm.wait(min(scheduler.tick(), 0.5)):
        scheduler.alarm.clear()
    end = time.monotonic() + DEADLINE
    elsewhere.schedules.add("new", "t", 3600)
    while not scheduler.alarm.wait(2.0):  # the very first change may come before it listens
        assert time.monotonic() < end
        elsewhere.schedules.add("new", "t", 3600, replace=True)
    scheduler.tick()
    assert "new" in scheduler.schedule
    scheduler.close()
    for app in (beat, elsewhere):
        app.close()
