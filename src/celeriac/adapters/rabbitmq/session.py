"""An owner's session in async code: its own connection, pulling when little is wanted, consuming when much is.

A consumer's prefetch is a promise to take so many. With long tasks nothing may be promised that no slot is free
for, so messages are fetched one by one as they are wanted (`pull`), and consumers are there only while the queues
are empty, to hear at once of the next message. With short tasks consumers stay, and their credit grows with demand.
What was pushed and is not claimed for some moments goes back.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from ...core.message import Queue
from . import methods
from .channel import Answer
from .contents import Arrival
from .holding import Given, Holding
from .pipe import Pipe
from .refusals import FAILURES
from .requests import Taken

CLAIMING: Final = 3
_GETS: Final = 32
_BITE: Final = 96  # of what was pushed: the first of them can run while the next are still being read
_MANY: Final = 8  # who claims so many at once runs short tasks
_MOMENT: Final = 0.01  # how long a claim waits for what is on its way
_STALE: Final = 0.25  # pushed and not claimed for so long: nobody here is free for it
_LARGEST: Final = 65535
_LEAVING: Final = 2.0


class Consuming:
    """One queue that is consumed: its consumers' tags, what they may send in all, and what has come."""

    __slots__ = ("asked", "buffer", "credit", "group", "queue", "tags")

    def __init__(self, queue: Queue, group: str) -> None:
        self.queue = queue
        self.group = group  # under which the holding counts what these consumers brought
        self.tags: list[str] = []
        self.asked: list[Answer] = []  # consumers that the server has not confirmed yet, and some that it has
        self.credit = 0
        self.buffer: deque[Arrival] = deque()

    @property
    def lasting(self) -> bool:
        """Queues that go with their last consumer must never be without one."""
        return self.queue.auto_delete


