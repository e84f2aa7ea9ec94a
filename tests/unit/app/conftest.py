"""Apps on the memory transport, and a hand that does a worker's work one message at a time."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from celeriac import Celeriac
from celeriac.core.delivery import Action, Delivery, Settlement
from celeriac.core.message import Message, Queue
from celeriac.core.outcome import Outcome
from celeriac.execution import Executor
from celeriac.wire import envelope

_numbers = count()


class Hand:
    """Claims and runs messages as a worker would, when it is told to."""

    def __init__(self, app: Celeriac) -> None:
        self.app = app
        self.transport: Any = app.transports.read
        self.link = self.transport.link()
        self.link.run(self.transport.lease.acquire("worker/hand", "hand", 1e6), 1)

    def claim(self, *queues: str, limit: int = 100) -> tuple[Delivery, ...]:
        names = [Queue(name) for name in queues or ("celery",)]
        return self.link.run(self.transport.broker.claim("hand", names, limit), 1).deliveries

    def messages(self, *queues: str) -> list[Message]:
        return [envelope.decode(delivery.raw) for delivery in self.claim(*queues)]

    def message(self, *queues: str) -> Message:
        (message,) = self.messages(*queues)
        return message

    def work(self, *queues: str) -> list[Outcome]:
        executor = Executor(self.app, "hand@test")
        outcomes = []
        for delivery in self.claim(*queues):
            outcome = executor.run(delivery.raw)
            end = Settlement(delivery, Action.ACK, outcome.record, outcome.posts)
            self.link.run(self.transport.broker.settle("hand", [end]), 1)
            outcomes.append(outcome)
        executor.close()
        return outcomes


@pytest.fixture
def app() -> Iterator[Celeriac]:
    url = f"memory://app-{next(_numbers)}"
    with Celeriac("proj", broker=url, backend=url) as made:
        yield made


@pytest.fixture
def hand(app: Celeriac) -> Hand:
    return Hand(app)
