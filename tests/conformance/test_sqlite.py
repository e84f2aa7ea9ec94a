"""The SQLite transport keeps every contract."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from celeriac.adapters.sqlite import SQLiteTransport
from celeriac.core.clock import ManualClock
from celeriac.core.ports import TransportOptions
from celeriac.testing.conformance import COLOURS, FanoutContract, Harness, PatientJoinsContract, WholeContract


@pytest.fixture(params=COLOURS)
def harness(request: pytest.FixtureRequest, folder: Path) -> Iterator[Harness]:
    clock = ManualClock()

    def transport() -> SQLiteTransport:
        return SQLiteTransport([f"sqlite:///{folder}/queue.sqlite3"], TransportOptions(clock=clock))

    with Harness(transport, request.param, pass_time=clock.advance, now=clock.now) as harness:
        yield harness


class TestSQLite(WholeContract): ...


class TestFanout(FanoutContract): ...


class TestPatientJoins(PatientJoinsContract): ...
