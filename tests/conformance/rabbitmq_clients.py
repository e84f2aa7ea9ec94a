"""What tests of RabbitMQ's client share: transports that are closed, queues that go, and short words for flows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from celeriac.adapters.rabbitmq import RabbitTransport, methods
from celeriac.core.errors import OperationalError
from celeriac.core.flow import Flow
from celeriac.core.message import Post, Queue
from celeriac.core.ports import TransportOptions
from patience import until
from servers.rabbitmq_node import RabbitNode

_GIVEN: Final[dict[str, Any]] = {
    "settings": {"broker_native_delayed_delivery_queue_type": "classic"},
    "connect_timeout": 30.0,
}
Make = Callable[..., RabbitTransport]


@pytest.fixture
def make(rabbitmq: RabbitNode) -> Iterator[Make]:
    """Transports that are closed at the end."""
    made: list[RabbitTransport] = []

    def make(url: str | list[str] | None = None, **given: Any) -> RabbitTransport:
        made.append(RabbitTransport(url or rabbitmq.url(), TransportOptions(**{**_GIVEN, **given})))
        return made[-1]

    yield make
    for transport in made:
        transport.link().close()


@pytest.fixture
def queue(make: Make, request: pytest.FixtureRequest) -> Iterator[Queue]:
    """A queue of this test's own, declared; it goes at the end."""
    transport = make()
    mine = Queue(f"client-{abs(hash(request.node.nodeid))}")
    run(transport, transport.broker.declare([mine]))
    yield mine
    line = transport.link().connect()
    line.ask(methods.Delete(queue=mine.name), time.monotonic() + 60.0)
    line.close()


def run(transport: RabbitTransport, flow: Flow[Any], timeout: float = 60.0) -> Any:
    return transport.link().run(flow, timeout)


def publish(transport: RabbitTransport, *posts: Post) -> None:
    run(transport, transport.broker.publish(posts))


def claim(transport: RabbitTransport, queue: Queue, owner: str = "x", limit: int = 10) -> Any:
    run(transport, transport.lease.acquire(f"worker/{owner}", owner, 600.0))
    return run(transport, transport.broker.claim(owner, [queue], limit))


def claim_until(transport: RabbitTransport, queue: Queue, seconds: float = 60.0) -> Any:
    return until(
        lambda: found if (found := claim(transport, queue)).deliveries else None, seconds, lambda: "nothing came", 0.02
    )


def trouble(transport: RabbitTransport, timeout: float = 60.0) -> str:
    with pytest.raises(OperationalError) as caught:
        run(transport, transport.broker.count(["celery"]), timeout)
    return str(caught.value)
