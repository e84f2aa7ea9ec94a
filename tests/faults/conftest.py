"""The stores a campaign runs on, and one campaign."""

import faulthandler
import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from celeriac import Celeriac
from celeriac.core.errors import OperationalError
from celeriac.core.ids import uuid
from patience import until
from servers.redis_server import RedisServer
from telling import remember

from .fleet import Fleet
from .ledger import Ledger

HANG = 300.0  # seconds; the run ends itself after some more
# Seconds that single processes may stand still on their way through what is promised: of that the pace of the machine
# tells nothing. What is wrong takes longer by far: a task waits for a lease of 15 s, or for ever.
HELD_UP = 4.0


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A campaign that may last longer than any test is not taken for a hang: its own limit says when it is one."""
    limit = item.get_closest_marker("timeout")
    if limit is not None and limit.args[0] > HANG:
        faulthandler.dump_traceback_later(limit.args[0] + 60.0, exit=True, file=sys.__stderr__)


class Campaign:
    """A broker, an app that sends to it, workers, and both ledgers."""

    def __init__(self, url: str, folder: Path, fleet: Fleet) -> None:
        self.url = url
        self.folder = folder
        self.fleet = fleet
        self.ledger = Ledger(folder / "ledger")
        self.app = Celeriac("subject", broker=url, backend=url, set_as_current=False)
        self.server = SERVERS.get(url)  # None: SQLite
        remember(self)

    @property
    def lives(self) -> bool:
        return False  # only its own test asks

    def last_words(self) -> tuple[str, list[str]]:
        running = [f"running: {run.pid} since {run.begin:.3f}" for run in self.ledger.running()[-4:]]
        return "campaign", [str(self.ledger.verdict()), f"now {time.monotonic():.3f}", *running]

    def send(self, name: str, *args: Any, count: int = 1, **options: Any) -> list[str]:
        """Send, and note what was acknowledged. Tried once: a second try might send what was sent already."""
        sent: list[str] = []
        for first in range(0, count, 1000):
            sent += self.send_mixed([(name, args)] * min(1000, count - first), **options)
        return sent

    def send_mixed(self, wanted: list[tuple[str, tuple[Any, ...]]], **options: Any) -> list[str]:
        """Different tasks in one go."""
        ids = [uuid() for _ in wanted]
        self.ledger.indeterminate.update(ids)
        calls = [
            (f"faults.subject.{name}", args, {}, {"task_id": id, **options})
            for id, (name, args) in zip(ids, wanted, strict=True)
        ]
        self.app.send_many(calls, retry=False)
        self.ledger.indeterminate.difference_update(ids)
        self.ledger.acknowledged.update(ids)
        return ids

    def send_at_last(self, name: str, *args: Any, count: int) -> list[str]:
        """Send as soon as the broker takes it."""
        refused = "nothing"

        def sent() -> list[str] | None:
            nonlocal refused
            try:
                return self.send(name, *args, count=count)
            except OperationalError as exc:
                refused = str(exc)
                return None

        return list(until(sent, 30, lambda: f"it can't be sent: {refused}", every=0.05))

    def tell(self, *ids: str) -> None:
        """Tasks that wait to be told may end: these, or all, those that are still to begin as well."""
        for suffix in [f".{id}" for id in ids] or [""]:
            Path(f"{self.ledger.folder}.told{suffix}").touch()

    def wait_ended(self, ids: set[str] | list[str], seconds: float) -> None:
        """Until all these have ended at least once."""
        wait_for(lambda: set(ids) <= self.ledger.ended(), seconds, lambda: str(self.ledger.verdict()))

    def kill_a_worker(self) -> None:
        """One that is ready; another is started in its place, and some worker is ready again."""
        victim = random.choice([worker for worker in self.fleet.workers if worker.is_ready])
        victim.kill()
        self.fleet.replace(victim)
        wait_for(lambda: any(worker.is_ready for worker in self.fleet.workers), 60)

    def kill_workers_until_ended(self, sent: list[str], kills: int) -> None:
        """So many kills while these run; in the end all workers are ready."""
        for turn in range(kills):
            wanted = len(sent) * (turn + 1) // (kills + 2)
            wait_for(lambda wanted=wanted: len(self.ledger.ended()) >= wanted, 60)
            self.kill_a_worker()
        self.wait_ended(sent, 120)
        for worker in self.fleet.workers:
            worker.wait_ready()

    def assert_nothing_lost(self, duplicates: int = 0, *, overlaps: bool = False) -> None:
        """At most so many second ends; none lost, none unexpected, none twice at a time unless that is expected."""
        verdict = self.ledger.verdict()
        assert not verdict.lost, verdict
        assert not verdict.unexpected, verdict
        assert overlaps or not verdict.overlaps, verdict
        assert verdict.duplicated <= duplicates, verdict

    def assert_all_settled(self, duplicates: int = 0, *, overlaps: bool = False) -> None:
        """Whatever was acknowledged ends; no message is left, as a dead letter neither."""
        self.wait_ended(self.ledger.acknowledged, 60)
        wait_for(lambda: self.waiting() == 0, 20)
        self.assert_nothing_lost(duplicates, overlaps=overlaps)
        assert not self.letters()

    @staticmethod
    def now() -> float:
        """The clock of the ledger."""
        return time.monotonic()

    def waiting(self) -> int:
        """Messages that are ready in the queue."""
        transport = self.app.transports.write
        assert transport.broker is not None
        return int(transport.link().run(transport.broker.count(["celery"]), 10)["celery"])

    def letters(self) -> list[Any]:
        transport = self.app.transports.write
        assert transport.dead is not None
        return list(transport.link().run(transport.dead.letters(100_000), 10))


def wait_for(true: Callable[[], bool], seconds: float, told: Callable[[], str] = lambda: "") -> float:
    """Look until it is so; fail when time is up. Returns how long it took."""
    begin = time.monotonic()
    until(true, seconds, told, every=0.05)
    return time.monotonic() - begin


@pytest.fixture(params=["redis", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """Redis with an append-only file, then SQLite."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/subject.sqlite3"
        return
    yield from durable_redis()


def durable_redis() -> Iterator[Any]:
    with RedisServer(durable=True) as server:
        SERVERS[server.url] = server
        yield server.url
        del SERVERS[server.url]


SERVERS: dict[str, RedisServer] = {}


@pytest.fixture
def redis_store() -> Iterator[Any]:
    """Redis alone, for what only a server can suffer."""
    yield from durable_redis()


@pytest.fixture
def campaign(store: str, tmp_path: Path) -> Iterator[Campaign]:
    yield from make_campaign(store, tmp_path)


@pytest.fixture
def redis_campaign(redis_store: str, tmp_path: Path) -> Iterator[Campaign]:
    yield from make_campaign(redis_store, tmp_path)


def make_campaign(url: str, folder: Path) -> Iterator[Campaign]:
    given = {"SUBJECT_BROKER": url, "SUBJECT_BACKEND": url, "LEDGER": str(folder / "ledger")}
    with Fleet(folder, given, "-c", "2") as fleet:
        campaign = Campaign(url, folder, fleet)
        yield campaign
        campaign.app.close()
