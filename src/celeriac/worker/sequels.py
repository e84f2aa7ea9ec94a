"""What follows the ends of runs when the broker's own step can't do all of it.

Two cases: runs that ended in no child (lost, timed out, revoked, refused), whose parts of chords the worker counts
itself; and joins that are kept on another server than the messages, where what follows is published while the join
is held, and the join is closed afterwards.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import msgspec

from celeriac.core.delivery import Action, Settlement
from celeriac.core.join import Sequel
from celeriac.core.message import Post
from celeriac.core.ports import Joins
from celeriac.core.ports.chains import chains_of
from celeriac.core.record import Record
from celeriac.current import Context
from celeriac.execution.faces import Followed, FollowUp, Unfinished
from celeriac.process import crash

from .connection import Connection

logger = logging.getLogger("celeriac.worker")


class Owed(Sequel, frozen=True, gc=False, array_like=True):
    """The end of a run that has not been followed up: counting its part waits for a server."""

    request: Any = None
    state: str = ""
    value: Any = None


def owe(request: Context, state: str, value: Any) -> Followed:
    """A FollowUp for the event loop: it is made good when the delivery is settled."""
    return Followed((), (Owed(request=request, state=state, value=value),))


class Payer:
    """Makes good what is owed, in a thread."""

    def __init__(self, follow: FollowUp | None) -> None:
        self._follow = follow

    async def paid(self, batch: list[Settlement]) -> list[Settlement]:
        return [await self._pay(one) if any(map(_is_owed, one.sequels)) else one for one in batch]

    async def _pay(self, settlement: Settlement) -> Settlement:
        if settlement.action is Action.REQUEUE:  # it runs again: that was no end
            return msgspec.structs.replace(settlement, sequels=())
        posts, sequels = list(settlement.posts), []
        for sequel in settlement.sequels:
            if not isinstance(sequel, Owed):
                sequels.append(sequel)
                continue
            followed = await self._followed(sequel)
            if followed is None:
                return Settlement(settlement.delivery, Action.REQUEUE)
            posts += followed.posts
            sequels += followed.sequels
        return msgspec.structs.replace(settlement, posts=tuple(posts), sequels=tuple(sequels))

    async def paid_afterwards(self, sequels: Sequence[Sequel]) -> tuple[list[Post], list[Sequel]]:
        """Of a run whose message is acknowledged: there is no other try, so it is told for as long as it takes."""
        posts: list[Post] = []
        rest: list[Sequel] = []
        for sequel in sequels:
            if isinstance(sequel, Owed):
                sequel.request.acknowledged = True
                followed = await self._followed(sequel) or Followed()
                posts += followed.posts
                rest += followed.sequels
            else:
                rest.append(sequel)
        return posts, rest

    async def _followed(self, owed: Owed) -> Followed | None:
        """None if it can't be told to who must know of it."""
        if self._follow is None:
            return Followed()
        try:
            return await asyncio.to_thread(self._follow, owed.request, owed.state, owed.value)
        except Unfinished as exc:
            logger.error("Task %s[%s] goes back to its queue: %s", owed.request.task, owed.request.id, exc)
            return None
        except Exception as exc:
            logger.exception("Task %s[%s]: its callbacks were not sent: %r", owed.request.task, owed.request.id, exc)
            return Followed()


def _is_owed(sequel: Sequel) -> bool:
    return isinstance(sequel, Owed)


class Elsewhere:
    """Joins on another server than the messages: hold, publish, close."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def held(self, sequels: Sequence[Sequel]) -> list[Sequel]:
        """Those that are ours to fire now; the joins they need are open when this returns."""
        joins = self._connection.transport.joins
        if joins is None:
            return [sequel for sequel in sequels if not sequel.group]
        kept = []
        for sequel in sequels:
            if not sequel.group or await self._hold(joins, sequel):
                kept.append(sequel)
        opens = [join for sequel in kept for join in sequel.opens]
        if opens:
            await self._connection.run(lambda: joins.open(opens))
        grows = [join for sequel in kept for join in sequel.grows]
        if grows:
            await self._connection.run(lambda: joins.grow(grows))
        return kept

    async def _hold(self, joins: Joins, sequel: Sequel) -> bool:
        return await self._connection.run(lambda: joins.hold(sequel.group, sequel.owner))

    async def close(self, sequels: Sequence[Sequel]) -> None:
        """What they send has been published."""
        transport = self._connection.transport
        joins, chains = transport.joins, chains_of(transport)
        crash.point("after_fire_before_close")
        if joins is not None:
            for sequel in sequels:
                if sequel.group:
                    await self._close(joins, sequel)
        drops = [piece for sequel in sequels for piece in sequel.drops]
        if drops and chains is not None:
            await self._connection.run(lambda: chains.drop(drops))

    async def _close(self, joins: Joins, sequel: Sequel) -> None:
        await self._connection.run(lambda: joins.close(sequel.group, sequel.owner, sequel.foreign))

    async def merged(self, settlement: Settlement) -> tuple[Settlement, list[Sequel], list[Record]]:
        """The settlement with the posts of what follows as its own; that, and the records to store."""
        kept = await self.held(settlement.sequels)
        posts = (*settlement.posts, *(post for sequel in kept for post in sequel.posts))
        records = [record for sequel in kept for record in sequel.records]
        return msgspec.structs.replace(settlement, posts=posts, sequels=()), kept, records
