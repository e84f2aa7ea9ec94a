"""The RabbitMQ transport keeps the contracts, on classic and on quorum queues, on a node of the tests' own."""

from collections.abc import Iterator

import pytest

from celeriac.testing.conformance import (
    COLOURS,
    BellContract,
    BrokerContract,
    DeadLettersContract,
    FanoutContract,
    Harness,
    NewswireContract,
    PidboxContract,
    RecoveryContract,
    RoutingContract,
    SettlingContract,
)
from celeriac.testing.conformance.bus import TellingContract
from servers.rabbitmq_node import RabbitNode, rabbitmq

from .rabbitmq_queues import Vhost

__all__ = ["rabbitmq"]


KINDS = [f"{colour}-{kind}" for kind in ("classic", "quorum") for colour in COLOURS]

# where the type of the queues makes no difference, or little
CLASSIC = KINDS[:2]


@pytest.fixture(scope="session")
def vhost(rabbitmq: RabbitNode) -> Vhost:
    return Vhost(rabbitmq.url())


@pytest.fixture(params=KINDS)
def harness(request: pytest.FixtureRequest, vhost: Vhost) -> Iterator[Harness]:
    vhost.empty()
    colour, _, kind = request.param.partition("-")
    classic = kind == "classic"
    with Harness(
        lambda: vhost.transport(kind),
        colour,
        tells_next_due=False,
        leases_end_with_links=True,
        purges_delayed=False,
        prioritises=classic,
        requeues_in_place=classic,
        recovers_in_place=False,
        counts_late=True,
    ) as harness:
        yield harness


# Bells are async, and what the broker pushes comes to links that claim: those of the async colour.
@pytest.mark.parametrize("harness", ["async-classic", "async-quorum"], indirect=True)
class TestBell(BellContract): ...


@pytest.mark.parametrize("harness", [*CLASSIC, "async-quorum"], indirect=True)
class TestBroker(BrokerContract): ...


@pytest.mark.parametrize("harness", CLASSIC, indirect=True)
class TestBus(TellingContract): ...


@pytest.mark.parametrize("harness", [*CLASSIC, "async-quorum"], indirect=True)
class TestDeadLetters(DeadLettersContract): ...


@pytest.mark.parametrize("harness", CLASSIC, indirect=True)
class TestFanout(FanoutContract): ...


@pytest.mark.parametrize("harness", CLASSIC, indirect=True)
class TestNewswire(NewswireContract): ...


@pytest.mark.parametrize("harness", CLASSIC, indirect=True)
class TestPidbox(PidboxContract): ...


@pytest.mark.parametrize("harness", [*CLASSIC, "async-quorum"], indirect=True)
class TestRecovery(RecoveryContract): ...


@pytest.mark.parametrize("harness", [*CLASSIC, "async-quorum"], indirect=True)
class TestRouting(RoutingContract): ...


class TestSettling(SettlingContract): ...
