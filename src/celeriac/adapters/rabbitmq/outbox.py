"""The publishing channels of one connection of an event loop: what the server may refuse has one to itself."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from pamqp import commands

from .channel import Batch, Channel
from .contents import Parcel
from .refusals import Halted, Refused

if TYPE_CHECKING:
    from .pipe import Pipe

PUBLISHING: Final = 1
_LARGE: Final = 1 << 20  # bytes; RabbitMQ's limit is 128 MB, or what its administrator thinks right
_ALONE: Final = 32  # so many may have a channel to themselves at one time


class Outbox:
    """A message that the server refuses (no such exchange, too large) closes its channel: every publish under way
    there is broken off. So all share one channel for what is hardly ever refused, and if one is all the same, each
    of them sends alone what has not been confirmed.
    """

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self._known = {""}  # exchanges that have taken a message
        self._idle: list[int] = []
        self._room = asyncio.Semaphore(_ALONE)

    async def send(self, parcels: Sequence[Parcel]) -> dict[int, str]:
        """Returns when all are confirmed or not taken (why, by place). Raises Halted if one of them was refused."""
        known = self._known
        if not all(parcel.exchange in known and len(parcel.body) < _LARGE for parcel in parcels):
            return await self._send_alone(parcels)
        pipe = self._pipe
        batch = pipe.talk.publish(pipe.channel(PUBLISHING), parcels)
        try:
            await pipe.wait(batch)
        except Refused as refused:
            if refused.connection:
                raise
            self._known = {""}
            return await self._send_rest(batch)
        return batch.failures

    async def _send_rest(self, batch: Batch) -> dict[int, str]:
        """The channel was closed, for one of these or for somebody else's: alone, that is found out."""
        undone, failures = batch.undone, batch.failures
        try:
            more = await self._send_alone([batch.parcels[place] for place in undone])
        except Halted as halted:
            more = {undone[place]: why for place, why in halted.failures.items()}
            raise Halted(halted, [undone[place] for place in halted.undone], {**failures, **more}) from halted
        return {**failures, **{undone[place]: why for place, why in more.items()}}

    async def _send_alone(self, parcels: Sequence[Parcel]) -> dict[int, str]:
        pipe = self._pipe
        async with self._room:
            number = self._idle.pop() if self._idle else pipe.number()
            channel = pipe.channel(number, confirms=True)
            batch = pipe.talk.publish(channel, parcels)
            try:
                await pipe.wait(batch)
            except Refused as refused:
                if refused.connection:
                    raise
                raise Halted(refused, batch.undone, batch.failures) from refused
            finally:
                self._done_with(channel)
        self._known.update(parcel.exchange for parcel in parcels)
        return batch.failures

    def _done_with(self, channel: Channel) -> None:
        """The next may have it; if its sender was cancelled, not before it was closed."""
        if not channel.unconfirmed or channel.closed is not None:
            self._idle.append(channel.number)
            return
        closing = self._pipe.talk.ask(channel, commands.Channel.Close(200, "", 0, 0))
        closing.wake = lambda: self._idle.append(channel.number)
        self._pipe.flush()
