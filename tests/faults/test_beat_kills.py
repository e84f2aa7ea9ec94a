"""A leader that sends all the time is killed in the middle of it, again and again: marks and messages stay one.

CELERIAC_KILLS says how often (30, on RabbitMQ 8; 200 for the long run).
"""

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from celeriac import Celeriac
from celeriac.beat import SharedScheduler
from patience import until
from servers.rabbitmq_server import RabbitServer
from servers.redis_server import RedisServer

KILLER = """
import os, signal, sys, time
from celeriac import Celeriac
from celeriac.beat import SharedScheduler
from celeriac.beat.places import register_of
from celeriac.core.message import Queue
from celeriac.wire import envelope

url, store, turns = sys.argv[1], sys.argv[2], int(sys.argv[3])
app = Celeriac("kills", broker=url, backend=store, set_as_current=False)
# Who has a seat is missed at once, and needs time to say that it lives.
app.conf.update(result_expires=None, beat_lease_ttl=10.0 if store == "disabled://" else 0.05)
app.conf.beat_store = None if store in (url, "disabled://") else "results"
app.conf.beat_schedule = {"a": {"task": "t", "schedule": 0.001, "missed": "all", "missed_limit": 10**6}}

def progress():
    register = register_of(app)
    plans = register.load().plans
    app.transports.close()
    return plans[0].mark if plans else None

def start():
    parent = os.getpid()
    leader = os.fork()
    if not leader:
        scheduler = SharedScheduler(app)
        while os.getppid() == parent:  # it must not outlive a test that has failed
            scheduler.alarm.wait(scheduler.tick())
    return leader

origin, runs = None, 0
for turn in range(turns):
    leader, since = start(), time.monotonic()
    while (mark := progress()) is None or mark.runs <= runs:  # it has taken over, and sends
        lease = app.conf.beat_lease_ttl
        if time.monotonic() - since > 40 * lease:  # a slow machine can't keep so short a one
            assert lease < 2, "no leader"
            os.kill(leader, signal.SIGKILL)
            os.waitpid(leader, 0)
            app.conf.beat_lease_ttl = 2 * lease
            leader, since = start(), time.monotonic()
        time.sleep(0.002)
    time.sleep(0.0007 * (turn % 29))
    os.kill(leader, signal.SIGKILL)
    os.waitpid(leader, 0)
    mark = progress()
    origin = mark.last - 1000 * mark.runs if origin is None else origin
    assert mark.last == origin + 1000 * mark.runs, "a tick was passed over"
    runs = mark.runs

one_place = register_of(app).transport is app.transports.write
taker = Celeriac("taker", broker=url, backend=store, set_as_current=False)  # `app` closes its connections now and then
transport = taker.transports.write
link = transport.link()
link.run(transport.lease.acquire("worker/w", "w", 600.0), 20.0)
ids, end = [], time.monotonic() + 20.0
while True:
    while deliveries := link.run(transport.broker.claim("w", [Queue("celery")], 500), 20.0).deliveries:
        ids += [envelope.decode(delivery.raw).headers["id"] for delivery in deliveries]
    mark = progress()
    runs = mark.runs
    # A server may still be about to read what the killed one has sent.
    if not one_place or len(ids) == runs or time.monotonic() > end:
        break
    time.sleep(0.05)
if one_place:
    assert len(ids) == len(set(ids)) == runs, (len(ids), len(set(ids)), runs)
else:  # the last leader may have sent a batch whose marks it could not move any more; nobody sent that again
    assert runs <= len(set(ids)) <= runs + 500, (len(ids), len(set(ids)), runs)
assert mark.task_id in ids
print("one", turns, "times")
"""


@pytest.fixture(scope="module")
def rabbitmq() -> Iterator[RabbitServer]:
    with RabbitServer() as server:
        yield server


@pytest.fixture(params=["redis", "sqlite", "rabbitmq", "rabbitmq and redis"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str, str]]:
    """The broker, the result store, and how often."""
    kind: str = request.param
    with ExitStack() as stack:
        if kind == "sqlite":
            url = store = f"sqlite:///{tmp_path}/kills.sqlite3"
        elif "redis" in kind:
            url = store = stack.enter_context(RedisServer()).url
        if kind.startswith("rabbitmq"):
            node = request.getfixturevalue("rabbitmq")
            url, store = (node.url(node.vhost(0)), "disabled://") if kind == "rabbitmq" else (node.url(), store)
        yield url, store, "8" if kind.startswith("rabbitmq") else "30"


@pytest.mark.timeout(1200)
def test_marks_and_messages_stay_one_when_a_leader_is_killed_in_the_middle(place: tuple[str, str, str]) -> None:
    """Where the book is not in the broker, the tick of the killed leader may come twice, under one id."""
    url, store, usual = place
    turns = os.environ.get("CELERIAC_KILLS", usual)
    command = [sys.executable, "-c", KILLER, url, store, turns]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1100, check=False)
    assert done.stdout == f"one {turns} times\n", done.stderr


def test_ticks_wait_for_a_rabbitmq_that_is_away(rabbitmq: RabbitServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    app = Celeriac("away", broker=rabbitmq.url(rabbitmq.vhost(1)), backend="disabled://", set_as_current=False)
    app.conf.beat_schedule = {"a": {"task": "t", "schedule": 0.2, "missed": "all", "missed_limit": 10**6}}
    beat = SharedScheduler(app)

    def ticked() -> bool:
        beat.alarm.wait(min(beat.tick(), 0.3))
        beat.alarm.clear()
        return beat.leads

    def runs() -> int:
        return int(app.schedules.get("a").total_run_count)

    until(lambda: ticked() and runs() > 3)
    rabbitmq.stop()
    before = len(caplog.records)
    until(lambda: not ticked() and "tried again until it can" in caplog.text)
    for _ in range(5):
        ticked()
    told = [record.getMessage() for record in caplog.records[before:] if record.name == "celeriac.beat"]
    assert sum("tried again until it can" in line for line in told) == 1, told
    assert not any("The broker is back" in line for line in told), told
    rabbitmq.start()
    begun = runs()
    until(lambda: ticked() and runs() > begun + 5)
    beat.close()
    assert "The broker is back" in caplog.text
    transport = app.transports.write
    until(lambda: transport.link().run(transport.broker.count(["celery"]), 10.0) == {"celery": runs()})
    app.close()
