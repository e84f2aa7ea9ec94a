"""An app on the memory transport with a few tasks, and a worker of one thread that does what it is told."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from celeriac import Celeriac
from celeriac.canvas.follow_up import FollowUp
from celeriac.core.delivery import Action, Delivery, Settlement
from celeriac.core.message import Queue
from celeriac.core.outcome import Outcome
from celeriac.execution import Executor

_numbers = count()


class Worker:
    """Runs what is in the queue, and what that sends, in this thread."""

    def __init__(self, app: Celeriac) -> None:
        self.transport: Any = app.transports.read
        self.link = self.transport.link()
        self.link.run(self.transport.lease.acquire("worker/one", "one", 1e6), 1)
        self.executor = Executor(app, "one@test", follow=FollowUp(app))
        self.outcomes: list[Outcome] = []

    def step(self, limit: int = 100) -> int:
        """Run what is ready now; returns how many messages there were."""
        claimed = self.link.run(self.transport.broker.claim("one", [Queue("celery")], limit), 1).deliveries
        for delivery in claimed:
            self.run(delivery)
        return len(claimed)

    def run(self, delivery: Delivery) -> None:
        """Run one claimed message and settle it."""
        outcome = self.executor.run(delivery.raw)
        end = Settlement(delivery, Action.ACK, outcome.record, outcome.posts, sequels=outcome.sequels)
        self.link.run(self.transport.broker.settle("one", [end]), 1)
        self.outcomes.append(outcome)

    def work(self) -> int:
        """Until nothing is left; returns how many messages were run."""
        done = 0
        while ran := self.step():
            done += ran
        return done


@pytest.fixture
def app() -> Iterator[Celeriac]:
    url = f"memory://canvas-{next(_numbers)}"
    with Celeriac("proj", broker=url, backend=url) as made:

        @made.task(name="add")
        def add(x: Any, y: Any = 0) -> Any:
            return x + y

        @made.task(name="total")
        def total(numbers: Any) -> Any:
            return sum(numbers)

        @made.task(name="mark")
        def mark(*args: Any) -> list[Any]:
            return list(args)

        @made.task(name="fail")
        def fail(*args: Any) -> None:
            raise ValueError("no")

        yield made


@pytest.fixture
def add(app: Celeriac) -> Any:
    return app.tasks["add"]


@pytest.fixture
def total(app: Celeriac) -> Any:
    return app.tasks["total"]


@pytest.fixture
def mark(app: Celeriac) -> Any:
    return app.tasks["mark"]


@pytest.fixture
def fail(app: Celeriac) -> Any:
    return app.tasks["fail"]


@pytest.fixture
def worker(app: Celeriac) -> Worker:
    return Worker(app)
