"""The Redis transport keeps every contract, on a server of its own."""

from collections.abc import Iterator

import pytest

from celeriac.adapters.redis import RedisTransport
from celeriac.core.ports import TransportOptions
from celeriac.testing.conformance import (
    COLOURS,
    AttendanceContract,
    BellContract,
    BrokerContract,
    BusContract,
    ChainsContract,
    ChainsSettledContract,
    DeadLettersContract,
    DelayedContract,
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
from servers.redis_server import RedisServer


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture(params=COLOURS)
def harness(request: pytest.FixtureRequest, server: RedisServer) -> Iterator[Harness]:
    with server.client() as client:
        client.flushall()

    def transport() -> RedisTransport:
        return RedisTransport([server.url], TransportOptions())

    with Harness(transport, request.param, urgent=0, idle=9, holds_published=False) as harness:
        yield harness


class TestAttendance(AttendanceContract): ...


class TestBell(BellContract): ...


class TestBroker(BrokerContract): ...


class TestBus(BusContract): ...


class TestDeadLetters(DeadLettersContract): ...


class TestDelayed(DelayedContract): ...


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
