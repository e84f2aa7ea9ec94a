"""The book in the result store, the messages in a broker on another server: what becomes of a tick between the two."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from celeriac import Celeriac
from celeriac.beat import SharedScheduler
from celeriac.core.clock import ManualClock
from celeriac.core.errors import ImproperlyConfigured
from celeriac.core.message import Queue
from celeriac.wire import envelope
from servers.redis_server import RedisServer

HOUR = 3600.0


class Apart:
    """Messages in SQLite, the book in Redis, and schedulers on a clock that is moved by hand."""

    def __init__(self, folder: Path, server: RedisServer) -> None:
        self.clock = ManualClock(time.time())
        self.redis = server.client()
        self.app = Celeriac(
            "apart", broker=f"sqlite:///{folder}/queues.sqlite3", backend=server.url, set_as_current=False
        )
        self.app.conf.update(result_expires=None, beat_store="results", beat_lease_ttl=600.0)
        self.app.conf.beat_schedule = {name: {"task": f"t.{name}", "schedule": HOUR} for name in ("a", "b")}
        self.made: list[SharedScheduler] = []

    def scheduler(self) -> SharedScheduler:
        self.made.append(SharedScheduler(self.app, clock=self.clock))
        self.made[-1].tick()
        return self.made[-1]

    def forget_leader(self) -> None:
        """As if its lease had run out."""
        self.redis.delete(*self.redis.keys("*beat/apart*"))
        self.clock.advance(2)

    def sent(self) -> dict[str, list[str]]:
        """The ids of what waits, by task; taken out of the queue."""
        transport: Any = self.app.transports.write
        link = transport.link()
        link.run(transport.lease.acquire("worker/w", "w", 600.0), 10.0)
        found: dict[str, list[str]] = {"t.a": [], "t.b": []}
        for delivery in link.run(transport.broker.claim("w", [Queue("celery")], 500), 10.0).deliveries:
            headers = envelope.decode(delivery.raw).headers
            found[headers["task"]].append(headers["id"])
        return found

    def break_marks(self) -> Callable[[], None]:
        """From now on no mark can be moved, until the result is called."""
        marks = "celeriac.beat.apart.marks"
        self.redis.rename(marks, "aside")
        self.redis.set(marks, "no hash")

        def mend() -> None:
            self.redis.delete(marks)
            self.redis.rename("aside", marks)

        return mend


@pytest.fixture
def apart(tmp_path: Path) -> Iterator[Apart]:
    with RedisServer() as server:
        made = Apart(tmp_path, server)
        yield made
        for scheduler in made.made:
            scheduler.close()
        made.app.close()
        made.redis.close()


def test_ticks_are_sent_and_noted(apart: Apart) -> None:
    scheduler = apart.scheduler()
    for _ in range(3):
        apart.clock.advance(HOUR)
        scheduler.tick()
    sent = apart.sent()
    assert [len(set(ids)) for ids in sent.values()] == [3, 3]
    for name in ("a", "b"):
        entry = apart.app.schedules.get(name)
        assert (entry.total_run_count, entry.task_id) == (3, sent[f"t.{name}"][-1])


def test_what_was_sent_and_could_not_be_noted_is_not_sent_again(apart: Apart, caplog: pytest.LogCaptureFixture) -> None:
    scheduler = apart.scheduler()
    mend = apart.break_marks()
    apart.clock.advance(HOUR)
    for _ in range(5):
        scheduler.tick()
        apart.clock.advance(10)
    sent = apart.sent()
    assert [len(ids) for ids in sent.values()] == [1, 1]
    assert "a (t.a) was refused" in caplog.text
    mend()
    apart.clock.advance(60)
    scheduler.tick()
    assert [apart.app.schedules.get(name).total_run_count for name in ("a", "b")] == [1, 1]
    assert [apart.app.schedules.get(name).task_id for name in ("a", "b")] == [ids[0] for ids in sent.values()]
    assert apart.sent() == {"t.a": [], "t.b": []}


def test_what_a_dead_leader_sent_and_did_not_note_comes_again_under_the_same_id(apart: Apart) -> None:
    scheduler = apart.scheduler()
    mend = apart.break_marks()
    apart.clock.advance(HOUR)
    scheduler.tick()
    first = apart.sent()
    mend()
    apart.forget_leader()
    heir = apart.scheduler()
    assert heir.leads
    heir.tick()
    assert apart.sent() == first


def test_who_has_lost_the_lease_sends_nothing(apart: Apart) -> None:
    old = apart.scheduler()
    apart.redis.delete(*apart.redis.keys("*beat/apart*"))
    new = apart.scheduler()
    assert (old.leads, new.leads) == (True, True)
    apart.clock.advance(HOUR)
    old.tick()
    assert not old.leads
    assert apart.sent() == {"t.a": [], "t.b": []}
    new.tick()
    assert [len(ids) for ids in apart.sent().values()] == [1, 1]


def test_a_store_that_cant_hold_the_book_is_refused(tmp_path: Path) -> None:
    app = Celeriac("apart", broker=f"sqlite:///{tmp_path}/q.sqlite3", backend="disabled://", set_as_current=False)
    app.conf.beat_store = "results"
    with pytest.raises(ImproperlyConfigured, match=r"beat_store is 'results'.* there is none"):
        SharedScheduler(app)
    app.close()
