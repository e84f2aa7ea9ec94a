"""The async side of an app: links and waiters per event loop. Imported at first use, for asyncio is slow to import."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from celeriac.core.errors import OperationalError
from celeriac.core.join import OpenJoin
from celeriac.core.message import Post
from celeriac.core.ports import AsyncLink, Transport
from celeriac.core.record import Record
from celeriac.result.async_waiting import AsyncWaiter
from celeriac.result.loops import Loops

from .publishing import Attempts, batches, left_of, opened, where_kept


class Asynchronous:
    """What an app does in event loops."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._loops = Loops()

    async def publish(self, posts: Sequence[Post], options: Mapping[str, Any], until: float | None = None) -> None:
        """Returns when the broker has them. Raises OperationalError within publish_timeout seconds, or at `until`."""
        transport, publisher = self._app.transports.write, self._app.publisher
        here = self._loops.here()
        for batch in batches(transport, posts):
            attempts = Attempts(self._app.conf, options, until)
            until, rest = None, batch
            while True:
                try:
                    link = await here.link(transport)
                    await link.run(publisher.flow(transport, rest), attempts.timeout)
                    break
                except OperationalError as trouble:
                    await asyncio.sleep(attempts.pause(trouble))
                    rest = left_of(rest, trouble)
            publisher.declared(transport, batch)
            if self._app.conf.task_send_sent_event:
                await publisher.sent_events.atell(batch)

    async def open(self, joins: Sequence[OpenJoin], options: Mapping[str, Any], pieces: Sequence[Record] = ()) -> float:
        """Returns when the result store knows joins and pieces; until when what follows them is to be published."""
        transport = where_kept(self._app, joins)
        here = self._loops.here()
        attempts = Attempts(self._app.conf, options)
        while True:
            try:
                link = await here.link(transport)
                await link.run(opened(transport, joins, pieces), attempts.timeout)
                return attempts.end
            except OperationalError as trouble:
                await asyncio.sleep(attempts.pause(trouble))

    async def waiter(self) -> AsyncWaiter:
        """Whoever waits for results in the running loop."""
        backend = self._app.backend
        return await self._loops.here().waiter(backend.transport, backend.decode_meta, backend.timeout)

    async def link(self, transport: Transport) -> AsyncLink:
        """The link of this transport for the running loop."""
        return await self._loops.here().link(transport)

    async def run(self, flow: Any, timeout: float, transport: Any = None) -> Any:
        """Perform a flow of the result store, or of another transport."""
        link = await self._loops.here().link(transport or self._app.transports.results)
        return await link.run(flow, timeout)

    async def close(self) -> None:
        """Close what is open in the running loop."""
        await self._loops.close()