class Session:
    """Belongs to one event loop. `rung` is called whenever something has come."""

    def __init__(self, owner: str, pipe: Pipe, given: Given, most: int, rung: Callable[[], None]) -> None:
        self.owner = owner
        self.pipe = pipe
        self.holding = Holding(owner, CLAIMING, given)
        self.channel = pipe.channel(CLAIMING)
        self.channel.on_delivery = self._delivered
        self.channel.on_cancelled = self._cancelled
        self._most = min(most, _LARGEST)
        self._rung = rung
        self._consuming: dict[str, Consuming] = {}
        self._by_tag: dict[str, Consuming] = {}
        self._numbers = 0
        self._came = asyncio.Event()
        self._popped = 0.0
        self._watch: asyncio.TimerHandle | None = None
        self._stopping: asyncio.Task[None] | None = None
        self._lock = asyncio.Lock()

    async def leave(self, innocent: bool) -> None:
        """What is held goes back, in words: then it is back when this returns."""
        self.close()
        if not self.pipe.closed:
            try:
                async with asyncio.timeout(_LEAVING):
                    for word in self.holding.return_all(innocent):
                        self.pipe.talk.say(word)
                    await self.pipe.wait(self.pipe.talk.ask(self.channel, methods.Qos(prefetch_count=0)))
            except FAILURES:
                pass  # then it goes back with the connection
        await self.pipe.close()

    def close(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
        if self._stopping is not None:
            self._stopping.cancel()

    # -- claiming -----------------------------------------------------------------------------------

    async def pull(self, queues: Sequence[Queue], limit: int, listen: bool) -> list[Taken]:
        """What is there. With `listen`, more may be pushed from now on, and rings."""
        async with self._lock:
            found = self.holding.ready(time.time(), {queue.name for queue in queues}, limit)
            consumed = [self._consuming[queue.name] for queue in queues if queue.name in self._consuming]
            for consuming in consumed:
                self._pop(consuming, found, min(limit, _BITE))
            if consumed and not found:
                await self._wait(consumed, found, min(limit, _BITE))
            rest = [queue for queue in queues if queue.name not in self._consuming]
            short = await self._get(rest, found, limit) if rest else False
            if listen:
                self._listen(queues, limit, len(found), short)
            return found

    def _pop(self, consuming: Consuming, found: list[Taken], limit: int) -> None:
        buffer, take, name = consuming.buffer, self.holding.take, consuming.queue.name
        if buffer and len(found) < limit:
            self._popped = time.monotonic()
            while buffer and len(found) < limit:
                found.append(take(name, buffer.popleft()))

    async def _wait(self, consumed: list[Consuming], found: list[Taken], limit: int) -> None:
        """The next message may be on its way: nothing is lost by waiting for it here instead of at the bell."""
        self._came.clear()
        try:
            async with asyncio.timeout(_MOMENT):
                await self._came.wait()
        except TimeoutError:
            pass
        for consuming in consumed:
            self._pop(consuming, found, limit)

    async def _get(self, queues: Sequence[Queue], found: list[Taken], limit: int) -> bool:
        """Fetch; True if a queue had no more."""
        try:
            return await self._fetch(queues, found, limit)
        except BaseException:
            # What was asked for may still come, and nobody would take it in: it goes back with the connection.
            self.pipe.drop()
            raise

    async def _fetch(self, queues: Sequence[Queue], found: list[Taken], limit: int) -> bool:
        short = False
        for queue in queues:
            while len(found) < limit:
                wanted = min(limit - len(found), _GETS)
                asked = [self.pipe.talk.ask(self.channel, methods.Get(queue=queue.name)) for _ in range(wanted)]
                arrived = 0
                for answer in asked:
                    arrival = await self.pipe.wait(answer)
                    if isinstance(arrival, Arrival):
                        self.holding.came("", arrival)
                        found.append(self.holding.take(queue.name, arrival))
                        arrived += 1
                if arrived < wanted:
                    short = True
                    break
        return short

    # -- listening ----------------------------------------------------------------------------------

    def _listen(self, queues: Sequence[Queue], limit: int, got: int, short: bool) -> None:
        """Give the broker the credit that is wanted now."""
        many = limit >= _MANY and got > 0
        for queue in queues:
            consuming = self._consuming.get(queue.name)
            if consuming is None:
                if not (short or many or queue.auto_delete):
                    continue
                self._numbers += 1
                consuming = self._consuming[queue.name] = Consuming(queue, f"{queue.name} {self._numbers}")
                self._add(consuming, 2 * limit if many else max(limit - got, 1))
                continue
            outstanding = self.holding.pushed.get(consuming.group, 0)
            if many:
                self._add(consuming, 2 * (outstanding - len(consuming.buffer) + limit) - consuming.credit)
            elif got == 0 and outstanding >= consuming.credit:
                self._add(consuming, limit)
            elif got == 0 and not outstanding:
                self._add(consuming, limit - consuming.credit)
        self.pipe.flush()

    def _add(self, consuming: Consuming, more: int) -> None:
        """One more consumer: its credit adds to what the others have."""
        more = min(more, self._most - consuming.credit)
        if more <= 0 or (consuming.credit > 64 and more < consuming.credit // 4):
            return
        self._numbers += 1
        tag = f"celeriac.{self.owner}.{self._numbers}"
        consuming.tags.append(tag)
        consuming.credit += more
        self._by_tag[tag] = consuming
        ask, channel, queue = self.pipe.talk.ask, self.channel, consuming.queue
        ask(channel, methods.Qos(prefetch_count=more))
        consume = methods.Consume(queue=queue.name, consumer_tag=tag, arguments=queue.consumer_arguments or {})
        consuming.asked = [answer for answer in consuming.asked if not answer.done]
        consuming.asked.append(ask(channel, consume))

    def _delivered(self, tag: str, arrival: Arrival) -> None:
        consuming = self._by_tag.get(tag)
        if consuming is None:
            return  # its consumer was cancelled by the server; the message goes back with the channel
        self.holding.came(consuming.group, arrival)
        consuming.buffer.append(arrival)
        if not self._came.is_set():
            self._came.set()
        if self._watch is None:
            self._popped = time.monotonic()
            self._watch = asyncio.get_running_loop().call_later(_STALE, self._look)
        self._rung()

    def _cancelled(self, tag: str) -> None:
        """The server has ended a consumer: its queue was deleted, or its node went away."""
        consuming = self._by_tag.pop(tag, None)
        if consuming is not None:
            self._consuming.pop(consuming.queue.name, None)
        self._rung()

    # -- giving back --------------------------------------------------------------------------------

    def _look(self) -> None:
        """While something waits in the buffers: has anybody wanted it lately?"""
        self._watch = None
        waiting = [consuming for consuming in self._consuming.values() if consuming.buffer and not consuming.lasting]
        if not waiting or self.pipe.closed:
            return
        if time.monotonic() - self._popped > _STALE and self._stopping is None:
            self._stopping = asyncio.get_running_loop().create_task(self._stop(waiting))
        self._watch = asyncio.get_running_loop().call_later(_STALE, self._look)

    async def _stop(self, queues: Sequence[Consuming]) -> None:
        try:
            async with self._lock:
                await self.stop(queues)
        except FAILURES:  # the connection broke: then everything goes back anyhow
            return
        finally:
            self._stopping = None

    async def stop(self, queues: Sequence[Consuming]) -> None:
        """Cancel these consumers; what they had sent and nobody has claimed goes back."""
        # RabbitMQ 3.10 loses the channel if a consumer is cancelled before it has been confirmed.
        for answer in [answer for consuming in queues for answer in consuming.asked]:
            await self.pipe.wait(answer)
        ask = self.pipe.talk.ask
        asked = [ask(self.channel, methods.Cancel(consumer_tag=tag)) for consuming in queues for tag in consuming.tags]
        for answer in asked:
            await self.pipe.wait(answer)
        for consuming in queues:
            self._consuming.pop(consuming.queue.name, None)
            for tag in consuming.tags:
                self._by_tag.pop(tag, None)
            for word in self.holding.return_unclaimed(list(consuming.buffer)):
                self.pipe.talk.say(word)
            consuming.buffer.clear()
        self.pipe.flush()

    async def keep_to(self, names: set[str]) -> None:
        """Consume nothing but these queues from now on."""
        async with self._lock:
            await self.stop([consuming for name, consuming in self._consuming.items() if name not in names])

    async def end(self, endings: Sequence[tuple[str, bool]]) -> tuple[bool, ...]:
        ours, words = self.holding.end(endings)
        for word in words:
            self.pipe.talk.say(word)
        if any(requeue for _, requeue in endings):
            # The answer to a question says that what was said before has been heard.
            await self.pipe.wait(self.pipe.talk.ask(self.channel, methods.Qos(prefetch_count=0)))
        self.pipe.flush()
        return ours
