"""The worker's connection: what fails as soon as it is restored is tried ever more slowly; the hopeless is not."""

import asyncio

import pytest

from celeriac.adapters.memory import MemoryTransport
from celeriac.core.clock import ManualClock
from celeriac.core.errors import Conflict, OperationalError
from celeriac.core.flow import Flow
from celeriac.worker.connection import Connection, Tries


class Failing:
    """A request that the server refuses so many times."""

    def __init__(self, times: int, error: OperationalError) -> None:
        self.tried_at: list[float] = []
        self._times = times
        self._error = error

    def __call__(self) -> Flow[str]:
        self.tried_at.append(asyncio.get_running_loop().time())
        if len(self.tried_at) <= self._times:
            raise self._error
        return "done"
        yield


async def opened() -> Connection:
    clock = ManualClock()  # it stands: however long this process is held up, what fails fails soon
    connection = Connection(MemoryTransport("memory://"), Tries(None, None), clock)
    await connection.open()
    return connection


async def test_what_fails_again_and_again_is_tried_more_and_more_slowly() -> None:
    connection, failing = await opened(), Failing(4, OperationalError("no"))
    try:
        assert await connection.run(failing) == "done"
    finally:
        await connection.close()
    pauses = [later - earlier for earlier, later in zip(failing.tried_at, failing.tried_at[1:], strict=False)]
    for pause, least in zip(pauses, (0.1, 0.2, 0.4, 0.8), strict=True):
        assert pause >= least * 0.9


async def test_what_is_hopeless_is_not_tried_again() -> None:
    connection, failing = await opened(), Failing(9, Conflict("there is another"))
    try:
        with pytest.raises(Conflict):
            await connection.run(failing, hopeless=Conflict)
    finally:
        await connection.close()
    assert len(failing.tried_at) == 1
