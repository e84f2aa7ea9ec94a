"""The async driver of a gathering: it listens with the ear that all waiters of the event loop share."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TYPE_CHECKING, Any

from celeriac.core.errors import OperationalError
from celeriac.core.ports import AsyncLink, ResultStore

from .gathering import Found, Gathering, GiveUp, Hear, Leave, Listen, Pause, Read, Step
from .patience import Patience, trouble_of
from .source import Meta

if TYPE_CHECKING:
    from .hall import Hall


class AsyncMany:
    """Performs the steps of gatherings in one event loop."""

    def __init__(self, link: AsyncLink, store: ResultStore, hall: "Hall | None") -> None:
        self._link = link
        self._store = store
        self._hall = hall

    async def gather(self, gathering: Gathering, patience: Patience) -> AsyncIterator[tuple[str, Meta]]:
        """(id, document) of each result as it becomes ready."""
        hearing = None if self._hall is None else _Hearing(self._hall)
        steps = gathering.steps(patience)
        act: Callable[[Any], Step] = steps.send
        reply: Any = None
        try:
            while True:
                try:
                    step = act(reply)
                except StopIteration:
                    return
                act, reply = steps.send, None
                if type(step) is Found:
                    for pair in step.pairs:
                        yield pair
                    continue
                try:
                    reply = await self._perform(step, hearing)
                except (OperationalError, TimeoutError) as exc:
                    act, reply = steps.throw, trouble_of(exc)
        finally:
            if hearing is not None:
                hearing.close()

    async def _perform(self, step: Step, hearing: "_Hearing | None") -> Any:
        match step:
            case Read(ids, timeout):
                return await self._link.run(self._store.fetch(ids), timeout)
            case Pause(seconds):
                await asyncio.sleep(seconds)
        if hearing is None:
            return None
        match step:
            case Listen(channels, timeout):
                async with asyncio.timeout(timeout):
                    await hearing.enter(channels)
            case Leave(channels):
                hearing.leave(channels)
            case Hear(seconds):
                return await hearing.heard(seconds)
            case GiveUp():
                hearing.close()
        return None


class _Hearing:
    """The channels of one gathering in the loop's hall."""

    def __init__(self, hall: "Hall") -> None:
        self._hall = hall
        self._channels: set[str] = set()
        self._heard: list[tuple[str, bytes | None]] = []
        self._something = asyncio.Event()

    async def enter(self, channels: Sequence[str]) -> None:
        await self._hall.enter(*channels)
        for channel in channels:
            self._hall.follow(channel, self._told)
        self._channels.update(channels)

    def _told(self, channel: str, payload: bytes | None) -> None:
        self._heard.append((channel, payload))
        self._something.set()

    async def heard(self, seconds: float) -> list[tuple[str, bytes | None]]:
        """What is said within the time: the first thing, and whatever is there with it."""
        try:
            async with asyncio.timeout(seconds):
                await self._something.wait()
        except TimeoutError:
            return []
        self._something.clear()
        heard, self._heard = self._heard, []
        if any(payload is None for _, payload in heard):
            raise OperationalError("The connection on which results are told broke.")
        return heard

    def leave(self, channels: Sequence[str]) -> None:
        for channel in channels:
            self._hall.unfollow(channel, self._told)
        self._channels.difference_update(channels)

    def close(self) -> None:
        self.leave(list(self._channels))
        self._heard.clear()
