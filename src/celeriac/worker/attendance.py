"""Tells the broker which queues this worker serves, so that the last one to leave a queue leaves its delayed messages
where others find them."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final

from celeriac.core.errors import OperationalError
from celeriac.core.message import Queue
from celeriac.core.ports.attendance import attendance_of

from . import tending
from .connection import Connection, ConnectionClosed, State

logger = logging.getLogger("celeriac.worker")
_LEAVE_WITHIN: Final = 5.0  # seconds; what is not put back by then is found after its time


class Attending:
    """Told again whenever the queues, or the name under which they are served, have changed."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._port = attendance_of(connection.transport)
        self._queues: tuple[str, ...] = ()
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.owner: Callable[[], str] = lambda: ""
        self.on_broken = tending.nobody

    async def begin(self, queues: Sequence[Queue]) -> None:
        """Before the first message is claimed: what is put off from then on has somebody who looks after it."""
        self.serve(queues)
        if self._port is not None:
            await self._tell()
            self._task = tending.start(self._run(), "attendance", lambda: self.on_broken)

    def serve(self, queues: Sequence[Queue]) -> None:
        """These, from now on."""
        self._queues = tuple(queue.name for queue in queues)
        self._changed.set()

    def renamed(self) -> None:
        """The same queues, under another name."""
        self._changed.set()

    async def leave(self) -> None:
        """When everything is settled and the lease is still held."""
        await tending.end(self._task)
        if self._port is None or self._task is None or self._connection.state is not State.UP:
            return
        try:
            _note(await self._connection.attempt(self._port.attend(self.owner(), ()), _LEAVE_WITHIN))
        except (OperationalError, ConnectionClosed) as exc:
            logger.info("Delayed messages are left where they are, and are found after their time (%s)", exc)

    async def _run(self) -> None:
        try:
            while True:
                await self._changed.wait()
                await self._tell()
        except ConnectionClosed:
            return

    async def _tell(self) -> None:
        port = self._port
        assert port is not None
        self._changed.clear()
        _note(await self._connection.run(lambda: port.attend(self.owner(), self._queues)))


def _note(back: int) -> None:
    if back:
        logger.info("%s delayed message(s) went back into queues that no other worker of ours serves", back)
