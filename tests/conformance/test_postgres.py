"""The PostgreSQL transport keeps every contract, on a server of its own."""

from collections.abc import Iterator

import pytest

from celeriac.adapters.postgres import PostgresTransport
from celeriac.core.ports import TransportOptions
from celeriac.testing.conformance import (
    COLOURS,
    BellContract,
    BrokerContract,
    BusContract,
    ChainsContract,
    ChainsSettledContract,
    DeadLettersContract,
    DelayedContract,
    FanoutContract,
    Harness,
    JoinsContract,
    LeaseContract,
    NewswireContract,
    PidboxContract,
    PlansContract,
    RecoveryContract,
    ResultsContract,
    RevocationsContract,
    RoutingContract,
    SeekerContract,
    SequelsContract,
    SettlingContract,
)
from servers.postgres_server import PostgresServer

from .postgres_tables import emptied, postgres

__all__ = ["postgres"]


@pytest.fixture(params=COLOURS)
def harness(request: pytest.FixtureRequest, postgres: PostgresServer) -> Iterator[Harness]:
    url = emptied(postgres)

    def transport() -> PostgresTransport:
        return PostgresTransport([url], TransportOptions())

    with Harness(transport, request.param) as harness:
        yield harness


class TestBell(BellContract): ...


class TestBroker(BrokerContract): ...


class TestBus(BusContract): ...


class TestDeadLetters(DeadLettersContract): ...


class TestDelayed(DelayedContract): ...


class TestFanout(FanoutContract): ...


class TestLease(LeaseContract): ...


class TestPlans(PlansContract): ...


class TestNewswire(NewswireContract): ...


class TestPidbox(PidboxContract): ...


class TestRecovery(RecoveryContract): ...


class TestResults(ResultsContract): ...


class TestRevocations(RevocationsContract): ...


class TestRouting(RoutingContract): ...


class TestSeeker(SeekerContract): ...


class TestSettling(SettlingContract): ...


class TestChains(ChainsContract): ...


class TestChainsSettled(ChainsSettledContract): ...


class TestJoins(JoinsContract): ...


class TestSequels(SequelsContract): ...
