"""The SQLite transport keeps every contract."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from celeriac.adapters.sqlite import SQLiteTransport
from celeriac.core.clock import ManualClock
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
    PatientJoinsContract,
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


@pytest.fixture(params=COLOURS)
def harness(request: pytest.FixtureRequest, folder: Path) -> Iterator[Harness]:
    clock = ManualClock()

    def transport() -> SQLiteTransport:
        return SQLiteTransport([f"sqlite:///{folder}/queue.sqlite3"], TransportOptions(clock=clock))

    with Harness(transport, request.param, pass_time=clock.advance, now=clock.now) as harness:
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


class TestPatientJoins(PatientJoinsContract): ...


class TestSequels(SequelsContract): ...
