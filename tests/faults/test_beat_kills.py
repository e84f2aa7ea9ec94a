"""A leader that sends all the time is killed in the middle of it, again and again: marks and messages stay one.

CELERIAC_KILLS says how often (30; 200 for the long run).
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from servers.redis_server import RedisServer

KILLER = """
import os, signal, sys, time
from celeriac import Celeriac
from celeriac.beat import SharedScheduler
from celeriac.beat.register import Register
from celeriac.core.message import Queue
from celeriac.wire import envelope

url, turns = sys.argv[1], int(sys.argv[2])
app = Celeriac("kills", broker=url, set_as_current=False)
app.conf.update(result_expires=None, beat_lease_ttl=0.05)
app.conf.beat_schedule = {"a": {"task": "t", "schedule": 0.001, "missed": "all", "missed_limit": 10**6}}

def progress():
    register = Register(app)
    plans = register.load().plans
    register.link.close()
    return plans[0].mark if plans else None

origin, runs = None, 0
for turn in range(turns):
    leader = os.fork()
    if not leader:
        scheduler = SharedScheduler(app)
        while True:
            scheduler.alarm.wait(scheduler.tick())
    end = time.monotonic() + 60
    while (mark := progress()) is None or mark.runs <= runs:  # it has taken over, and sends
        assert time.monotonic() < end, "no leader"
        time.sleep(0.002)
    time.sleep(0.0007 * (turn % 29))
    os.kill(leader, signal.SIGKILL)
    os.waitpid(leader, 0)
    mark = progress()
    origin = mark.last - 1000 * mark.runs if origin is None else origin
    assert mark.last == origin + 1000 * mark.runs, "a tick was passed over"
    runs = mark.runs

transport = app.transports.write
link = transport.link()
link.run(transport.lease.acquire("worker/w", "w", 600.0), 10.0)
ids = []
while deliveries := link.run(transport.broker.claim("w", [Queue("celery")], 500), 10.0).deliveries:
    ids += [envelope.decode(delivery.raw).headers["id"] for delivery in deliveries]
assert len(ids) == len(set(ids)) == runs, (len(ids), len(set(ids)), runs)
assert mark.task_id in ids
print("one", turns, "times")
"""


@pytest.fixture(params=["redis", "sqlite"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/kills.sqlite3"
        return
    with RedisServer() as server:
        yield server.url


def test_marks_and_messages_stay_one_when_a_leader_is_killed_in_the_middle(url: str) -> None:
    turns = os.environ.get("CELERIAC_KILLS", "30")
    done = subprocess.run(
        [sys.executable, "-c", KILLER, url, turns], capture_output=True, text=True, timeout=110, check=False
    )
    assert done.stdout == f"one {turns} times\n", done.stderr
