"""The memory transport keeps every contract, on a clock that is moved by hand."""

from collections.abc import Iterator

import pytest

from celeriac.adapters.memory import MemoryTransport
from celeriac.core.clock import ManualClock
from celeriac.core.ports import TransportOptions
from celeriac.testing.conformance import COLOURS, FanoutContract, Harness, PatientJoinsContract, WholeContract


@pytest.fixture(params=COLOURS)
def harness(request: pytest.FixtureRequest) -> Iterator[Harness]:
    clock = ManualClock()
    url = f"memory://{request.node.nodeid}"

    def transport() -> MemoryTransport:
        return MemoryTransport([url], TransportOptions(clock=clock))

    with Harness(transport, request.param, pass_time=clock.advance, now=clock.now) as harness:
        yield harness
    transport().forget()


class TestMemory(WholeContract): ...


class TestFanout(FanoutContract): ...


class TestPatientJoins(PatientJoinsContract): ...
